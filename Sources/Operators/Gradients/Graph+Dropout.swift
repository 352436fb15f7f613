import BinaryIO
import ModelGraph
import Tensors

/// A place where a graph drops while it learns.
public struct DropoutPlace: Sendable, Hashable {
  public enum Site: Sendable, Hashable {
    /// A value, for all that use it, a loss included.
    case value(String)
    /// What a node takes as its first input, for that node alone.
    case input(of: String)
    /// The shares of an attention.
    case shares(of: String)

    /// What tells it from other sites.
    var name: String {
      switch self {
      case .value(let name): name
      case .input(let node): "\(node)/input"
      case .shares(let node): "\(node)/shares"
      }
    }
  }

  public var site: Site
  /// At least 0 and below 1.
  public var rate: Double
  public var unit: DropoutInTraining.Unit

  public init(_ site: Site, rate: Double, unit: DropoutInTraining.Unit = .element) {
    self.site = site
    self.rate = rate
    self.unit = unit
  }

  /// What tells it from other places.
  var name: String { unit == .element ? site.name : "\(site.name)/samples" }

  /// The numbers' place, which follows from its name alone: FNV-1a.
  package var stream: UInt32 {
    name.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }

  var layer: DropoutInTraining { DropoutInTraining(rate: rate, unit: unit, stream: stream) }
}

extension Graph {
  /// Whether there is such a place.
  public func has(_ site: DropoutPlace.Site) -> Bool {
    switch site {
    case .value(let name):
      // An output is what a loss takes
      outputs.contains { self[$0].name == name }
        || nodes.contains { $0.inputs.contains { $0.map { self[$0].name == name } ?? false } }
    case .input(let name), .shares(let name): nodes.contains { $0.name == name }
    }
  }

  /// Lets elements, shares or samples be dropped where that is; places that the graph does not have are passed over.
  ///
  /// - Parameter key: a value as a `DropoutKey` makes it.
  /// - Throws: `.unsupported` for an attention whose shares cannot be had.
  public mutating func drop(at places: [DropoutPlace], key: ValueID) throws {
    var values: [String: [DropoutPlace]] = [:]
    var (inputs, shares): ([String: DropoutPlace], [String: DropoutPlace]) = ([:], [:])
    for place in places where place.rate > 0 {
      switch place.site {
      case .value(let name): values[name, default: []].append(place)
      case .input(let node): inputs[node] = place
      case .shares(let node): shares[node] = place
      }
    }
    self = try decomposed { node, whole in
      shares[node.name] != nil && !((whole as? Attention).map { canDrop($0, node) } ?? false)
    }
    for (name, place) in shares { values["\(name)/shares"] = [place] }
    var dropped: [ValueID: ValueID] = [:]
    var result: [Node] = []
    func droppedValue(_ id: ValueID, _ graph: inout Graph) -> ValueID {
      if dropped[id] == nil, let places = values[graph[id].name] {
        dropped[id] = places.reduce(id) { appended($1, $0, &graph) }
      }
      return dropped[id] ?? id
    }
    func appended(_ place: DropoutPlace, _ x: ValueID, _ graph: inout Graph) -> ValueID {
      let name = "\(place.name)/dropout"
      let y = graph.addValue(name, graph[x].type)
      result.append(Node(name: name, place.layer, inputs: [x, key], outputs: [y]))
      return y
    }
    for var node in nodes {
      for (index, id) in node.inputs.enumerated() {
        guard let id else { continue }
        node.inputs[index] = droppedValue(id, &self)
      }
      if let place = inputs[node.name], let x = node.inputs.first ?? nil {
        node.inputs[0] = appended(place, x, &self)
      }
      if let place = shares[node.name] {
        guard let attention = node.operator as? Attention else {
          throw DataError(
            .unsupported, "its shares cannot be dropped", subject: "node '\(node.name)'")
        }
        node.operator = AttentionInTraining(attention, rate: place.rate, stream: place.stream)
        node.inputs = (0..<4).map { $0 < node.inputs.count ? node.inputs[$0] : nil } + [key]
        node.outputs = Array(node.outputs.prefix(1))
      }
      result.append(node)
    }
    for (index, id) in outputs.enumerated() { outputs[index] = droppedValue(id, &self) }
    nodes = result
    try verify()
    try inferTypes()
  }

  /// Whether an attention can drop shares itself.
  private func canDrop(_ attention: Attention, _ node: Node) -> Bool {
    let mask = node.inputs.count > 3 ? node.inputs[3] : nil
    return attention.isPlain(node) && mask.map { self[$0].type.dataType == .bool } ?? true
  }
}
