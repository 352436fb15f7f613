import BinaryIO
import Tensors
import Yams

/// Name maps as a person writes them.
///
///     rules:
///       - {theirs: "stages.{s-1}.blocks.{b}.conv{i}.*", ours: "layer{s}.{b}.conv{i}.*"}
///       - {theirs: head.fc.weight, ours: fc.weight, reshape: {theirs: [0, 0, 1, 1], ours: [0, 0]}}
///       - {theirs: kernel, ours: weight, permute: [3, 2, 0, 1]}
///       - {theirs: "h.{i}.qkv.weight", ours: ["h.{i}.q.weight", "h.{i}.k.weight", "h.{i}.v.weight"], axis: 0}
///       - {theirs: "blk.{i}.attn_q.weight", ours: "layers.{i}.q.weight", rotaryHalves: 32}
///       - {theirs: "*.gamma", ours: "*.weight", former: true}
///       - {theirs: "*.mask", drop: true}
///       - {ours: "*.num_batches_tracked", value: 0, dtype: int64, shape: []}
extension NameMap {
  /// Reads the rules of a YAML document.
  /// - Throws: `DataError` `.malformed` with the rule's number.
  public init(yaml text: String) throws {
    guard text.utf8.count <= 1 << 20 else {
      throw DataError(
        .limitExceeded, "rules of \(text.utf8.count) bytes", expected: "at most 1 MiB")
    }
    let document: Yams.Node?
    do { document = try Yams.compose(yaml: text) } catch {
      throw DataError(.malformed, "is no YAML: \(error)")
    }
    guard let list = document?.mapping?["rules"]?.sequence else {
      throw DataError(.malformed, "has no list 'rules'")
    }
    self.init(
      try list.enumerated().map { index, node in
        try naming("rule \(index + 1)") { try NameRule(yaml: node) }
      })
  }

  /// The rules as a YAML document, which reads back as the same rules.
  public var yaml: String { "rules:\n" + rules.map { "  - \($0.yaml)\n" }.joined() }
}

extension NameRule {
  private static let keys: Set<String> = [
    "theirs", "ours", "permute", "reshape", "rotaryHalves", "rotaryPairs", "plus",
    "leadingRows", "withoutLeadingRows", "axis", "tie", "sum", "drop", "former", "value", "dtype",
    "shape",
  ]

  fileprivate init(yaml node: Yams.Node) throws {
    guard let mapping = node.mapping else {
      throw DataError(.malformed, "is no mapping with 'theirs' and 'ours'")
    }
    for key in mapping.keys {
      guard let name = key.string, Self.keys.contains(name) else {
        throw DataError(
          .malformed, "has the unknown key '\(key.string ?? "?")'",
          expected: Self.keys.sorted().joined(separator: ", "))
      }
    }
    let theirs = try Self.patterns(mapping["theirs"])
    let ours = try Self.patterns(mapping["ours"])
    guard ours.isEmpty == (mapping["drop"]?.bool ?? false) else {
      throw DataError(
        .malformed, "has no name in 'ours'", remedy: "write 'drop: true' if it is meant so")
    }
    let isSum = mapping["sum"]?.bool ?? false
    let several = theirs.count > 1 || ours.count > 1
    let axis = try mapping["axis"].map { try Self.integer($0, "axis") }
    guard several == (axis != nil || mapping["tie"]?.bool == true || isSum) else {
      throw DataError(
        .malformed, several ? "has several names but no axis" : "has an axis, but one name a side",
        expected: "'axis: 0', 'sum: true', or 'tie: true' where the names are one tensor")
    }
    var steps: [TensorStep] = []
    if let order = mapping["permute"] {
      let axes = try Self.integers(order, "permute")
      guard axes.sorted() == Array(0..<axes.count) else {
        throw DataError(.malformed, "the axes of 'permute' are \(axes)")
      }
      steps.append(.permute(axes))
    }
    if let shapes = mapping["reshape"]?.mapping, let from = shapes["theirs"],
      let to = shapes["ours"]
    {
      steps.append(
        .reshape(
          from: try Self.integers(from, "reshape"), to: try Self.integers(to, "reshape")))
    } else if mapping["reshape"] != nil {
      throw DataError(
        .malformed, "'reshape' wants the shapes of both sides: {theirs: […], ours: […]}")
    }
    for (key, step) in [
      ("rotaryHalves", TensorStep.rotaryHalves), ("rotaryPairs", TensorStep.rotaryPairs),
    ] {
      guard let heads = try mapping[key].map({ try Self.integer($0, key) }) else { continue }
      guard (1...1 << 20).contains(heads) else {
        throw DataError(.malformed, "'\(key)' wants the number of heads, not \(heads)")
      }
      steps.append(step(heads))
    }
    for (key, step) in [
      ("leadingRows", TensorStep.leadingRows),
      ("withoutLeadingRows", TensorStep.withoutLeadingRows),
    ] {
      guard let count = try mapping[key].map({ try Self.integer($0, key) }) else { continue }
      guard (1...1 << 20).contains(count) else {
        throw DataError(.malformed, "'\(key)' wants a number of rows, not \(count)")
      }
      steps.append(step(count))
    }
    if let node = mapping["plus"] {
      guard let number = node.float, number.isFinite else {
        throw DataError(.malformed, "'plus' is no number")
      }
      steps.append(.plus(number))
    }
    try self.init(
      checking: theirs, ours, steps: steps, axis: axis, standIn: try Self.standIn(mapping))
    guard !isSum || max(theirs.count, ours.count) == 2 && axis == nil else {
      throw DataError(.malformed, "'sum' wants two names on one side: a table and a row")
    }
    self.isSum = isSum
    isFormer = mapping["former"]?.bool ?? false
  }

  private static func patterns(_ node: Yams.Node?) throws -> [NamePattern] {
    guard let node else { return [] }
    if let list = node.sequence {
      return try list.map { try NamePattern(parsing: $0.string ?? "") }
    }
    return [try NamePattern(parsing: node.string ?? "")]
  }

  private static func integer(_ node: Yams.Node, _ key: String) throws -> Int {
    guard let value = node.int else {
      throw DataError(.malformed, "'\(key)' has something that is no whole number")
    }
    return value
  }

  private static func integers(_ node: Yams.Node, _ key: String) throws -> [Int] {
    guard let list = node.sequence, list.count <= Shape.maximumRank else {
      throw DataError(.malformed, "'\(key)' is no list of whole numbers")
    }
    return try list.map { try integer($0, key) }
  }

  private static func standIn(_ mapping: Yams.Node.Mapping) throws -> StandIn? {
    guard let node = mapping["value"] else { return nil }
    guard let value = node.float else {
      throw DataError(.malformed, "'value' is no number")
    }
    let name = mapping["dtype"]?.string ?? "float32"
    guard let dataType = DataType(elementName: name) else {
      throw DataError(.malformed, "has the unknown data type '\(name)'")
    }
    let shape = try mapping["shape"].map { try integers($0, "shape") } ?? []
    let extents = try Shape(checking: shape)
    guard extents.elementCount <= 1 << 24 else {
      throw DataError(.limitExceeded, "a stand-in of shape \(extents)")
    }
    return StandIn(value, dataType: dataType, shape: extents)
  }

  /// The rule on one line of YAML.
  fileprivate var yaml: String {
    var fields: [String] = []
    func names(_ key: String, _ patterns: [NamePattern]) {
      guard !patterns.isEmpty else { return }
      let quoted = patterns.map { "\"\(Self.escaped($0.source))\"" }
      fields.append(
        "\(key): " + (quoted.count == 1 ? quoted[0] : "[" + quoted.joined(separator: ", ") + "]"))
    }
    names("theirs", theirs)
    names("ours", ours)
    if ours.isEmpty { fields.append("drop: true") }
    if isFormer { fields.append("former: true") }
    for step in steps {
      switch step {
      case .permute(let order): fields.append("permute: \(order)")
      case .reshape(let from, let to): fields.append("reshape: {theirs: \(from), ours: \(to)}")
      case .rotaryHalves(let heads): fields.append("rotaryHalves: \(heads)")
      case .rotaryPairs(let heads): fields.append("rotaryPairs: \(heads)")
      case .plus(let number): fields.append("plus: \(number)")
      case .leadingRows(let count): fields.append("leadingRows: \(count)")
      case .withoutLeadingRows(let count): fields.append("withoutLeadingRows: \(count)")
      }
    }
    if let axis { fields.append("axis: \(axis)") }
    if axis == nil, theirs.count > 1 || ours.count > 1 {
      fields.append(isSum ? "sum: true" : "tie: true")
    }
    if let standIn {
      fields.append("value: \(standIn.value), dtype: \(standIn.dataType), shape: \(standIn.shape)")
    }
    return "{" + fields.joined(separator: ", ") + "}"
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      if character == "\"" || character == "\\" { result.append("\\") }
      result.append(character)
    }
  }
}
