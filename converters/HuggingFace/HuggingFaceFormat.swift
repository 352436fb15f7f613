import BinaryIO
import Formats
import OrderedCollections
import PyTorchConverter
import SafeTensorsConverter
import Tensors

/// A directory as the Hugging Face libraries keep a model: weights, perhaps in shards, and JSON files beside them.
public struct HuggingFaceFormat: ModelFormat {
  public let identifier = "huggingface"
  public let title = "Hugging Face directory"
  public let extensions = ["/"]

  /// The file of a directory that says what the model is.
  static let configuration = "config.json"
  static let weights = "model.safetensors"
  /// The files one of which a directory with a model has: transformers' and Meta's.
  public static let descriptions = [configuration, ParallelParts.parameters]

  /// Weights of more bytes are written in several files of at most so many each, where no tensor is larger.
  public var shardByteCount: Int

  /// - Parameter shardByteCount: as transformers does it, 5 GB.
  public init(shardByteCount: Int = 5_000_000_000) { self.shardByteCount = shardByteCount }

  public func withFiles(ofAtMost byteCount: Int) -> (any ModelFormat)? {
    HuggingFaceFormat(shardByteCount: byteCount)
  }

  public func matches(_ probe: FileProbe) -> Bool {
    probe.isDirectory && WeightFiles(names: probe.entries) != nil
  }

  public func read(_ path: String) throws -> Checkpoint {
    let folder = System.withoutTrailingSlashes(path)
    let names = System.names(in: folder)
    guard let files = WeightFiles(names: names) else {
      throw DataError(
        .unknownFormat, "is a directory without weights",
        expected: "'\(HuggingFaceFormat.weights)' or 'pytorch_model.bin'", path: path)
    }
    var checkpoint = try files.read(in: folder)
    checkpoint.format = identifier
    let description = checkpoint.sidecars[Checkpoint.descriptionName]
    checkpoint.sidecars = try CompanionFiles.sidecars(in: folder, names)
    if let description, checkpoint.sidecars[Checkpoint.descriptionName] == nil {
      checkpoint.sidecars[Checkpoint.descriptionName] = description
    }
    checkpoint.companions = CompanionFiles.companions(in: folder, names)
    checkpoint.adoptContradiction()
    return checkpoint
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    if ParallelParts.fits(checkpoint) { return PyTorchFormat().obstacle(to: checkpoint) }
    guard checkpoint.sidecars[HuggingFaceFormat.configuration] != nil else {
      return DataError(
        .unsupported, "no '\(HuggingFaceFormat.configuration)' is known for this model",
        remedy: "convert to safetensors, or from a model that the zoo recognises")
    }
    return SafeTensorsFormat().obstacle(to: checkpoint)
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try StagedOutput(path: path)
    try System.createDirectory(output.temporaryPath)
    let writer = DirectoryWriter(checkpoint, to: output.temporaryPath)
    try writer.writeCompanions()
    let written =
      ParallelParts.fits(checkpoint)
      ? try writer.writeOnePart() : try writer.writeWeights(shardByteCount: shardByteCount)
    try output.commit(replacingDirectory: isModel(output.path))
    return written
  }

  /// Whether a directory holds nothing but what we would replace: a model with its modules, not somebody's pictures.
  private func isModel(_ path: String) -> Bool {
    let names = System.names(in: path)
    let modules = CompanionFiles.folders(in: path, names)
    return HuggingFaceFormat.descriptions.contains(where: names.contains)
      && WeightFiles(names: names) != nil
      && names.allSatisfy {
        modules.contains($0) || System.isDirectory("\(path)/\($0)") == false
      }
  }
}
