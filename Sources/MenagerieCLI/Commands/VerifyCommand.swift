import ArgumentParser
import BinaryIO
import Execution
import Formats
import JSON
import Menagerie
import NumPyConverter

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Run two models on the same input and compare what they say.",
    discussion: "Exit status 0 when they agree, 1 when they differ.")

  @Argument(help: "The model that is right.", completion: .file())
  var a: String

  @Argument(help: "The model that is checked.", completion: .file())
  var b: String

  @Option(
    help: ArgumentHelp("Inputs by name; seeded noise if not given.", valueName: "in.npz"),
    completion: .file())
  var inputs: String?

  @Option(
    parsing: .unconditional, help: "Allowed difference, relative to the largest value of an output."
  )
  var rtol = OutputVerification.defaultRelativeTolerance

  @Option(parsing: .unconditional, help: "Allowed difference, absolute.")
  var atol = 0.0

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "One JSON document.")
  var json = false

  func validate() throws {
    for (name, value) in [("--rtol", rtol), ("--atol", atol)] {
      guard value >= 0, value.isFinite else {
        throw ValidationError("\(name) \(value): expected 0 or more")
      }
    }
  }

  func run() throws {
    let options = SessionOptions(threads: threads.count)
    let left = try Model(contentsOf: a, options: options)
    let right = try Model(contentsOf: b, options: options)
    let feeds = try inputs.map { path in
      try namingFile(path) {
        Dictionary(
          try NPZ.read(path).map { ($0.name, try $0.load()) }, uniquingKeysWith: { $1 })
      }
    }
    let check = try OutputVerification(
      left, right, inputs: feeds, relativeTolerance: rtol, absoluteTolerance: atol)
    if json {
      Terminal.say(json: [
        "equal": .bool(check.isEqual),
        "outputs": .array(
          check.outputs.map {
            [
              "name": .string($0.name), "maxAbsoluteDifference": .number($0.difference.maxAbsolute),
              "maxRelativeDifference": .number($0.difference.maxRelative),
              "equal": .bool($0.isEqual),
            ]
          }),
      ])
    } else {
      Terminal.say("run on \(check.inputDescription)")
      for output in check.outputs {
        let difference = Quantities.difference(output.difference.maxAbsolute)
        let scale = Quantities.difference(output.difference.scale)
        Terminal.say(
          "  \(output.name): \(output.isEqual ? "agree" : "DIFFER"), by at most \(difference) (largest value \(scale))"
        )
      }
    }
    if !check.isEqual { throw Answer.no }
  }
}
