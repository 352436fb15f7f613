import BinaryIO
import ModelGraph
import OrderedCollections
import Tensors

extension Graph {
  /// The graph with its parameters' tensors as constants.
  ///
  /// A weight in half precision or in quantised blocks, where the graph computes in float32, stays as it is stored and
  /// has the type float32: it is widened where it is used.
  /// - Throws: `.mismatch` when a tensor does not fit the parameter's declared type.
  package func binding(_ weights: (String) throws -> Tensor) throws -> Graph {
    var graph = self
    for id in parameters {
      let (name, declared) = (self[id].name, self[id].type)
      let tensor = try weights(name)
      try naming("weight '\(name)'") {
        let dataType = declared.dataType ?? tensor.dataType.widened
        guard dataType == tensor.dataType || tensor.dataType.widened == dataType else {
          throw DataError(.mismatch, "\(tensor.dataType)", expected: "\(declared)")
        }
        let fits =
          declared.dimensions.map { dimensions in
            dimensions.count == tensor.rank
              && zip(dimensions, tensor.shape).allSatisfy { $0.value ?? $1 == $1 }
          } ?? true
        guard fits else {
          throw DataError(
            .mismatch, "\(TensorType(tensor.dataType, shape: tensor.shape))",
            expected: "\(declared)")
        }
        graph.constants[id] = tensor
        graph[id].type = TensorType(dataType, shape: tensor.shape)
      }
    }
    graph.parameters = []
    return graph
  }
}

extension DataType {
  /// The type that computes for it.
  fileprivate var widened: DataType {
    switch self {
    case .float16, .bfloat16, .float8E4M3, .float8E5M2: .float32
    case let type where type.isBlockQuantised: .float32
    default: self
    }
  }
}
