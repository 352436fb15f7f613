import BinaryIO
import Formats
import ModelGraph
import Operators
import Tensors

/// One node of a file on its way to ours: its attributes, its inputs, and where to put the result.
struct NodeReading {
  /// The version of the operator set that the node is written in.
  let opset: Int
  let inputs: [ValueID?]
  private let message: NodeMessage
  private let source: ExpandedNode
  private let reader: GraphReader
  private var asked: Set<String> = []
  private var isEmitted = false

  init(_ node: ExpandedNode, inputs: [ValueID?], in reader: GraphReader) throws {
    source = node
    message = node.message
    opset = node.opset
    self.inputs = inputs
    self.reader = reader
  }

  /// Finds the operator and lets it read the node.
  /// - Throws: `.unsupported` for what we have no operator for; `.malformed` or `.mismatch` for what is wrong.
  mutating func perform() throws {
    let domain = message.domain.standardDomain
    guard domain.isEmpty || domain == "com.microsoft",
      let known = ONNXOperators.byName[message.type], known.domains.contains(domain)
    else {
      throw DataError(
        .unsupported,
        domain.isEmpty ? "the operator is unknown" : "the domain '\(domain)' is unknown")
    }
    try known.read(&self)
    let ignored: Set<String> = ["consumed_inputs", "is_test"]
    if let stranger = message.attributes.first(where: {
      !asked.contains($0.name) && !ignored.contains($0.name)
    }) {
      throw DataError(.unsupported, "the attribute '\(stranger.name)' is unknown")
    }
    precondition(isEmitted, "\(message.type) was read into nothing")
  }
}

// MARK: - Attributes

extension NodeReading {
  private mutating func attribute(_ name: String) -> AttributeValue? {
    asked.insert(name)
    return message.attributes.first { $0.name == name }?.value
  }

  private func wrong(_ name: String, _ expected: String) -> DataError {
    DataError(.malformed, "the attribute '\(name)' has the wrong kind", expected: expected)
  }

  /// Says that an attribute may be there but does not matter.
  mutating func ignore(_ names: String...) { asked.formUnion(names) }

  mutating func integer(_ name: String) throws -> Int? {
    switch attribute(name) {
    case nil: return nil
    case .integer(let value): return value
    default: throw wrong(name, "an integer")
    }
  }

  mutating func integer(_ name: String, default value: Int) throws -> Int {
    try integer(name) ?? value
  }

  mutating func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try integer(name).map { $0 != 0 } ?? value
  }

  mutating func number(_ name: String) throws -> Double? {
    switch attribute(name) {
    case nil: return nil
    case .float(let value): return Double(value)
    case .integer(let value): return Double(value)
    default: throw wrong(name, "a number")
    }
  }

  mutating func number(_ name: String, default value: Double) throws -> Double {
    try number(name) ?? value
  }

  mutating func integers(_ name: String) throws -> [Int]? {
    switch attribute(name) {
    case nil: return nil
    case .integers(let values): return values
    default: throw wrong(name, "integers")
    }
  }

  mutating func numbers(_ name: String) throws -> [Float]? {
    switch attribute(name) {
    case nil: return nil
    case .floats(let values): return values
    default: throw wrong(name, "numbers")
    }
  }

  mutating func text(_ name: String) throws -> String? {
    switch attribute(name) {
    case nil: return nil
    case .string(let value): return try Bytes(value).utf8()
    default: throw wrong(name, "a text")
    }
  }

  /// A text that names a case.
  mutating func choice<Choice: RawRepresentable>(
    _ name: String, default value: Choice
  ) throws -> Choice where Choice.RawValue == String {
    guard let text = try text(name) else { return value }
    guard let choice = Choice(rawValue: text) else {
      throw DataError(.unsupported, "'\(text)' for the attribute '\(name)'")
    }
    return choice
  }

  mutating func tensor(_ name: String) throws -> Tensor? {
    switch attribute(name) {
    case nil: return nil
    case .tensor(let message): return try message.entry(externalFiles: nil).load()
    default: throw wrong(name, "a tensor")
    }
  }
}

// MARK: - Inputs

extension NodeReading {
  func has(_ index: Int) -> Bool { inputs.indices.contains(index) && inputs[index] != nil }

  /// Input `index`, which the operator cannot do without.
  func input(_ index: Int) throws -> ValueID {
    guard has(index), let id = inputs[index] else {
      throw DataError(.malformed, "its input \(index) is left out")
    }
    return id
  }

  func optionalInput(_ index: Int) -> ValueID? { has(index) ? inputs[index] : nil }

  func type(_ id: ValueID) -> TensorType { reader.graph[id].type }

  /// The number of axes of input `index`, if it is known.
  func rank(_ index: Int) -> Int? { optionalInput(index).flatMap { type($0).rank } }

  /// The tensor of input `index`, if it is known beforehand.
  func constant(_ index: Int) -> Tensor? {
    optionalInput(index).flatMap { reader.graph.constants[$0] }
  }

  var outputCount: Int { message.outputs.count }

  /// Whether output `index` has a name.
  func wants(_ index: Int) -> Bool {
    message.outputs.indices.contains(index) && !message.outputs[index].isEmpty
  }
}

// MARK: - Results

extension NodeReading {
  /// The node becomes `operator` on the same inputs, or on `inputs`.
  mutating func emit(
    _ operator: any Operator, _ inputs: [ValueID?]? = nil, outputs count: Int? = nil
  ) throws {
    let names = message.outputs
    let kept = min(count ?? names.count, names.count)
    for name in names[kept...] where !name.isEmpty {
      throw DataError(.unsupported, "the output '\(name)' besides the first")
    }
    isEmitted = true
    let outputs = names[..<kept].map { $0.isEmpty ? nil : reader.define($0) }
    var inputs = inputs ?? self.inputs
    while inputs.last == .some(nil) { inputs.removeLast() }
    try reader.append(Node(name: message.label, `operator`, inputs: inputs, outputs: outputs))
  }

  /// A node before the one that is read; its result has no name in the file.
  func add(_ operator: any Operator, _ inputs: [ValueID?], _ suffix: String) throws -> ValueID {
    let name = reader.freshName("\(message.label)/\(suffix)")
    let id = reader.define(name)
    try reader.append(Node(name: name, `operator`, inputs: inputs, outputs: [id]))
    return id
  }

  /// A tensor that the newest form of an operator takes as an input.
  func constant(_ tensor: Tensor, _ suffix: String) -> ValueID {
    reader.addConstant(tensor, name: "\(message.label)/\(suffix)")
  }

  func constant(_ values: [Int], _ suffix: String) -> ValueID {
    constant(Tensor(values.map(Int64.init)), suffix)
  }

  /// A scalar of the type that input `index` has (float32 when it is not known).
  func scalar(_ value: Double, like index: Int, _ suffix: String) -> ValueID {
    let type = optionalInput(index).flatMap { self.type($0).dataType } ?? .float32
    return constant(Tensor(scalar: value).cast(to: type), suffix)
  }
}
