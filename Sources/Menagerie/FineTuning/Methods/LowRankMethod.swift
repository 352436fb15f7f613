import BinaryIO
import Formats
import HuggingFaceConverter
import JSON
import Kernels
import ModelGraph
import OrderedCollections
import Tensors
import Training

/// Small matrices beside the weights learn, and the last layer where it tells classes apart; the weights stay.
public enum LowRankMethod: LearningMethod {
  public static let name = "lora"
  public static let summary = "small matrices beside the weights"
  public static let learnsAdapters = true

  public static func usualRate(optimizer: String) -> Double { optimizer == SGD.name ? 1e-2 : 2e-4 }

  public static func prepare(
    _ task: any LearningTask, _ options: FineTuningOptions
  ) throws -> LearningModel {
    let model = task.model
    let start = try LowRankStart(task, options)
    var learning = try LearningModel(model, learning: Array(start.whole.keys), running: [])
    for parameter in learning.parameters {
      guard let tensor = start.whole[parameter.name], tensor.shape == parameter.shape else {
        let found = start.whole[parameter.name].map { "is \($0.shape)" } ?? "is missing"
        throw DataError(
          .mismatch, found, expected: "\(parameter.shape)",
          subject: "the adapter's '\(parameter.name)'", path: options.adapter)
      }
      parameter.values.copy(from: FloatView(tensor))
    }
    let whole = learning.parameters
    let own = start.adapters.flatMap { adapter in
      adapter.shapes.keys.compactMap { name in
        start.tensors[name].map { Parameter(name: name, $0) }
      }
    }
    learning.parameters = whole + own
    learning.graph = try learning.graph.adapted(by: start.adapters)
    learning.adapters = start.adapters
    let table = WeightTable(model.weights)
    learning.result = {
      let now = Dictionary(own.map { ($0.name, $0.tensor) }, uniquingKeysWith: { a, _ in a })
      var merged = Dictionary(whole.map { ($0.name, $0.tensor) }, uniquingKeysWith: { a, _ in a })
      for adapter in start.adapters + start.idle {
        let own = try adapter.merged(
          tensors: { now[$0] ?? start.tensors[$0] }, weights: { try table.tensor($0) })
        merged.merge(own) { $1 }
      }
      return try model.withWeights(merged)
    }
    let modules = start.modules
    let labels = task.classes
    let problem = (task as? any HeadTask)?.problem
    learning.adapter = {
      var tensors: OrderedDictionary<String, TensorEntry> = [:]
      for parameter in own {
        tensors[parameter.name] = TensorEntry(name: parameter.name, parameter.tensor)
      }
      for name in start.idle.flatMap(\.shapes.keys) {
        tensors[name] = start.tensors[name].map { TensorEntry(name: name, $0) }
      }
      for entry in try modules.named(whole.map { ($0.name, $0.tensor) }) {
        tensors[entry.name] = entry
      }
      var file = PEFTAdapter(configuration: start.configuration, tensors: tensors)
      // What the base needs before the adapter fits it
      var description: OrderedDictionary<String, JSONValue> = [:]
      if !labels.isEmpty { description["labels"] = .array(labels.map { .string($0) }) }
      if let problem { description[ProblemType.key] = .string(problem.rawValue) }
      if !description.isEmpty {
        file.sidecars[Checkpoint.descriptionName] = .object(description)
      }
      return file
    }
    return learning
  }
}
