import Kernels
import Tensors

/// What a run gives for a state that was not updated in place.
struct StateStep: Step {
  let source: Region
  let state: Region

  var kind: String { "state" }
  var reads: [Region] { [source] }
  var writes: [Region] { [state] }

  func run(in frame: Frame) {
    frame.view(state).copy(from: frame.view(source)[0..<source.count])
  }
}
