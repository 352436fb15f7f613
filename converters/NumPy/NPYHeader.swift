import BinaryIO
import Tensors

/// The front of an `.npy` file: a Python dictionary as text, which is read as data and never evaluated.
///
/// - Source: NEP 1 and `numpy/lib/_format_impl.py`, versions 1.0 to 3.0.
struct NPYHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// The longest header that we read; a list of 64 axes fits many times.
  static let maximumByteCount = 1 << 16

  let type: NPYType
  let isFortran: Bool
  let shape: Shape
  /// Where the elements begin.
  let dataOffset: Int

  var byteCount: Int { shape.elementCount * type.dataType.byteCount }

  /// - Parameter file: the file or at least its header.
  /// - Throws: `.malformed`, `.truncated`, `.limitExceeded`, `.unsupported`.
  init(_ file: Bytes) throws {
    guard file.starts(with: NPYHeader.magic) else {
      throw DataError(.malformed, "does not begin as a NumPy array does", expected: "'\\x93NUMPY'")
    }
    var reader = ByteReader(file, at: NPYHeader.magic.count)
    let major = try reader.read(UInt8.self)
    _ = try reader.read(UInt8.self)
    guard (1...3).contains(major) else {
      throw DataError(.unsupported, "version \(major) of NumPy's format", offset: 6)
    }
    let count = try major == 1 ? Int(reader.read(UInt16.self)) : Int(reader.read(UInt32.self))
    guard count <= NPYHeader.maximumByteCount else {
      throw DataError(
        .limitExceeded, "a header of \(count) bytes",
        expected: "at most \(NPYHeader.maximumByteCount)")
    }
    let start = reader.position
    let text = try reader.readBytes(count).array
    dataOffset = reader.position
    var literal = PythonLiteral(text, offset: start)
    let fields = try literal.dictionary()
    guard case .text(let descriptor)? = fields["descr"],
      case .bool(let isFortran)? = fields["fortran_order"],
      case .integers(let dimensions)? = fields["shape"], fields.count == 3
    else {
      throw DataError(
        .malformed, "a header without 'descr', 'fortran_order' and 'shape'", offset: start)
    }
    type = try NPYType(descriptor: descriptor)
    self.isFortran = isFortran
    shape = try Shape(checking: dimensions)
  }

  /// A header of version 1.0 (2.0 when it is long) whose end, and so the data, lies on a multiple of 64.
  static func bytes(_ type: DataType, _ shape: Shape) throws -> [UInt8] {
    guard let descriptor = NPYType.descriptor(of: type) else {
      throw DataError(.unsupported, "\(type) has no name in NumPy")
    }
    let dimensions = shape.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(dimensions)), }"
    let missing = (64 - (10 + text.utf8.count + 1) % 64) % 64
    let count = text.utf8.count + missing + 1
    return magic + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
      + [UInt8](repeating: 0x20, count: missing) + [0x0A]
  }
}
