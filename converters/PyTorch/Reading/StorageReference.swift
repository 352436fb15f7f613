import BinaryIO
import Tensors

/// What a pickle says about a storage that lies outside of it.
struct StorageReference {
  /// What the numbers of a storage are, by its class.
  enum Elements: Hashable {
    case typed(DataType)
    /// Bytes; the tensor says what they are.
    case untyped
    /// A class of PyTorch's whose numbers we do not read.
    case unreadable(String)

    var byteCount: Int? {
      switch self {
      case .typed(let type): type.byteCount
      case .untyped: 1
      case .unreadable(let name): ["ComplexDouble": 16, "QInt32": 4][name] ?? 1
      }
    }
  }

  var key: String
  var elements: Elements
  /// How many elements the storage has.
  var count: Int
  /// For a part of a larger storage: where it begins, in elements.
  var viewOffset = 0
  /// The size of that part.
  var viewCount: Int?

  /// - Throws: `.malformed` when the identifier is none of a storage.
  init(_ identifier: PickleValue, in heap: PickleHeap) throws {
    guard let parts = heap.sequence(identifier), parts.count == 5 || parts.count == 6,
      parts[0] == .string("storage"), let name = heap.globalName(parts[1]),
      case .integer(let count) = parts[4]
    else {
      throw DataError(
        .malformed, "a reference that names no storage, or one beyond all bounds")
    }
    switch parts[2] {
    case .string(let key): self.key = key
    case .integer(let key): self.key = String(key)
    default: throw DataError(.malformed, "a storage whose key is no text")
    }
    guard count >= 0, count <= 1 << 48 else {
      throw DataError(.malformed, "a storage of \(count) elements")
    }
    elements = try StorageReference.elements(of: name)
    self.count = count
    if parts.count == 6, let view = heap.sequence(parts[5]) {
      guard view.count == 3, case .integer(let offset) = view[1], case .integer(let size) = view[2],
        offset >= 0, size >= 0, offset <= 1 << 48, size <= 1 << 48
      else { throw DataError(.malformed, "a view of a storage without offset and size") }
      viewOffset = offset
      viewCount = size
    }
  }

  private static func elements(of name: String) throws -> Elements {
    let stem = name.split(separator: ".").last.map(String.init) ?? ""
    guard name.hasPrefix("torch."), stem.hasSuffix("Storage") else {
      throw DataError(.malformed, "'\(name)' where a class of storage is wanted")
    }
    let kind = String(stem.dropLast("Storage".count))
    if kind == "Untyped" || kind == "_Untyped" { return .untyped }
    if let type = types[kind] { return .typed(type) }
    guard unreadable.contains(kind) else {
      throw DataError(.malformed, "the unknown storage class '\(name)'")
    }
    return .unreadable(kind)
  }

  /// Legacy storage classes, by the name before `Storage`.
  static let types: [String: DataType] = [
    "Double": .float64, "Float": .float32, "Half": .float16, "BFloat16": .bfloat16,
    "Long": .int64, "Int": .int32, "Short": .int16, "Char": .int8, "Byte": .uint8, "Bool": .bool,
    "ComplexFloat": .complex64,
  ]
  private static let unreadable: Set<String> = [
    "ComplexDouble", "QInt8", "QUInt8", "QInt32", "QUInt4x2", "QUInt2x4",
  ]
}
