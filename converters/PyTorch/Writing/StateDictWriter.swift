import Archives
import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// Writes a state dict as `torch.save` does: one pickle and one record for each storage.
///
/// - Source: `torch/serialization.py`, `_save`; the records' layout is `caffe2/serialize/inline_container.h`'s.
struct StateDictWriter {
  private let weights: [TensorEntry]
  private let optimizer: OptimizerStateWriter?
  private let layout: PyTorchLayout
  private let counters: [String: Int]
  private let versions: StateDictVersions
  private let description: String?
  private static let root = "archive"

  init(_ checkpoint: Checkpoint) {
    weights = checkpoint.normalised.map(\.entry)
    optimizer = checkpoint.optimizer.map(OptimizerStateWriter.init)
    layout = checkpoint.native as? PyTorchLayout ?? .usual
    counters = checkpoint.metadata.compactMapValues(\.integer).reduce(into: [:]) {
      $0[$1.key] = $1.value
    }
    versions = StateDictVersions(checkpoint)
    description = checkpoint.descriptionText
  }

  func write(to output: AtomicFileWriter) throws -> [WrittenTensor] {
    let tensors = try PickledTensors(weights + (optimizer?.entries ?? []))
    let archive = ZipWriter(output)
    try archive.add("\(StateDictWriter.root)/data.pkl", pickle(tensors))
    try archive.add("\(StateDictWriter.root)/byteorder", Array("little".utf8))
    for (key, source) in tensors.plan.sources.enumerated() {
      let bytes =
        switch source {
        case .shared(let storage, let range): storage.bytes[range]
        case .dense(let entry): try entry.load().contiguousBytes
        }
      try archive.add("\(StateDictWriter.root)/data/\(key)", [bytes])
    }
    try archive.add("\(StateDictWriter.root)/version", Array("3\n".utf8))
    if let description {
      // A record that PyTorch does not ask for
      let name = "\(StateDictWriter.root)/\(Checkpoint.descriptionName)"
      try archive.add(name, Array(description.utf8))
    }
    try archive.finish()
    return weights.map { WrittenTensor(source: $0.name, target: $0.name, written: $0) }
  }

  private func pickle(_ tensors: PickledTensors) -> [UInt8] {
    var pickle = PickleWriter()
    if let optimizer {
      layout.write(
        to: &pickle, counters: counters, weights: { write(tensors, to: &$0) },
        optimizer: { optimizer.write(tensors, from: weights.count, to: &$0) })
    } else {
      write(tensors, to: &pickle)
    }
    pickle.write(.stop)
    return pickle.bytes
  }

  private func write(_ tensors: PickledTensors, to pickle: inout PickleWriter) {
    pickle.writeOrderedDictionary()
    if !weights.isEmpty {
      pickle.write(.mark)
      for (index, entry) in weights.enumerated() {
        pickle.write(entry.name)
        tensors.write(index, to: &pickle)
      }
      pickle.write(.setItems)
    }
    writeVersions(&pickle)
  }

  private func writeVersions(_ pickle: inout PickleWriter) {
    pickle.write(.emptyDictionary)
    pickle.write(StateDictKeys.versions)
    pickle.writeOrderedDictionary()
    pickle.write(.mark)
    for (path, version) in versions.versions {
      pickle.write(path)
      pickle.write(.emptyDictionary)
      pickle.writeShared("version")
      pickle.write(version)
      pickle.write(.setItem)
    }
    pickle.write(.setItems)
    pickle.write(.setItem)
    pickle.write(.build)
  }
}
