import Formats

/// A text network's weights against KerasHub's, in the two ways in which Keras lays them down.
///
/// `.h5` names layers and variables (`transformer_layer_0.self_attention.query.kernel`); `.weights.h5`, `.keras` and presets
/// count objects and variables (`layers.transformer_decoder._self_attention_layer.query_dense.vars.0`).
struct KerasHubTable {
  private var named: [NameRule] = []
  private var objects: [NameRule] = []

  func map(for dialect: Dialect) -> NameMap? {
    switch dialect {
    // Not every class gives its variables names that stay
    case .kerasHub: named.isEmpty ? nil : NameMap(named)
    case .kerasHubObjects: NameMap(objects)
    default: nil
    }
  }

  /// Weights outside of the stack of layers.
  mutating func add(_ weights: KerasHubWeight...) { add(weights, objects: "layers.") }

  mutating func add(_ weights: [KerasHubWeight]) { add(weights, objects: "layers.") }

  /// A stack of layers, which have numbers as names, and of which the first object has none.
  ///
  /// - Parameters:
  ///   - objects: the class, as objects are called.
  ///   - names: the layers' names, with `{i}` in them.
  ///   - ours: the same with us.
  ///   - first: how many objects of the class come before.
  mutating func addLayers(
    objects: String, names: String, ours: String, after first: Int = 0, _ weights: [KerasHubWeight]
  ) {
    named += weights.compactMap { $0.named(under: "\(names).", ours: "\(ours).") }
    let number = first == 0 ? "{i}" : "{i+\(first)}"
    if first == 0 {
      let start = ours.replacing("{i}", with: "0")
      add(weights, objects: "layers.\(objects).", ours: "\(start).", isNamed: false)
    }
    add(weights, objects: "layers.\(objects)_\(number).", ours: "\(ours).", isNamed: false)
  }

  /// What only KerasHub has, and what it is where we have nothing.
  mutating func add(onlyTheirs weight: KerasHubWeight, _ standIn: NameRule.StandIn) {
    named += weight.names.map { .drop(NamePattern($0), standIn: standIn) }
    objects += weight.objects.map { .drop(NamePattern("layers.\($0)"), standIn: standIn) }
  }

  /// What KerasHub has no place for.
  mutating func add(onlyOurs name: NamePattern) {
    named.append(NameRule.drop(name).inverted)
    objects.append(NameRule.drop(name).inverted)
  }

  private mutating func add(
    _ weights: [KerasHubWeight], objects prefix: String, ours: String = "", isNamed: Bool = true
  ) {
    if isNamed { named += weights.compactMap { $0.named(under: "", ours: ours) } }
    objects += weights.map { $0.object(under: prefix, ours: ours) }
  }
}

/// A weight of a layer of KerasHub, and what it is with us.
struct KerasHubWeight {
  /// Its place among the objects of its layer; several where they are one with us.
  var objects: [String]
  /// Its name; none where the class gives no name that stays.
  var names: [String]
  /// Its name with us; several where a table and a row become one.
  var ours: [String]
  /// From KerasHub's axes to ours.
  var steps: [TensorStep] = []
  /// Along which several are joined.
  var axis: Int?

  init(
    _ objects: [String], _ names: [String], _ ours: [String], _ steps: [TensorStep] = [],
    axis: Int? = nil
  ) {
    (self.objects, self.names, self.ours) = (objects, names, ours)
    (self.steps, self.axis) = (steps, axis)
  }

  init(_ object: String, _ name: String?, _ ours: String, _ steps: [TensorStep] = []) {
    self.init([object], name.map { [$0] } ?? [], [ours], steps)
  }

  func object(under prefix: String, ours: String) -> NameRule {
    rule(objects.map { prefix + $0 }, self.ours.map { ours + $0 }, steps)
  }

  func named(under prefix: String, ours: String) -> NameRule? {
    guard let first = names.first else { return nil }
    // Reading `.h5` by names, kernels of two axes are turned already
    let isTurned = first.hasSuffix(".weight") && steps == Self.turn
    return rule(names.map { prefix + $0 }, self.ours.map { ours + $0 }, isTurned ? [] : steps)
  }

  private func rule(_ theirs: [String], _ ours: [String], _ steps: [TensorStep]) -> NameRule {
    let (theirs, ours) = (theirs.map { NamePattern($0) }, ours.map { NamePattern($0) })
    var rule: NameRule =
      if let axis {
        .joined(theirs, ours[0], axis: axis)
      } else if ours.count > 1 {
        .sum(theirs[0], ours)
      } else {
        .rename(theirs[0], ours[0])
      }
    rule.steps = steps
    return rule
  }

  static let turn: [TensorStep] = [.permute([1, 0])]
}

/// Layers that many classes have. An object's weights are numbered: the kernel 0, the bias 1.
extension [KerasHubWeight] {
  static func dense(
    _ object: String, _ name: String?, _ ours: String, hasBias: Bool = true
  ) -> Self {
    let kernel = KerasHubWeight(
      "\(object).vars.0", name.map { "\($0).weight" }, "\(ours).weight", KerasHubWeight.turn)
    let bias = KerasHubWeight("\(object).vars.1", name.map { "\($0).bias" }, "\(ours).bias")
    return hasBias ? [kernel, bias] : [kernel]
  }

  /// Kernels with an axis for the heads, and biases where `bias` says how they change.
  static func heads(
    _ object: String, _ name: String, _ ours: String, _ kernel: [TensorStep],
    bias: [TensorStep]? = nil
  ) -> Self {
    var weights = [
      KerasHubWeight("\(object).vars.0", "\(name).kernel", "\(ours).weight", kernel)
    ]
    if let bias {
      weights.append(KerasHubWeight("\(object).vars.1", "\(name).bias", "\(ours).bias", bias))
    }
    return weights
  }

  /// Layer normalisation.
  static func norm(_ object: String, _ name: String?, _ ours: String) -> Self {
    [
      KerasHubWeight("\(object).vars.0", name.map { "\($0).weight" }, "\(ours).weight"),
      KerasHubWeight("\(object).vars.1", name.map { "\($0).bias" }, "\(ours).bias"),
    ]
  }

  /// Normalisation by the root of the mean square.
  static func scale(_ object: String, _ name: String?, _ ours: String) -> Self {
    [KerasHubWeight("\(object).vars.0", name.map { "\($0).scale" }, "\(ours).weight")]
  }
}
