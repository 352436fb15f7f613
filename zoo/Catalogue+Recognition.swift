import BinaryIO
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors

extension Catalogue {
  /// The architecture whose weights these are, or nil when there is none among the families.
  ///
  /// - Parameter architecture: the name of a variant or family that a person says it is; nil to find out.
  public func recognise(
    _ tensors: [NormalisedTensor], sidecars: Sidecars = [:], as architecture: String? = nil
  ) -> Recognition? {
    let best = resemblances(of: tensors, sidecars: sidecars, to: architecture).first
    return best?.isExact == true ? best : nil
  }

  /// The architectures that these weights resemble, the nearest first, each with what speaks against it.
  public func resemblances(
    of tensors: [NormalisedTensor], sidecars: Sidecars = [:], to architecture: String? = nil
  ) -> [Recognition] {
    let wanted = architecture.map(Self.plain)
    var found: [Recognition] = []
    for family in families {
      for signs in family.dialects {
        guard
          let recognition = Self.resemblance(of: tensors, to: family, signs, sidecars: sidecars)
        else { continue }
        let names = [recognition.family, recognition.variant].map(Self.plain)
        if wanted.map(names.contains) ?? true { found.append(recognition) }
      }
    }
    return found.enumerated()
      .sorted {
        let (a, b) = ($0.element, $1.element)
        // A prefix that a family has itself explains the names better than one that is left out
        return (a.differences.count, a.prefix.utf8.count, $0.offset)
          < (b.differences.count, b.prefix.utf8.count, $1.offset)
      }
      .map(\.element)
  }

  /// A name as people write it in many ways: `ResNet-50`, `resnet50`, `ResNeXt50_32x4d`.
  static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  private static func resemblance(
    of tensors: [NormalisedTensor], to family: any ModelFamily, _ signs: DialectSigns,
    sidecars: Sidecars
  ) -> Recognition? {
    guard let (prefix, basePrefix) = prefix(of: tensors, signs) else { return nil }
    let (inside, outside) = Recognition.plainNames(
      tensors, prefix: prefix, basePrefix: basePrefix)
    let shapes = NamedShapes(
      OrderedDictionary(
        inside.map { ($0.entry.name, $0.entry.shape) }, uniquingKeysWith: { first, _ in first }))
    guard
      let configuration = family.configuration(of: shapes, in: signs.dialect, sidecars: sidecars),
      let definition = try? configuration.build(),
      let map = configuration.nameMap(for: signs.dialect)
    else { return nil }
    var differences = configuration.contradictions
    do {
      let account = try map.apply(to: inside, expecting: definition.state)
      let theirs = map.inverted
      differences += account.missing.map { "'\(theirs.names(for: $0)?.first ?? $0)' is missing" }
      differences += (account.unknown + outside).map { "'\($0)' does not belong to it" }
      differences += mismatches(account, definition.graph)
    } catch {
      differences.append("\(error)")
    }
    let dialect = dialectSaid(by: sidecars, named: signs.dialect)
    return Recognition(
      dialect: dialect,
      evidence: evidence(configuration, signs, dialect, prefix: prefix, definition),
      differences: differences, prefix: prefix, basePrefix: basePrefix,
      configuration: configuration, definition: definition)
  }

  /// What stands before the anchor, and what a bare backbone lacks before its names.
  private static func prefix(
    of tensors: [NormalisedTensor], _ signs: DialectSigns
  ) -> (prefix: String, basePrefix: String)? {
    func find(_ anchor: String) -> String? {
      tensors.lazy.map(\.entry.name)
        .filter { $0.hasSuffix(anchor) }
        .map { String($0.dropLast(anchor.count)) }
        .filter { $0.isEmpty || $0.hasSuffix(".") || $0.hasSuffix("/") }
        .min { $0.utf8.count < $1.utf8.count }
    }
    if let prefix = find(signs.basePrefix + signs.anchor) { return (prefix, "") }
    guard !signs.basePrefix.isEmpty, let prefix = find(signs.anchor) else { return nil }
    return (prefix, signs.basePrefix)
  }

  private static func mismatches(_ account: MappingAccount, _ graph: Graph) -> [String] {
    var wanted: [String: Shape] = [:]
    for id in graph.parameters { wanted[graph[id].name] = graph[id].type.shape }
    return account.tensors.compactMap { tensor in
      guard let shape = wanted[tensor.entry.name], shape != tensor.entry.shape else { return nil }
      return "'\(tensor.sources.first ?? tensor.entry.name)' is \(tensor.entry.shape), not \(shape)"
    }
  }

  /// timm's files have torchvision's names; its configuration tells them apart.
  private static func dialectSaid(by sidecars: Sidecars, named dialect: Dialect) -> Dialect {
    let config = sidecars["config.json"]
    let isTimm = config?["pretrained_cfg"] != nil || config?["architecture"]?.string != nil
    return dialect == .torchvision && isTimm ? .timm : dialect
  }

  private static func evidence(
    _ configuration: any ModelConfiguration, _ signs: DialectSigns, _ dialect: Dialect,
    prefix: String, _ definition: ModelDefinition
  ) -> [String] {
    var lines = ["'\(signs.anchor)' is a name of \(configuration.family) in \(dialect)"]
    if signs.dialect == .torchvision, dialect == .torchvision,
      configuration.nameMap(for: .timm) == configuration.nameMap(for: .torchvision)
    {
      lines.append("timm uses the same names")
    }
    lines.append("\(definition.state.count) tensors have the shapes of \(configuration.variant)")
    if let classes = configuration.classes {
      lines.append("it tells \(classes) classes apart")
    } else if [.imageFeatures, .textFeatures].contains(configuration.task) {
      lines.append("it has no classifier, and gives features")
    } else {
      lines.append("its head is for \(configuration.task.rawValue)")
    }
    lines += configuration.assumptions
    if !prefix.isEmpty { lines.append("all names begin with '\(prefix)', which is left out") }
    return lines
  }
}
