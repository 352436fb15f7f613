import BinaryIO
import Tensors

/// Where the bytes of storages are: records of an archive, or the tail of a legacy stream.
///
/// A key gives the same storage each time, which is what makes tensors tied.
final class StorageSource {
  /// The bytes of the storage under a key, or nil when there is none.
  typealias Lookup = (_ key: String) throws -> Bytes?

  private let lookup: Lookup
  private let isBigEndian: Bool
  private var storages: [String: TensorStorage] = [:]
  private var swappedWidths: [String: Int] = [:]

  init(isBigEndian: Bool, lookup: @escaping Lookup) {
    self.isBigEndian = isBigEndian
    self.lookup = lookup
  }

  /// The storage that `reference` names, for numbers of `dataType`.
  /// - Throws: `.malformed` when it is missing, `.truncated` when it is shorter than announced.
  func storage(_ reference: StorageReference, for dataType: DataType) throws -> TensorStorage {
    let storage = try storage(reference.key, dataType)
    let size = reference.elements.byteCount ?? 1
    guard reference.count <= storage.byteCount / size else {
      throw DataError(
        .truncated,
        "storage '\(reference.key)' is said to have \(reference.count) elements, but has "
          + "\(storage.byteCount) bytes")
    }
    return storage
  }

  private func storage(_ key: String, _ dataType: DataType) throws -> TensorStorage {
    let width = dataType == .complex64 ? 4 : dataType.byteCount
    if let storage = storages[key] {
      guard !isBigEndian || swappedWidths[key] == width else {
        throw DataError(.unsupported, "storage '\(key)' holds big-endian numbers of several sizes")
      }
      return storage
    }
    guard let bytes = try lookup(key) else {
      throw DataError(.malformed, "storage '\(key)' is not in the file")
    }
    let storage = TensorStorage(isBigEndian && width > 1 ? bytes.byteSwapped(width: width) : bytes)
    storages[key] = storage
    swappedWidths[key] = width
    return storage
  }
}
