import BinaryIO
import ModelGraph
import Tensors

/// What an input is when nobody gives it.
public enum InputDefault: Sendable, Hashable {
  /// Ones, in the shape of another input.
  case ones(like: String)
  /// Zeros, in the shape of another input.
  case zeros(like: String)
}

extension ModelDefinition {
  /// The inputs, with those that were left out filled in.
  ///
  /// - Throws: `.mismatch` when a sequence is longer than the model can take.
  /// - Parameter names: the inputs that are taken: the graph's own, or fewer where another graph runs.
  public func completed(
    _ inputs: [String: Tensor], taken names: [String]
  ) throws -> [String: Tensor] {
    var inputs = inputs
    for id in graph.inputs {
      let name = graph[id].name
      guard inputs[name] == nil, names.contains(name), let standIn = defaults[name] else {
        continue
      }
      let (model, value): (String, Int64) =
        switch standIn {
        case .ones(let other): (other, 1)
        case .zeros(let other): (other, 0)
        }
      guard let like = inputs[model] else { continue }
      let type = graph[id].type.dataType ?? .int64
      let values = [Int64](repeating: value, count: like.shape.elementCount)
      inputs[name] = Tensor(shape: like.shape, values).cast(to: type)
    }
    for id in graph.inputs {
      // Indices are indices, however wide they are written
      guard let wanted = graph[id].type.dataType, let given = inputs[graph[id].name],
        given.dataType != wanted, !wanted.isFloatingPoint, !given.dataType.isFloatingPoint
      else { continue }
      inputs[graph[id].name] = given.cast(to: wanted)
    }
    for (name, limit) in longest {
      guard let extent = inputs[name]?.shape.last, extent > limit else { continue }
      throw DataError(
        .mismatch, "\(extent) positions, but the model has \(limit)", subject: "input '\(name)'",
        remedy: "give it a shorter text")
    }
    return inputs
  }
}
