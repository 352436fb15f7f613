import ArgumentParser
import JSON
import Menagerie

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare the tensors of two files by name, across dialects.",
    discussion: "Exit status 0 when they are equal, 1 when they differ.")

  @Argument(help: "One file.", completion: .file())
  var a: String

  @Argument(help: "The other file.", completion: .file())
  var b: String

  @Flag(help: "One JSON document.")
  var json = false

  func run() throws {
    let comparison = try TensorComparison(Model(contentsOf: a), Model(contentsOf: b))
    if json {
      Terminal.say(json: [
        "equal": .bool(comparison.isEqual),
        "basis": .string(comparison.basis),
        "tensors": .array(
          comparison.rows.map { row in
            [
              "left": row.left.map { .string($0) } ?? .null,
              "right": row.right.map { .string($0) } ?? .null,
              "status": .string(row.status.rawValue),
              "maxAbsoluteDifference": row.maxAbsoluteDifference.map { .number($0) } ?? .null,
              "note": row.note.map { .string($0) } ?? .null,
            ]
          }),
      ])
    } else {
      show(comparison)
    }
    if !comparison.isEqual { throw Answer.no }
  }

  private func show(_ comparison: TensorComparison) {
    var hidden = 0
    for row in comparison.rows where row.status != .equal {
      if row.note != nil {
        hidden += 1
        continue
      }
      switch row.status {
      case .onlyLeft: Terminal.say("- \(row.left ?? "")")
      case .onlyRight: Terminal.say("+ \(row.right ?? "")")
      default:
        let how =
          row.maxAbsoluteDifference.map { "by at most \(Quantities.difference($0))" } ?? "in shape"
        let other = row.right == row.left ? "" : " / \(row.right ?? "")"
        Terminal.say("≠ \(row.left ?? "")\(other)  \(how)")
      }
    }
    let equal = comparison.rows.count { $0.status == .equal }
    let differ = comparison.rows.count { $0.status == .differs }
    let lone = comparison.rows.count - equal - differ - hidden
    Terminal.say(
      "\(equal) equal, \(differ) differ, \(lone) on one side only (matched \(comparison.basis))"
        + (hidden > 0 ? "; \(hidden) training counters on one side only" : ""))
  }
}
