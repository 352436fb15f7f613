import BinaryIO
import JSON
import OrderedCollections
import Tensors

/// The front of a GGUF file, checked against the bytes behind it.
///
/// - Source: `docs/gguf.md` of ggml, version 3 (version 2 differs in nothing that is read here).
struct GGUFFile {
  static let magic = Array("GGUF".utf8)
  /// The most axes of a tensor, and the longest name of a key.
  static let maximumRank = 4
  static let maximumKeyLength = 65_535

  struct TensorInfo {
    var name: String
    var type: GGUFTensorType
    /// Outermost axis first, as everywhere but in the file.
    var shape: Shape
    /// Bytes from the start of the file.
    var range: Range<Int>
  }

  let bytes: Bytes
  let version: UInt32
  private(set) var metadata = GGUFMetadata()
  private(set) var tensors: [TensorInfo] = []
  /// Every tensor begins on a multiple of it, counted from the start of the data.
  private(set) var alignment = 32

  /// - Throws: `.truncated`, `.malformed`, `.limitExceeded`; `.unsupported` for other versions and byte orders.
  init(_ file: Bytes) throws {
    bytes = file
    guard file.starts(with: GGUFFile.magic) else {
      throw DataError(.malformed, "does not begin with 'GGUF'", offset: 0)
    }
    var reader = ByteReader(file, at: 4)
    version = try reader.read(UInt32.self)
    switch version {
    case 2, 3: break
    case 1:
      throw DataError(
        .unsupported, "is of GGUF version 1, which is not read", expected: "version 2 or 3",
        offset: 4, remedy: "write it anew with a current llama.cpp")
    case let other where (1...3).contains(other.byteSwapped):
      throw DataError(
        .unsupported, "is a GGUF file for big-endian machines, which is not read", offset: 4,
        remedy: "gguf-convert-endian of the Python package gguf changes it")
    default:
      throw DataError(
        .unsupported, "is of GGUF version \(version)", expected: "version 2 or 3", offset: 4)
    }
    let (tensorStart, tensorCount) = (reader.position, try reader.read(UInt64.self))
    let pairCount = try reader.readCount(of: "keys", eachAtLeast: 13)
    for _ in 0..<pairCount { try readPair(&reader) }
    alignment = try checkedAlignment()
    // A tensor's line has its name's length, the number of axes, the type and the offset
    guard tensorCount <= UInt64(max(reader.remaining, 0) / 24) else {
      throw DataError(
        .truncated, "\(tensorCount) tensors are announced, but \(reader.remaining) bytes are left",
        offset: tensorStart, remedy: "is the file cut short?")
    }
    var lines: [Line] = []
    lines.reserveCapacity(Int(tensorCount))
    for _ in 0..<Int(tensorCount) { lines.append(try readLine(&reader)) }
    try place(lines, from: reader.position)
  }

  private mutating func readPair(_ reader: inout ByteReader) throws {
    let start = reader.position
    let key = try reader.readString()
    guard !key.isEmpty, key.utf8.count <= GGUFFile.maximumKeyLength else {
      throw DataError(.malformed, "a key of \(key.utf8.count) bytes", offset: start)
    }
    let type = try GGUFValueType(checking: reader.read(UInt32.self), at: reader.position - 4)
    let value = try naming("key '\(key)'") { try GGUFValue(type, from: &reader) }
    guard metadata.values.updateValue(value, forKey: key) == nil else {
      throw DataError(.malformed, "occurs twice", subject: "key '\(key)'", offset: start)
    }
  }

  private func checkedAlignment() throws -> Int {
    guard let value = metadata["general.alignment"] else { return 32 }
    guard let alignment = value.integer, (1...1 << 20).contains(alignment),
      alignment & (alignment - 1) == 0
    else {
      throw DataError(
        .malformed, "is \(value.json.text())", expected: "a power of two",
        subject: "key 'general.alignment'")
    }
    return alignment
  }

  private struct Line {
    var name: String
    var type: GGUFTensorType
    var shape: Shape
    var offset: UInt64
    /// Where the line stands.
    var place: Int
  }

  private func readLine(_ reader: inout ByteReader) throws -> Line {
    let place = reader.position
    let name = try reader.readString()
    return try naming("tensor '\(name)'") {
      do {
        let rank = try reader.read(UInt32.self)
        guard rank <= GGUFFile.maximumRank else {
          throw DataError(
            .malformed, "\(rank) axes", expected: "at most \(GGUFFile.maximumRank)", offset: place)
        }
        let dimensions = try (0..<rank).map { _ in
          // What no Int holds is more than any shape may have
          Int(clamping: try reader.read(UInt64.self))
        }
        let shape = try Shape(checking: dimensions.reversed())
        let type = try GGUFTensorType(checking: reader.read(UInt32.self))
        return Line(
          name: name, type: type, shape: shape, offset: try reader.read(UInt64.self), place: place)
      } catch var error as DataError {
        error.offset = error.offset ?? place
        throw error
      }
    }
  }

  /// Finds the bytes of each tensor; none may lie outside the file, or on another's.
  private mutating func place(_ lines: [Line], from end: Int) throws {
    let start = (end + alignment - 1) / alignment * alignment
    var names: Set<String> = []
    for line in lines {
      let info = try naming("tensor '\(line.name)'") {
        func refuse(_ code: DataError.Code, _ found: String) -> DataError {
          DataError(code, found, offset: line.place)
        }
        guard names.insert(line.name).inserted else { throw refuse(.malformed, "occurs twice") }
        guard line.offset % UInt64(alignment) == 0 else {
          throw refuse(
            .malformed, "begins at \(line.offset), which is no multiple of \(alignment)")
        }
        let count: Int
        do { count = try line.type.byteCount(of: line.shape) } catch var error as DataError {
          error.offset = line.place
          throw error
        }
        guard line.offset <= UInt64(bytes.count), start + Int(line.offset) <= bytes.count,
          count <= bytes.count - start - Int(line.offset)
        else {
          var error = refuse(
            .truncated, "\(count) bytes at \(line.offset) of the data overrun the file")
          error.remedy = "is the file cut short?"
          throw error
        }
        let begin = start + Int(line.offset)
        return TensorInfo(
          name: line.name, type: line.type, shape: line.shape, range: begin..<(begin + count))
      }
      tensors.append(info)
    }
    var reached = start
    for info in tensors.filter({ !$0.range.isEmpty }).sorted(by: {
      $0.range.lowerBound < $1.range.lowerBound
    }) {
      guard info.range.lowerBound >= reached else {
        throw DataError(
          .malformed, "lies on another tensor's bytes", subject: "tensor '\(info.name)'",
          offset: info.range.lowerBound)
      }
      reached = info.range.upperBound
    }
  }
}
