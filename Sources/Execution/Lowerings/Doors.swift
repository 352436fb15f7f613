import BinaryIO
import Kernels
import Tensors

/// Floats from one layout to another.
struct ConversionStep: Step {
  let source: Region
  let result: Region
  /// The result's extents as they lie, and the source's steps along them.
  let shape: Shape
  let strides: [Int]

  var kind: String { "layout" }
  var reads: [Region] { [source] }
  var writes: [Region] { [result] }

  func run(in frame: Frame) {
    frame.view(result).copy(
      from: frame.view(source), shape: shape.dimensions, strides: strides, pool: frame.pool)
  }
}

/// A tensor's floats into a buffer, row-major.
struct ImportStep: Step {
  let source: Argument
  let result: Region

  var kind: String { "import" }
  var writes: [Region] { [result] }
  var takes: [Argument] { [source] }

  func run(in frame: Frame) {
    frame.view(result).copy(from: FloatView(frame.tensor(source).contiguous()))
  }
}

/// A buffer's floats as a tensor.
struct ExportStep: Step {
  let source: Region
  let shape: Shape
  /// Of the source, along the axes of `shape`.
  let strides: [Int]
  let slot: Int

  var kind: String { "export" }
  var reads: [Region] { [source] }
  var gives: [Int] { [slot] }

  func run(in frame: Frame) {
    frame.fill(
      slot: slot,
      with: Tensor(copying: frame.view(source), shape: shape, strides: strides, pool: frame.pool))
  }
}
