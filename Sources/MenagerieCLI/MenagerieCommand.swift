import ArgumentParser

@main
struct MenagerieCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "menagerie", abstract: "Models from any format, converted, checked and run.")
}
