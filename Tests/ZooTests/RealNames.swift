import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors
import TestSupport

/// The names and shapes of real models' weights (`scripts/fixtures/zoo_names.py`).
enum RealNames {
  static let all: [String: [NormalisedTensor]] = {
    guard let document = try? JSONValue(parsing: Fixtures.bytes("zoo/names.json")),
      let models = document.object
    else { return [:] }
    return models.elements.reduce(into: [:]) { result, model in
      result[model.key] = (model.value.object ?? [:]).map { name, shape in
        empty(name, Shape(shape.integers ?? []))
      }
    }
  }()

  /// A tensor that has a name and a shape, and elements only for who asks.
  static func empty(_ name: String, _ shape: Shape) -> NormalisedTensor {
    let type: DataType = name.hasSuffix("num_batches_tracked") ? .int64 : .float32
    return NormalisedTensor(
      TensorEntry(name: name, dataType: type, shape: shape) { Tensor(zeros: shape, dataType: type) }
    )
  }

  static func weights(_ model: String) -> [NormalisedTensor] { all[model] ?? [] }
}
