import Archives
import BinaryIO
import Formats
import OrderedCollections
import Tensors

/// Writes a state dict as `torch.save` does: one pickle and one record for each storage.
///
/// - Source: `torch/serialization.py`, `_save`; the records' layout is `caffe2/serialize/inline_container.h`'s.
struct StateDictWriter {
  private let entries: [TensorEntry]
  private let names: [String]
  private let versions: StateDictVersions
  private let description: String?
  private static let root = "archive"

  init(_ checkpoint: Checkpoint) {
    entries = checkpoint.normalised.map(\.entry)
    names = entries.map(\.name)
    versions = StateDictVersions(checkpoint)
    description = checkpoint.descriptionText
  }

  func write(to output: AtomicFileWriter) throws -> [WrittenTensor] {
    let plan = try StoragePlan(entries)
    let archive = ZipWriter(output)
    try archive.add("\(StateDictWriter.root)/data.pkl", pickle(plan))
    try archive.add("\(StateDictWriter.root)/byteorder", Array("little".utf8))
    for (key, source) in plan.sources.enumerated() {
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
    return entries.map { WrittenTensor(source: $0.name, target: $0.name, written: $0) }
  }

  private func pickle(_ plan: StoragePlan) -> [UInt8] {
    var pickle = PickleWriter()
    writeOrderedDictionary(&pickle)
    if !entries.isEmpty {
      pickle.write(.mark)
      for (entry, view) in zip(entries, plan.views) {
        pickle.write(entry.name)
        writeTensor(entry, view, plan.sources[view.storage], &pickle)
      }
      pickle.write(.setItems)
    }
    writeVersions(&pickle)
    pickle.write(.stop)
    return pickle.bytes
  }

  private func writeOrderedDictionary(_ pickle: inout PickleWriter) {
    pickle.writeGlobal("collections", "OrderedDict")
    pickle.write(.emptyTuple)
    pickle.write(.reduce)
  }

  private func writeTensor(
    _ entry: TensorEntry, _ view: StoragePlan.View, _ source: StoragePlan.Source,
    _ pickle: inout PickleWriter
  ) {
    let storageClass = StateDictWriter.storageClasses[entry.dataType]
    let size = entry.dataType.byteCount
    let byteCount =
      switch source {
      case .shared(_, let range): range.count
      case .dense(let entry): entry.byteCount
      }
    pickle.writeGlobal(
      "torch._utils", storageClass == nil ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2")
    pickle.write(.mark)
    pickle.write(.mark)
    pickle.writeShared("storage")
    if let storageClass {
      pickle.writeGlobal("torch", storageClass)
    } else {
      pickle.writeGlobal("torch.storage", "UntypedStorage")
    }
    pickle.write(String(view.storage))
    pickle.writeShared("cpu")
    pickle.write(storageClass == nil ? byteCount : byteCount / size)
    pickle.write(.tuple)
    pickle.write(.binPersistentID)
    pickle.write(view.offset)
    pickle.writeTuple(entry.shape.dimensions)
    pickle.writeTuple(view.strides)
    pickle.write(.newFalse)
    writeOrderedDictionary(&pickle)
    if storageClass == nil { pickle.writeGlobal("torch", entry.dataType.rawValue) }
    pickle.write(.tuple)
    pickle.write(.reduce)
  }

  private func writeVersions(_ pickle: inout PickleWriter) {
    pickle.write(.emptyDictionary)
    pickle.write(StateDictKeys.versions)
    writeOrderedDictionary(&pickle)
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

  /// Types without a class of their own are views of untyped bytes.
  private static let storageClasses: [DataType: String] = Dictionary(
    uniqueKeysWithValues: StorageReference.types.map { ($0.value, "\($0.key)Storage") })
}
