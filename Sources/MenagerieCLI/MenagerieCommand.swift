import ArgumentParser
import Menagerie

/// The root of the command line; a new command is a file in `Commands` and a line here.
struct MenagerieCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "menagerie",
    abstract: "Models from any format: looked at, converted, checked, run, taught.",
    discussion: """
      menagerie inspect resnet50.pth
      menagerie convert resnet50.pth resnet50.h5
      menagerie run resnet50.pth cat.jpg
      menagerie finetune resnet18.pth --data flowers/ -o mine.safetensors

      Exit status: 0 done; 1 the answer is no; 2 bad usage; 3 bad or unreadable input; 4 understood but not supported.
      """,
    version: "menagerie \(MenagerieVersion.current)",
    subcommands: [
      InspectCommand.self, ConvertCommand.self, VerifyCommand.self, DiffCommand.self,
      RunCommand.self, GenerateCommand.self, FinetuneCommand.self,
      ZooCommand.self, BenchCommand.self, TokenizeCommand.self,
    ])
}

extension MenagerieCommand {
  /// What to say of a first word that is no command, where the argument parser counts unexpected arguments; nil when it is one.
  static func complaint(about typed: String) -> String? {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard !typed.hasPrefix("-"), !names.contains(typed), typed != "help" else { return nil }
    return "there is no command '\(typed)'; expected \(names.joined(separator: ", ")); "
      + "see 'menagerie --help'"
  }
}
