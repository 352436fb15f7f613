import BinaryIO
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Zoo

/// What `inspect` says of a file, for programs.
public struct Inspection {
  private let model: Model

  public init(_ model: Model) { self.model = model }

  /// Numbers that training may change; counters and statistics of normalisation are not among them.
  public var parameterCount: Int {
    model.checkpoint.tensors.reduce(0) { $0 + $1.shape.elementCount }
  }

  public var json: JSONValue {
    let checkpoint = model.checkpoint
    return [
      "file": .string(model.path),
      "format": .string(checkpoint.format),
      "recognised": recognised,
      "parameters": .integer(parameterCount),
      "bytes": .integer(checkpoint.tensors.reduce(0) { $0 + $1.byteCount }),
      "tensors": .array(checkpoint.tensors.map(Inspection.json)),
      "auxiliary": .array(checkpoint.auxiliary.map(Inspection.json)),
      "optimizer": optimizer,
      "metadata": .object(checkpoint.metadata),
      "graph": graph,
      "security": .array(
        checkpoint.security.map {
          [
            "kind": .string($0.kind), "name": .string($0.name),
            "offset": $0.offset.map { .integer($0) } ?? .null,
          ]
        }),
      "notes": .array(checkpoint.notes.map { .string($0) }),
    ]
  }

  private static func json(_ entry: TensorEntry) -> JSONValue {
    [
      "name": .string(entry.name), "dtype": .string(entry.dataType.rawValue),
      "shape": .array(entry.shape.map { .integer($0) }), "bytes": .integer(entry.byteCount),
    ]
  }

  private var optimizer: JSONValue {
    guard let record = model.checkpoint.optimizer else {
      return model.checkpoint.optimizerError.map { ["error": .string($0.description)] } ?? .null
    }
    return [
      "kind": .string(record.kind), "place": .string(record.place),
      "step": record.steps.map { .integer($0) } ?? .null,
      "slots": .array(record.slotNames.map { .string($0) }),
      "weights": .integer(record.memories.count),
      "groups": .array(
        record.groups.map {
          ["settings": .object($0.settings), "weights": .integer($0.parameters.count)]
        }),
      "notes": .array(record.notes.map { .string($0) }),
    ]
  }

  private var recognised: JSONValue {
    guard let recognition = model.recognition else { return .null }
    return [
      "family": .string(recognition.family), "variant": .string(recognition.variant),
      "dialect": .string(recognition.dialect.rawValue),
      "evidence": .array(recognition.evidence.map { .string($0) }),
    ]
  }

  private var graph: JSONValue {
    let checkpoint = model.checkpoint
    guard checkpoint.graph != nil || checkpoint.graphError != nil else { return .null }
    let graph = checkpoint.graph ?? Graph()
    let summary = checkpoint.graphSummary ?? GraphSummary(of: graph)
    return [
      "inputs": Inspection.json(summary.inputs), "outputs": Inspection.json(summary.outputs),
      "operators": .object(
        OrderedDictionary(
          uniqueKeysWithValues: summary.operators.sorted { $0.key < $1.key }
            .map { ($0.key, JSONValue.integer($0.value)) })),
      "unsupported": Inspection.unsupported(graph),
      "error": checkpoint.graphError.map { .string($0.description) } ?? .null,
    ]
  }

  private static func json(_ values: [Value]) -> JSONValue {
    .array(
      values.map { value in
        let shape = value.type.dimensions?.map { dimension -> JSONValue in
          switch dimension {
          case .fixed(let extent): .integer(extent)
          case .symbol(let name): .string(name)
          case .unknown: .null
          }
        }
        return [
          "name": .string(value.name),
          "dtype": value.type.dataType.map { .string($0.rawValue) } ?? .null,
          "shape": shape.map { .array($0) } ?? .null,
        ]
      })
  }

  /// The operators that nobody here knows, each with the nodes that use it.
  private static func unsupported(_ graph: Graph) -> JSONValue {
    var unsupported: OrderedDictionary<[String], [String]> = [:]
    for node in graph.nodes {
      guard let opaque = node.operator as? OpaqueOperator else { continue }
      unsupported[[opaque.domain, opaque.type], default: []].append(node.name)
    }
    return .array(
      unsupported.map { key, nodes in
        [
          "operator": .string(key[1]), "domain": .string(key[0]), "count": .integer(nodes.count),
          "nodes": .array(nodes.map { .string($0) }),
        ]
      })
  }
}

extension GraphSummary {
  /// The summary of a graph that is what the file says.
  public init(of graph: Graph) {
    self.init(
      inputs: graph.inputs.map { graph[$0] }, outputs: graph.outputs.map { graph[$0] },
      operators: graph.operatorCounts)
  }
}
