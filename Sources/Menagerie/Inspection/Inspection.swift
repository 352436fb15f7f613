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
      "metadata": .object(checkpoint.metadata),
      "graph": graph,
      "security": .array(
        checkpoint.security.map {
          ["kind": .string($0.kind), "name": .string($0.name), "offset": $0.offset.map { .integer($0) } ?? .null]
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
    guard let graph = checkpoint.graph else {
      guard let error = checkpoint.graphError else { return .null }
      return ["error": .string(error.found), "inputs": [], "outputs": [], "operators": [:], "unsupported": []]
    }
    return Inspection.json(graph)
  }

  /// Inputs, outputs, operators with their counts, and what cannot be run.
  static func json(_ graph: Graph) -> JSONValue {
    func values(_ ids: [ValueID]) -> JSONValue {
      .array(
        ids.map { id in
          let type = graph[id].type
          let shape = type.dimensions?.map { dimension -> JSONValue in
            switch dimension {
            case .fixed(let extent): .integer(extent)
            case .symbol(let name): .string(name)
            case .unknown: .null
            }
          }
          return [
            "name": .string(graph[id].name),
            "dtype": type.dataType.map { .string($0.rawValue) } ?? .null,
            "shape": shape.map { .array($0) } ?? .null,
          ]
        })
    }
    var unsupported: OrderedDictionary<String, [String]> = [:]
    for node in graph.nodes {
      guard let opaque = node.operator as? OpaqueOperator else { continue }
      unsupported["\(opaque.domain)\u{0}\(opaque.type)", default: []].append(node.name)
    }
    return [
      "inputs": values(graph.inputs), "outputs": values(graph.outputs),
      "operators": .object(
        OrderedDictionary(
          uniqueKeysWithValues: graph.operatorCounts.sorted { $0.key < $1.key }
            .map { ($0.key, JSONValue.integer($0.value)) })),
      "unsupported": .array(
        unsupported.map { key, nodes in
          let parts = key.split(separator: "\u{0}", omittingEmptySubsequences: false)
          return [
            "operator": .string(String(parts[1])), "domain": .string(String(parts[0])),
            "count": .integer(nodes.count), "nodes": .array(nodes.map { .string($0) }),
          ]
        }),
    ]
  }
}
