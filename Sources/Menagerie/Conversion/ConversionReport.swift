import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// What a conversion did: every tensor of the source is accounted for.
public struct ConversionReport: Sendable {
  /// What became of one tensor.
  public struct Line: Sendable {
    /// The names in the source file; empty for a synthesised tensor.
    public var sources: [String]
    /// The name in the output; nil for a dropped tensor.
    public var target: String?
    public var action: TensorAction
    /// Why, where it is not obvious.
    public var note: String?
    /// The tensor as it lies in the source file.
    public var sourceTensor: TensorEntry?
    /// The tensor as it lies in the output.
    public var targetTensor: TensorEntry?
  }

  /// How the output was checked against the source.
  public struct Verification: Sendable {
    public enum Status: String, Sendable { case checked, unchecked, failed }
    public var status: Status
    /// The largest difference of any output element; nil when nothing was run.
    public var maxAbsoluteDifference: Double?
    /// How it was checked, or why it was not.
    public var reason: String
  }

  public var source: String
  public var output: String
  public var format: String
  /// Whose names the output uses; nil when the model was not recognised.
  public var dialect: String?
  /// What the source was recognised as.
  public var recognised: String?
  public var lines: [Line]
  /// Tensors of the source that no rule knows.
  public var unmatched: [String]
  public var verification: Verification
  /// What else a person should know.
  public var notes: [String]
}

extension ConversionReport {
  /// How many tensors met each action, in the actions' order.
  public var counts: [(action: TensorAction, count: Int)] {
    TensorAction.allCases.compactMap { action in
      let count = lines.count { $0.action == action }
      return count > 0 ? (action, count) : nil
    }
  }

  /// A few lines for a person.
  public var summary: String {
    let done = counts.map { "\($0.count) \($0.action.rawValue)" }.joined(separator: ", ")
    var text = ["\(source) → \(output) (\(format)\(dialect.map { ", \($0)" } ?? ""))"]
    if let recognised { text.append("  recognised: \(recognised)") }
    text.append("  tensors:    \(done.isEmpty ? "none" : done)")
    for (action, note) in explanations { text.append("    \(action.rawValue): \(note)") }
    if !unmatched.isEmpty {
      let shown = unmatched.prefix(5).joined(separator: ", ")
      text.append("  unmatched:  \(unmatched.count): \(shown)\(unmatched.count > 5 ? ", …" : "")")
    }
    text.append("  check:      \(verification.status.rawValue): \(verification.reason)")
    for note in notes { text.append("  note:       \(note)") }
    return text.joined(separator: "\n")
  }

  /// Each reason once, with how many tensors it concerns.
  private var explanations: [(TensorAction, String)] {
    var counted: OrderedDictionary<String, (action: TensorAction, names: [String])> = [:]
    for line in lines {
      guard let note = line.note else { continue }
      counted["\(line.action) \(note)", default: (line.action, [])].names
        .append(line.target ?? line.sources.first ?? "?")
    }
    return counted.map { key, value in
      let note = key.dropFirst("\(value.action) ".count)
      let names =
        value.names.prefix(2).joined(separator: ", ") + (value.names.count > 2 ? ", …" : "")
      return (value.action, "\(note) (\(value.names.count): \(names))")
    }
  }

  /// The certificate: every tensor with the SHA-256 of both sides. Reads all tensors.
  public func json() throws -> JSONValue {
    [
      "source": .string(source), "output": .string(output), "format": .string(format),
      "dialect": dialect.map { .string($0) } ?? .null,
      "recognised": recognised.map { .string($0) } ?? .null,
      "tensors": .array(try lines.map { try $0.json() }),
      "unmatched": .array(unmatched.map { .string($0) }),
      "verification": [
        "status": .string(verification.status.rawValue),
        "maxAbsoluteDifference": verification.maxAbsoluteDifference.map { .number($0) } ?? .null,
        "reason": .string(verification.reason),
      ],
      "notes": .array(notes.map { .string($0) }),
    ]
  }
}

extension ConversionReport.Line {
  func json() throws -> JSONValue {
    let names: JSONValue =
      switch sources.count {
      case 0: .null
      case 1: .string(sources[0])
      default: .array(sources.map { .string($0) })
      }
    let before = try sourceTensor?.load().sha256
    let after = try targetTensor?.load().sha256
    return [
      "source": names, "target": target.map { .string($0) } ?? .null,
      "action": .string(action.rawValue),
      "sourceSHA256": before.map { .string($0) } ?? .null,
      "targetSHA256": after.map { .string($0) } ?? .null,
      "note": note.map { .string($0) } ?? .null,
    ]
  }
}
