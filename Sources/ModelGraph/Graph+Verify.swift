import BinaryIO
import Tensors

extension Graph {
  /// Checks that every value comes from one place and every node can be computed in turn.
  /// - Throws: `DataError` `.malformed` that names the node or value.
  public func verify() throws {
    var known = [Bool](repeating: false, count: values.count)
    func define(_ id: ValueID, _ what: String) throws {
      guard values.indices.contains(id.index) else {
        throw DataError(.malformed, "\(what) refers to a value that is not there")
      }
      guard !known[id.index] else {
        throw DataError(
          .malformed, "the value '\(self[id].name)' is defined twice", subject: what)
      }
      known[id.index] = true
    }
    for id in inputs { try define(id, "an input") }
    for id in parameters { try define(id, "a parameter") }
    for id in constants.keys { try define(id, "a constant") }
    for node in nodes {
      for case let id? in node.inputs {
        guard values.indices.contains(id.index), known[id.index] else {
          throw DataError(
            .malformed,
            "its input '\(values.indices.contains(id.index) ? self[id].name : "?")' is not computed "
              + "before it", subject: "node '\(node.name)'")
        }
      }
      for case let id? in node.outputs { try define(id, "node '\(node.name)'") }
    }
    for id in outputs where !(values.indices.contains(id.index) && known[id.index]) {
      let name = values.indices.contains(id.index) ? self[id].name : "?"
      throw DataError(.malformed, "nothing computes the output '\(name)'")
    }
  }

  /// Infers the types of all values, in the nodes' order, from the inputs' types.
  ///
  /// Declared types are kept where inference knows nothing, and checked where both know.
  /// - Throws: `.mismatch` or `.malformed` with the node's name.
  public mutating func inferTypes() throws {
    for node in nodes {
      let types = node.inputs.map { $0.map { self[$0].type } }
      var known: [Int: Tensor] = [:]
      for (i, id) in node.inputs.enumerated() {
        if let id, let tensor = constants[id] { known[i] = tensor }
      }
      let inferred = try naming("node '\(node.name)' (\(node.operator.name))") {
        try node.operator.outputTypes(for: OperatorInputs(types: types, constants: known))
      }
      for (id, type) in zip(node.outputs, inferred) {
        guard let id else { continue }
        self[id].type = try naming("value '\(self[id].name)'") {
          try self[id].type.refined(by: type)
        }
      }
    }
  }
}

extension TensorType {
  /// What both together know.
  /// - Throws: `.malformed` when they contradict each other.
  func refined(by other: TensorType) throws -> TensorType {
    if let a = dataType, let b = other.dataType, a != b {
      throw DataError(.malformed, "is declared \(a), but computed as \(b)")
    }
    guard let mine = dimensions, let theirs = other.dimensions else {
      return TensorType(dataType ?? other.dataType, dimensions ?? other.dimensions)
    }
    guard mine.count == theirs.count else {
      throw DataError(.malformed, "is declared \(self), but computed as \(other)")
    }
    let merged = try zip(mine, theirs).map { a, b in
      switch (a, b) {
      case (.fixed(let x), .fixed(let y)) where x != y:
        throw DataError(.malformed, "is declared \(self), but computed as \(other)")
      case (.fixed, _), (.symbol, .unknown), (.symbol, .symbol): a
      default: b
      }
    }
    return TensorType(dataType ?? other.dataType, merged)
  }
}
