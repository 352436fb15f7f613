import BinaryIO
import Formats
import OrderedCollections
import Tensors

/// The tensors of a graph: its initializers, and what its `Constant` nodes hold.
struct Weights {
  /// Every tensor by the name of its value, in the file's order.
  private(set) var all: OrderedDictionary<String, TensorEntry> = [:]
  /// Names of values that come from `Constant` nodes.
  private var fromNodes: Set<String> = []
  /// Values that some node reads as a weight, not as a shape, an axis or a bound.
  private var readAsWeight: Set<String> = []

  /// Values that are no weights, whatever they look like.
  private let excluded: Set<String>

  /// - Throws: `DataError` that names the tensor; for a type that no tensor of ours can have, too.
  init(of graph: GraphMessage, externalFiles: ExternalFiles, excluding: Set<String> = []) throws {
    excluded = excluding
    for message in graph.initializers {
      try add(message.entry(externalFiles: externalFiles))
    }
    for message in graph.sparseInitializers {
      try add(message.entry(externalFiles: externalFiles))
    }
    for node in graph.nodes {
      if node.isConstant, let entry = try? node.constantEntry() {
        try add(entry)
        fromNodes.insert(entry.name)
      }
      for (index, input) in node.inputs.enumerated() where !node.usesAsSetting(index) {
        readAsWeight.insert(input)
      }
    }
  }

  /// The model's weights: every initializer, and the constants that are weights in all but name.
  var listed: [TensorEntry] {
    all.values.filter { !fromNodes.contains($0.name) || isParameter($0) }
  }

  /// Whether the graph has the tensor as a parameter; else it is one of the graph's constants.
  func isParameter(_ entry: TensorEntry) -> Bool {
    guard readAsWeight.contains(entry.name), !excluded.contains(entry.name) else { return false }
    switch entry.dataType {
    case .int64, .int32, .bool: return entry.shape.elementCount > 1024
    default: return !fromNodes.contains(entry.name) || entry.shape.elementCount > 1
    }
  }

  private mutating func add(_ entry: TensorEntry) throws {
    guard all.updateValue(entry, forKey: entry.name) == nil else {
      throw DataError(.malformed, "is there twice", subject: "tensor '\(entry.name)'")
    }
  }
}

extension NodeMessage {
  var isConstant: Bool { type == "Constant" && domain.standardDomain.isEmpty }

  /// The tensor of a `Constant` node under its output's name.
  /// - Throws: `DataError` for kinds of constants that are no tensors.
  func constantEntry() throws -> TensorEntry {
    let name = outputs.first ?? ""
    guard
      let attribute = attributes.first(where: {
        $0.name.hasPrefix("value") || $0.name == "sparse_value"
      })
    else {
      throw DataError(.malformed, "a constant without a value", subject: "node '\(name)'")
    }
    switch attribute.value {
    case .tensor(var message):
      message.name = name
      return try message.entry(externalFiles: nil)
    case .sparseTensor(var message):
      message.values.name = name
      return try message.entry(externalFiles: nil)
    case .float(let value): return TensorEntry(name: name, Tensor(scalar: value))
    case .floats(let values): return TensorEntry(name: name, Tensor(values))
    case .integer(let value): return TensorEntry(name: name, Tensor(scalar: Int64(value)))
    case .integers(let values): return TensorEntry(name: name, Tensor(values.map(Int64.init)))
    default:
      throw DataError(
        .unsupported, "a constant of the kind '\(attribute.name)'", subject: "node '\(name)'")
    }
  }

  /// Whether input `index` says how to compute rather than what with: a shape, axes, bounds.
  func usesAsSetting(_ index: Int) -> Bool {
    guard domain.standardDomain.isEmpty else { return false }
    switch type {
    case "ConstantOfShape", "Range": return true
    case "Clip", "Dropout", "Expand", "OneHot", "Pad", "Resize", "Reshape", "Slice", "Split",
      "Squeeze",
      "Tile", "TopK", "Trilu", "Unsqueeze", "Upsample", "CumSum":
      return index > 0
    default: return type.hasPrefix("Reduce") && index > 0
    }
  }
}
