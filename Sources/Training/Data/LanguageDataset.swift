import BinaryIO
import JSON
import OrderedCollections

/// What a language model learns from: texts, prompts with their answers, or conversations.
///
/// A `.txt` file is one text; records of `RecordFile` are told by their columns. A folder has `train.jsonl` and `val.jsonl`.
public struct LanguageDataset: Sendable {
  /// What somebody says in a conversation.
  public struct Turn: Sendable, Hashable {
    /// `system`, `user`, `assistant`.
    public let role: String
    public let content: String

    public init(role: String, content: String) {
      self.role = role
      self.content = content
    }
  }

  public enum Content: Sendable, Hashable {
    case text(String)
    /// The answer is learnt, the prompt is not.
    case completion(prompt: String, answer: String)
    /// The assistant's turns are learnt.
    case conversation([Turn])
  }

  public struct Sample: Sendable, Hashable {
    public let content: Content
    public let path: String
    public let line: Int
  }

  /// What a person may say; the rest is guessed from the columns' names.
  public struct Options: Sendable {
    public var textColumn: String?
    public var promptColumn: String?
    public var answerColumn: String?
    public var conversationColumn: String?
    public var validationShare = 0.1
    public var seed: UInt64 = 0
    public var skipsBad = false

    public init() {}
  }

  public let path: String
  public let training: [Sample]
  public let validation: [Sample]
  /// What could not be used, with file and line; empty unless bad records are skipped.
  public let skipped: [DataError]
  /// What was guessed, a sentence each.
  public let evidence: [String]

  /// - Throws: with the file named, and the line where there is one.
  public init(_ path: String, _ options: Options = Options()) throws {
    let files = try DataFiles(path, endings: RecordFile.extensions + ["txt"])
    var reader = LanguageReader(options)
    let all = try reader.samples(of: files.training)
    if let file = files.validation {
      training = all
      validation = try reader.samples(of: file)
    } else {
      let split = StratifiedSplit(
        Array(repeating: 0, count: all.count), share: options.validationShare, seed: options.seed)
      training = split.training.map { all[$0] }
      validation = split.validation.map { all[$0] }
    }
    self.path = path
    skipped = reader.skipped
    evidence = reader.evidence
  }
}

/// The files of a data set: one, or those of a folder.
struct DataFiles {
  let training: String
  let validation: String?

  /// - Throws: `.notFound`; `.malformed` for a folder without a file to learn from.
  init(_ path: String, endings: [String]) throws {
    guard let isDirectory = System.isDirectory(path) else {
      throw DataError(.notFound, "no such file or folder", path: path)
    }
    guard isDirectory else {
      (training, validation) = (path, nil)
      return
    }
    let names = System.names(in: path)
    func file(_ stems: [String]) -> String? {
      for stem in stems {
        for ending in endings {
          if let name = names.first(where: { $0.lowercased() == "\(stem).\(ending)" }) {
            return "\(path)/\(name)"
          }
        }
      }
      return nil
    }
    guard let training = file(["train", "training"]) else {
      throw DataError(
        .malformed, "has no file of texts to learn from",
        expected: endings.map { "train.\($0)" }.joined(separator: ", "), path: path)
    }
    self.training = training
    validation = file(["val", "validation", "valid", "dev", "test"])
  }
}
