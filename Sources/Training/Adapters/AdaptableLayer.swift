import ModelGraph
import Operators
import Tensors

/// A weight of a graph that nothing but linear layers, or convolutions, use as their weight.
public struct AdaptableLayer: Sendable, Hashable {
  /// The weight's name in the graph.
  public let parameter: String
  /// The weight's shape with PyTorch's axes: `[outputs, inputs]`, or `[outputs, inputs, height, width]`.
  public let shape: Shape
  /// Whether the graph has it as `[inputs, outputs]`.
  public let isTransposed: Bool

  public var isConvolution: Bool { shape.rank > 2 }
}

extension Graph {
  /// The weights that an adapter can stand beside, in the graph's order.
  public var adaptableLayers: [AdaptableLayer] {
    var found: [ValueID: Bool] = [:]
    var others: Set<ValueID> = Set(outputs)
    let doors = transposedParameters
    for node in nodes {
      for (index, id) in node.inputs.enumerated() {
        guard let id else { continue }
        if index == 1, let layout = node.weightLayout(in: self) {
          let parameter = doors[id] ?? id
          let isTransposed = layout.isTransposed != (doors[id] != nil)
          if found.updateValue(isTransposed, forKey: parameter) ?? isTransposed != isTransposed {
            others.insert(parameter)
          }
        } else if doors[node.outputs.first.flatMap { $0 } ?? id] != id {
          others.insert(id)
        }
      }
    }
    return parameters.compactMap { id in
      guard let isTransposed = found[id], !others.contains(id), let shape = self[id].type.shape,
        shape.rank > 1
      else { return nil }
      return AdaptableLayer(
        parameter: self[id].name,
        shape: isTransposed ? Shape([shape[1], shape[0]]) : shape, isTransposed: isTransposed)
    }
  }

  /// Transposed matrices, and the parameters that they are of.
  var transposedParameters: [ValueID: ValueID] {
    var doors: [ValueID: ValueID] = [:]
    for node in nodes {
      guard let transpose = node.operator as? Transpose, transpose.permutation == [1, 0],
        case let (input??, output??) = (node.inputs.first, node.outputs.first),
        parameters.contains(input)
      else { continue }
      doors[output] = input
    }
    return doors
  }
}

extension Node {
  /// How input 1 lies when it is the weight of a layer that can be adapted; nil when it is none.
  func weightLayout(in graph: Graph) -> (isTransposed: Bool, scale: Double)? {
    switch self.operator {
    case is Linear: return (false, 1)
    case let conv as Conv where conv.groups == 1: return (false, 1)
    case let gemm as Gemm where !gemm.transposeA: return (!gemm.transposeB, gemm.alpha)
    case is MatMul:
      guard inputs.count > 1, let weight = inputs[1], graph[weight].type.rank == 2 else {
        return nil
      }
      return (true, 1)
    default: return nil
    }
  }
}
