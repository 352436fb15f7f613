import BinaryIO
import Formats

/// Keras's HDF5 files: weights alone, or a whole model of Keras 1, 2 or 3.
public struct KerasHDF5Format: ModelFormat {
  public init() {}
  public let identifier = "keras-h5"
  public let title = "Keras HDF5"
  public let extensions = ["h5", "hdf5"]
  public let holdsGraph = true
  public let isChannelsLast = true
  public let holdsOptimizer = true

  public func matches(_ probe: FileProbe) -> Bool { probe.bytes.starts(with: HDF5File.signature) }

  public func read(_ path: String) throws -> Checkpoint {
    try namingFile(path) { try KerasReader.readHDF5(try MappedFile(path: path).bytes) }
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    obstacle(toBlocksOf: checkpoint)
      ?? (checkpoint.isWithoutGraph ? nil : KerasWriter.obstacle(checkpoint))
  }

  public func obstacle(toOptimizer record: OptimizerRecord) -> DataError? {
    KerasOptimizerWriter.obstacle(record)
  }

  public func remarks(on checkpoint: Checkpoint) -> [String] {
    KerasOptimizerWriter.remarks(on: checkpoint)
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    checkpoint.isWithoutGraph
      ? try KerasWriter.writeWeights(checkpoint, to: path)
      : try KerasWriter.writeHDF5(checkpoint, to: path)
  }
}
