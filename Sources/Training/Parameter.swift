import Kernels
import Tensors

/// Weights that learn: memory that the training's steps read, and that an optimiser changes where it lies.
public struct Parameter: Sendable {
  /// As the graph names it: `layer1.0.conv1.weight`.
  public let name: String
  public let shape: Shape
  /// Row-major.
  public let values: FloatView
  /// What a step found the loss's derivative to be, of the same shape.
  public let gradient: FloatView

  /// - Parameter tensor: its first values, widened to float32.
  public init(name: String, _ tensor: Tensor) {
    self.name = name
    shape = tensor.shape
    values = FloatView(zeros: tensor.shape.elementCount)
    values.copy(from: tensor.floats)
    gradient = FloatView(zeros: tensor.shape.elementCount)
    shared = values.shared(as: tensor.shape)
  }

  /// The values where they are, for a run that reads them before they change.
  let shared: Tensor

  /// The values now.
  public var tensor: Tensor { Tensor(shape: shape, values.array) }
}
