import BinaryIO
import Tensors

/// A file format: how to tell it, read it and write it. One conformer a format, in `converters/<Name>/`.
public protocol ModelFormat: Sendable {
  /// What the command line and JSON call it: `pytorch`.
  var identifier: String { get }
  /// For people: `PyTorch checkpoint`.
  var title: String { get }
  /// File extensions without the dot, the usual one first; `/` for a directory.
  var extensions: [String] { get }
  /// Whether a file of it can hold a graph.
  var holdsGraph: Bool { get }
  /// Whether the format keeps images channels-last and dense kernels `[in, out]`.
  var isChannelsLast: Bool { get }
  /// Whether tensors of block-quantised types can be written; a conversion widens them for others.
  var holdsBlocks: Bool { get }
  /// Whether what an optimiser remembers can be written beside the weights.
  var holdsOptimizer: Bool { get }

  /// Whether the file looks like this format; decided by content, never by its name.
  func matches(_ probe: FileProbe) -> Bool

  /// Reads the file, lazily where the format allows it.
  /// - Throws: `DataError`.
  func read(_ path: String) throws -> Checkpoint

  /// Why `checkpoint` cannot be written in this format, before anything is written; nil when it can.
  func obstacle(to checkpoint: Checkpoint) -> DataError?

  /// Why what an optimiser remembers cannot be written in this format; nil when it can.
  func obstacle(toOptimizer record: OptimizerRecord) -> DataError?

  /// What a person should know about how `checkpoint` is written: what the format has no place for.
  func remarks(on checkpoint: Checkpoint) -> [String]

  /// In which type each of `checkpoint.normalised` is to be written, where the format's readers mind; nil where they do not.
  /// - Parameter asked: the type that a person wants; nil for the tensors' own.
  func storage(of checkpoint: Checkpoint, asked: DataType?) -> [StorageChoice]?

  /// The same format, which writes large weights in files of at most so many bytes; nil where it always writes one file.
  func withFiles(ofAtMost byteCount: Int) -> (any ModelFormat)?

  /// Writes `checkpoint.normalised` (and its graph, if the format holds graphs) to a new file at `path`.
  ///
  /// The file at `path` is replaced only when all went well. The same checkpoint gives the same bytes.
  /// - Returns: what became of each normalised tensor, in order.
  func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor]
}

extension ModelFormat {
  public var holdsGraph: Bool { false }
  public var isChannelsLast: Bool { false }
  public var holdsBlocks: Bool { false }
  public var holdsOptimizer: Bool { false }
  public func obstacle(toOptimizer record: OptimizerRecord) -> DataError? {
    holdsOptimizer ? nil : DataError(.unsupported, "\(title) has no place for it")
  }
  public func remarks(on checkpoint: Checkpoint) -> [String] { [] }
  public func storage(of checkpoint: Checkpoint, asked: DataType?) -> [StorageChoice]? { nil }
  public func withFiles(ofAtMost byteCount: Int) -> (any ModelFormat)? { nil }
  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    obstacle(toBlocksOf: checkpoint)
  }

  /// The first tensor that is quantised in blocks, where the format has no place for such.
  public func obstacle(toBlocksOf checkpoint: Checkpoint) -> DataError? {
    guard !holdsBlocks,
      let first = checkpoint.normalised.first(where: { $0.entry.dataType.isBlockQuantised })?.entry
    else { return nil }
    return DataError(
      .unsupported, "\(title) holds no tensors quantised in blocks (\(first.dataType))",
      subject: "tensor '\(first.name)'", remedy: "cast it to float32, or write GGUF")
  }
}

/// The type in which a tensor is written.
public struct StorageChoice: Sendable, Hashable {
  public var dataType: DataType
  /// Why it is not the type that was asked for.
  public var note: String?

  public init(_ dataType: DataType, note: String? = nil) {
    self.dataType = dataType
    self.note = note
  }
}

/// What a writer did with one normalised tensor.
public struct WrittenTensor: Sendable {
  /// The normalised name.
  public var source: String
  /// The name in the file; nil when it was left out by rule.
  public var target: String?
  public var action: TensorAction
  /// The tensor as it lies in the file, for its SHA-256.
  public var written: TensorEntry?
  /// Why, where it is not obvious.
  public var note: String?

  public init(
    source: String, target: String?, action: TensorAction = .exact, written: TensorEntry? = nil,
    note: String? = nil
  ) {
    self.source = source
    self.target = target
    self.action = action
    self.written = written
    self.note = note
  }
}

/// What a format may look at to tell whether a file is its own.
public struct FileProbe: Sendable {
  public let path: String
  public let isDirectory: Bool
  /// The file's bytes, mapped; empty for a directory.
  public let bytes: Bytes
  /// Names of the entries, when the file is a ZIP archive or a directory.
  public let entries: [String]

  public init(path: String, isDirectory: Bool, bytes: Bytes, entries: [String]) {
    self.path = path
    self.isDirectory = isDirectory
    self.bytes = bytes
    self.entries = entries
  }

  public var isZip: Bool { bytes.starts(with: [0x50, 0x4B]) }
}
