import BinaryIO
import Formats
import OrderedCollections

/// The `.keras` archive of Keras 3.
public struct KerasArchiveFormat: ModelFormat {
  public init() {}
  public let identifier = "keras"
  public let title = "Keras archive"
  public let extensions = ["keras"]
  public let holdsGraph = true
  public let isChannelsLast = true
  public let holdsOptimizer = true

  public func matches(_ probe: FileProbe) -> Bool {
    let names = Set(probe.entries)
    return probe.isZip
      && (names.contains("model.weights.h5") || names.contains("model.weights.npz")
        || names.isSuperset(of: ["config.json", "metadata.json"]))
  }

  public func read(_ path: String) throws -> Checkpoint {
    try namingFile(path) { try KerasReader.readArchive(try MappedFile(path: path).bytes) }
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    if checkpoint.isWithoutGraph {
      guard KerasHubPresetFormat.isClass(checkpoint.sidecars["config.json"]) else {
        return DataError(
          .unsupported, "KerasHub has no class that is known here for this model",
          remedy: "write the weights alone: a name that ends in .weights.h5")
      }
      return obstacle(toBlocksOf: checkpoint)
    }
    return obstacle(toBlocksOf: checkpoint) ?? KerasWriter.obstacle(checkpoint)
  }

  public func obstacle(toOptimizer record: OptimizerRecord) -> DataError? {
    KerasOptimizerWriter.obstacle(record)
  }

  public func remarks(on checkpoint: Checkpoint) -> [String] {
    KerasOptimizerWriter.remarks(on: checkpoint)
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    try KerasWriter.writeArchive(checkpoint, to: path)
  }
}
