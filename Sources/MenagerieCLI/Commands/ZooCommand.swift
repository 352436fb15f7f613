import ArgumentParser
import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors
import Zoo

struct ZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo", abstract: "The architectures that Menagerie knows.",
    subcommands: [ZooListCommand.self, ZooShowCommand.self], defaultSubcommand: ZooListCommand.self)
}

struct ZooListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Every variant with the dialects that it is read and written in."
  )

  @Flag(help: "One JSON document.")
  var json = false

  func run() throws {
    let catalogue = Catalogue.standard
    if json {
      Terminal.say(json: [
        "families": .array(
          catalogue.families.map { family in
            [
              "family": .string(family.name),
              "variants": .array(
                family.variants.map { variant in
                  [
                    "name": .string(variant.name),
                    "dialects": .array(variant.dialects.map { .string($0.rawValue) }),
                  ]
                }),
            ]
          })
      ])
      return
    }
    let width = catalogue.variants.map(\.name.count).max() ?? 0
    for family in catalogue.families {
      Terminal.say(Terminal.bold(family.name))
      for variant in family.variants {
        let dialects = variant.dialects.map(\.rawValue).joined(separator: ", ")
        Terminal.say("  \(variant.name.padded(to: width))  \(Terminal.faint(dialects))")
      }
    }
  }
}

extension ModelVariant {
  /// The dialects whose libraries have it: the names, and the same architecture.
  var dialects: [Dialect] {
    Dialect.all.filter { dialect in
      guard configuration.nameMap(for: dialect) != nil else { return false }
      if case .possible = configuration.adapted(to: dialect) { return true }
      return false
    }
  }
}

struct ZooShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "A variant's parameters, and their names in each dialect.")

  @Argument(help: "A variant: resnet50, ResNeXt-50 32x4d …")
  var name: String

  @Option(help: "Only this dialect's names.")
  var dialect: String?

  @Flag(help: "One JSON document.")
  var json = false

  func run() throws {
    let variant = try Catalogue.standard.variant(named: name)
    let definition = try variant.configuration.build()
    let dialects = try dialect.map { [try Dialect(checking: $0)] } ?? variant.dialects
    let maps = dialects.compactMap { dialect in
      variant.configuration.nameMap(for: dialect).map { (dialect, $0.inverted) }
    }
    let rows = definition.graph.parameters.map { id in
      let value = definition.graph[id]
      return (
        name: value.name, shape: value.type.shape ?? [],
        others: maps.map { $0.1.names(for: value.name)?.joined(separator: " ") ?? "-" }
      )
    }
    if json {
      Terminal.say(json: [
        "family": .string(variant.configuration.family), "variant": .string(variant.name),
        "parameters": .array(
          rows.map { row in
            [
              "name": .string(row.name), "shape": .array(row.shape.map { .integer($0) }),
              "names": .object(
                OrderedDictionary(
                  uniqueKeysWithValues: zip(maps, row.others).map {
                    ($0.0.0.rawValue, JSONValue.string($0.1))
                  })),
            ]
          }),
      ])
      return
    }
    let total = rows.reduce(0) { $0 + $1.shape.elementCount }
    Terminal.say(
      "\(Terminal.bold(variant.name))  \(variant.configuration.family), \(Quantities.count(total)) numbers"
    )
    for (i, (dialect, _)) in maps.enumerated() {
      Terminal.say("\n\(dialect)")
      let width = rows.map { $0.others[i].count }.max() ?? 0
      for row in rows { Terminal.say("  \(row.others[i].padded(to: width))  \(row.shape)") }
    }
  }
}
