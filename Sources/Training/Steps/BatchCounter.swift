import Kernels
import Tensors

/// How many batches running statistics have followed, as PyTorch counts them beside a running mean.
package enum BatchCounter {
  /// What counts those of a running mean; nil where the mean is not named as PyTorch does.
  package static func name(beside mean: String) -> String? {
    let leaf = "running_mean"
    guard mean == leaf || mean.hasSuffix(".\(leaf)") else { return nil }
    return mean.dropLast(leaf.count) + "num_batches_tracked"
  }

  /// One that has counted none; as float32 it is exact up to 2²⁴ batches of a run.
  package static func parameter(_ name: String) -> Parameter {
    Parameter(name: name, Tensor(shape: [], [Float(0)]))
  }

  /// The count that a file had, and the batches since.
  package static func sum(_ before: Tensor, _ since: Parameter) -> Tensor {
    let batches = Int64(exactly: since.values[0]) ?? 0
    return Tensor(shape: before.shape, before.integers.map { Int64($0) &+ batches })
  }
}
