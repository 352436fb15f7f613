import ArgumentParser

/// `--threads`, wherever a model runs.
struct ThreadOptions: ParsableArguments {
  @Option(
    name: .customLong("threads"), parsing: .unconditional,
    help: ArgumentHelp("Threads; all cores, or MENAGERIE_THREADS, if not given.", valueName: "n"))
  var count: Int?

  func validate() throws {
    if let count, !(1...1024).contains(count) {
      throw ValidationError("--threads \(count): expected 1 to 1024")
    }
  }
}
