import BinaryIO

/// The tail of a legacy stream: for each key the number of elements and, unpadded, the elements.
struct LegacyStorages {
  private(set) var bytes: [String: Bytes] = [:]

  /// - Parameters:
  ///   - heap: the pickle whose references say how large an element is.
  ///   - keys: the keys in the order in which the storages follow, from the pickle `keyHeap`.
  init(
    _ heap: PickleHeap, _ keys: [PickleValue], _ keyHeap: PickleHeap, _ file: Bytes,
    at position: Int,
    _ isBigEndian: Bool
  ) throws {
    var sizes: [String: Int] = [:]
    for node in heap.nodes {
      guard case .persistent = node.kind, heap.sequence(node.arguments)?.first == .string("storage")
      else { continue }
      let reference = try StorageReference(node.arguments, in: heap)
      sizes[reference.key] = reference.elements.byteCount
    }
    var reader = ByteReader(file, at: position)
    for value in keys {
      guard let key = keyHeap.name(value) else {
        throw DataError(.malformed, "a storage whose key is no text", offset: reader.position)
      }
      guard let size = sizes[key] else {
        throw DataError(
          .malformed, "storage '\(key)' that nothing refers to", offset: reader.position)
      }
      let count = try reader.read(UInt64.self)
      let elements = Int(exactly: isBigEndian ? count.byteSwapped : count) ?? .max
      let (byteCount, overflow) = elements.multipliedReportingOverflow(by: size)
      guard !overflow, byteCount <= reader.remaining else {
        throw DataError(
          .truncated, "storage '\(key)' of \(elements) elements overruns the file",
          offset: reader.position, remedy: "is the file cut short?")
      }
      guard bytes.updateValue(try reader.readBytes(byteCount), forKey: key) == nil else {
        throw DataError(.malformed, "storage '\(key)' occurs twice", offset: reader.position)
      }
    }
  }
}
