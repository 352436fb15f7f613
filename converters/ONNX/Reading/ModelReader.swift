import BinaryIO
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors

/// Turns an ONNX file into a checkpoint: its tensors, its graph, and what is written about it.
struct ModelReader {
  private let model: ModelMessage
  private let graph: GraphMessage
  private let externalFiles: ExternalFiles

  /// protobuf counts bytes in 31 bits; larger models keep their tensors in files beside.
  static let maximumSize = Int(Int32.max)

  /// - Throws: `DataError` when the file is no model.
  init(path: String) throws {
    let bytes = try MappedFile(path: path).bytes
    guard bytes.count <= ModelReader.maximumSize else {
      throw DataError(
        .limitExceeded, "\(bytes.count) bytes", expected: "at most \(ModelReader.maximumSize)",
        remedy: "save the tensors as external data")
    }
    model = try ModelMessage(unpacking: bytes)
    guard let graph = model.graph else { throw DataError(.malformed, "a model without a graph") }
    self.graph = graph
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    externalFiles = ExternalFiles(directory: directory.isEmpty ? "/" : directory)
  }

  /// - Throws: `DataError` when a tensor contradicts itself. What is wrong with the graph alone becomes its `graphError`.
  func checkpoint() throws -> Checkpoint {
    let own = OwnMetadata(model.metadata)
    let weights = try Weights(
      of: graph, externalFiles: externalFiles, excluding: own.constants)
    var checkpoint = Checkpoint(
      format: "onnx", tensors: own.restore(weights.listed), metadata: metadata)
    checkpoint.sidecars = own.sidecars
    checkpoint.security = externalFiles.findings
    checkpoint.graphSummary = graph.summary
    do {
      let reader = try GraphReader(model: model, graph: graph, weights: weights)
      checkpoint.graph = try reader.read()
      checkpoint.notes = reader.notes
    } catch let error as DataError {
      checkpoint.graphError = error
    }
    return checkpoint
  }

  private var metadata: OrderedDictionary<String, JSONValue> {
    var result: OrderedDictionary<String, JSONValue> = ["ir_version": .integer(model.irVersion)]
    let opsets = model.opsets.map { ($0.domain.standardDomain, JSONValue.integer($0.version)) }
    result["opset_import"] = .object(
      OrderedDictionary(opsets.map { ($0.isEmpty ? "ai.onnx" : $0, $1) }) { first, _ in first })
    let texts = [
      ("producer_name", model.producerName), ("producer_version", model.producerVersion),
      ("domain", model.domain), ("doc_string", model.documentation), ("graph", graph.name),
    ]
    for (key, text) in texts where !text.isEmpty { result[key] = .string(text) }
    if model.modelVersion != 0 { result["model_version"] = .integer(model.modelVersion) }
    let entries = model.metadata.filter { !$0.key.hasPrefix(OwnMetadata.prefix) }
    if !entries.isEmpty {
      result["metadata_props"] = .object(
        OrderedDictionary(entries.map { ($0.key, .string($0.value)) }) { _, last in last })
    }
    return result
  }
}

extension GraphMessage {
  /// The doors and the operators as they stand in the file.
  var summary: GraphSummary {
    let initialized = Set(initializers.map(\.name))
    return GraphSummary(
      inputs: inputs.filter { !initialized.contains($0.name) }.map(\.value),
      outputs: outputs.map(\.value),
      operators: nodes.reduce(into: [:]) { $0[$1.type, default: 0] += 1 })
  }
}

extension ValueInfoMessage {
  var value: Value { Value(name: name, type: type.tensorType) }
}

extension TypeMessage {
  /// What it says of a tensor; a negative extent, or `?`, is how some exporters say that they do
  /// not know it.
  var tensorType: TensorType {
    guard case .tensor(let elementType, let dimensions) = self else { return .unknown }
    return TensorType(
      try? ElementType.dataType(elementType),
      dimensions?.map { dimension in
        switch dimension {
        case .value(let extent) where extent >= 0: .fixed(extent)
        case .name(let name) where !name.isEmpty && name != "?": .symbol(name)
        default: .unknown
        }
      })
  }
}

extension String {
  /// A domain's name, with one spelling for the standard's own.
  var standardDomain: String { self == "ai.onnx" ? "" : self }
}
