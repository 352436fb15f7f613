import Archives
import BinaryIO
import Tensors

/// The arrays of golden files, read without the converter that the tests may be about.
public enum NumPyArrays {
  /// The array of an `.npy` fixture.
  public static func array(_ name: String, file: String = #filePath) throws -> Tensor {
    try array(Fixtures.bytes(name, file: file))
  }

  /// The arrays of an `.npz` fixture by their names.
  public static func arrays(_ name: String, file: String = #filePath) throws -> [String: Tensor] {
    let archive = try ZipArchive(Fixtures.bytes(name, file: file))
    return try archive.entries.reduce(into: [:]) { result, entry in
      result[String(entry.name.dropLast(".npy".count))] = try array(archive.bytes(of: entry))
    }
  }

  private static func array(_ bytes: Bytes) throws -> Tensor {
    let types: [String: DataType] = [
      "<f4": .float32, "<f8": .float64, "|u1": .uint8, "<i4": .int32, "<i8": .int64,
    ]
    let start = 10 + Int(try bytes.load(UInt16.self, at: 8))
    let header = try bytes.slice(at: 10, count: start - 10).utf8()
    let quoted = header.split(separator: "'")
    guard bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1]), quoted.count > 3,
      let type = types[String(quoted[3])], header.contains("'fortran_order': False"),
      let open = header.lastIndex(of: "("), let close = header.lastIndex(of: ")")
    else { throw DataError(.unsupported, "a golden array with the header \(header)") }
    let extents = header[header.index(after: open)..<close].split { $0 == "," || $0 == " " }
    let values = try bytes.slice(at: start, count: bytes.count - start)
    return try Tensor(
      viewing: TensorStorage(Bytes(values.array)), dataType: type,
      shape: Shape(checking: extents.compactMap { Int($0) }))
  }
}
