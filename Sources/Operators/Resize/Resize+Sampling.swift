import BinaryIO
import ModelGraph
import Tensors

/// Where the results of a resize come from along one axis.
public enum ResizeSampling: Sendable {
  /// Indices of x.
  case nearest([Int])
  /// Places between the indices of x; beyond the ends, the end counts.
  case linear([Double])
}

extension Resize {
  /// How an axis is sampled, when each result comes from one element or from its two neighbours;
  /// else nil.
  public func sampling(
    along axis: Int, of shape: Shape, _ inputs: OperatorInputs
  ) throws -> ResizeSampling? {
    guard coordinateTransformation != .cropAndResize, mode != .cubic else { return nil }
    let request = try ResizeRequest(self, inputs, rank: shape.rank)
    guard request.changes(axis) else {
      return mode == .nearest
        ? .nearest(Array(0..<shape[axis])) : .linear((0..<shape[axis]).map(Double.init))
    }
    let line = try request.axis(axis, extent: shape[axis], shape: shape.dimensions)
    if mode == .nearest {
      let indices = (0..<line.output).compactMap { sample(at: $0, line).first?.index }
      return indices.count == line.output ? .nearest(indices) : nil
    }
    guard !(antialias && line.scale < 1), !excludeOutside else { return nil }
    return .linear((0..<line.output).map { line.position(of: $0, coordinateTransformation) })
  }
}
