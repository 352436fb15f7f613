import BinaryIO
import Formats

/// What Keras 3 writes by `save_weights`: weights alone, by objects. Such files are read as the HDF5 that they are.
public struct KerasWeightsFormat: ModelFormat {
  public init() {}
  public let identifier = "keras-weights"
  public let title = "Keras weights"
  public let extensions = ["weights.h5"]
  public let holdsGraph = true
  public let isChannelsLast = true

  public func matches(_ probe: FileProbe) -> Bool { false }

  public func read(_ path: String) throws -> Checkpoint { try KerasHDF5Format().read(path) }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    obstacle(toBlocksOf: checkpoint)
      ?? (checkpoint.isWithoutGraph ? nil : KerasWriter.obstacle(checkpoint))
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    try KerasWriter.writeWeightsFile(checkpoint, to: path)
  }
}
