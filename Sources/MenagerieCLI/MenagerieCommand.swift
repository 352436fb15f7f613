import ArgumentParser

struct MenagerieCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "menagerie", abstract: "Models from any format: looked at, converted, checked, run.")
}
