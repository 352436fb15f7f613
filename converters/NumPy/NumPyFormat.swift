import BinaryIO
import Formats
import OrderedCollections
import JSON
import Tensors

/// NumPy's archive of arrays.
public struct NPZFormat: ModelFormat {
  public let identifier = "npz"
  public let title = "NumPy archive"
  public let extensions = ["npz"]

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool {
    probe.isZip
      && (probe.entries.contains { $0.hasSuffix(".npy") } || probe.path.hasSuffix(".npz"))
  }

  public func read(_ path: String) throws -> Checkpoint {
    let contents = try NPZ.contents(path)
    var checkpoint = Checkpoint(format: identifier, tensors: contents.entries)
    checkpoint.notes = contents.notes
    if let description = contents.description { checkpoint.adoptDescription(description) }
    return checkpoint
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    NPZ.obstacle(checkpoint.normalised.map(\.entry))
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let entries = checkpoint.normalised.map(\.entry)
    try NPZ.write(entries, to: path, description: checkpoint.descriptionText)
    return entries.map { WrittenTensor(source: $0.name, target: $0.name, written: $0) }
  }
}

/// One array.
public struct NPYFormat: ModelFormat {
  public let identifier = "npy"
  public let title = "NumPy array"
  public let extensions = ["npy"]

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool { probe.bytes.starts(with: NPYHeader.magic) }

  public func read(_ path: String) throws -> Checkpoint {
    let contents = try NPZ.contents(path)
    var checkpoint = Checkpoint(format: identifier, tensors: contents.entries)
    checkpoint.notes = contents.notes
    return checkpoint
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    guard checkpoint.normalised.count == 1 else {
      return DataError(
        .unsupported, "an .npy file holds one array, not \(checkpoint.normalised.count)",
        remedy: "write an .npz")
    }
    return NPZ.obstacle(checkpoint.normalised.map(\.entry))
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try AtomicFileWriter(path: path)
    let entries = checkpoint.normalised.map(\.entry)
    for entry in entries {
      try output.write(try NPYHeader.bytes(entry.dataType, entry.shape))
      try output.write(try entry.load().contiguousBytes)
    }
    try output.commit()
    return entries.map { WrittenTensor(source: $0.name, target: $0.name, written: $0) }
  }
}
