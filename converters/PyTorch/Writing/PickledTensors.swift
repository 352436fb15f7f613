import Formats
import Tensors

/// Tensors as a pickle names them: each a view of a storage that lies in a record of its own.
struct PickledTensors {
  private let entries: [TensorEntry]
  let plan: StoragePlan

  init(_ entries: [TensorEntry]) throws {
    self.entries = entries
    plan = try StoragePlan(entries)
  }

  /// Writes the call that rebuilds the tensor at a place among all.
  func write(_ index: Int, to pickle: inout PickleWriter) {
    let (entry, view) = (entries[index], plan.views[index])
    let storageClass = PickledTensors.storageClasses[entry.dataType]
    let size = entry.dataType.byteCount
    let byteCount =
      switch plan.sources[view.storage] {
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
    pickle.writeOrderedDictionary()
    if storageClass == nil { pickle.writeGlobal("torch", entry.dataType.rawValue) }
    pickle.write(.tuple)
    pickle.write(.reduce)
  }

  /// Types without a class of their own are views of untyped bytes.
  private static let storageClasses: [DataType: String] = Dictionary(
    uniqueKeysWithValues: StorageReference.types.map { ($0.value, "\($0.key)Storage") })
}

extension PickleWriter {
  /// An empty OrderedDict, to which entries may be added.
  mutating func writeOrderedDictionary() {
    writeGlobal("collections", "OrderedDict")
    write(.emptyTuple)
    write(.reduce)
  }
}
