import BinaryIO
import Formats
import Tensors

extension TensorMessage {
  /// The tensor, mapped in place where its elements are raw and aligned; everything about it is checked now.
  /// - Throws: `DataError` that names the tensor.
  func entry(externalFiles: ExternalFiles?) throws -> TensorEntry {
    try naming("tensor '\(name)'") {
      let shape = try Shape(checking: dimensions)
      let dataType = try ElementType.dataType(elementType)
      if let externalData {
        guard let externalFiles else {
          throw DataError(.unsupported, "an attribute's tensor that lies in a file beside")
        }
        return externalFiles.entry(name, dataType, shape, ExternalData(externalData))
      }
      if let raw = elements.raw {
        return try TensorMessage.entry(name, dataType, shape, raw)
      }
      return try typedEntry(dataType, shape)
    }
  }

  /// A tensor whose elements lie in `raw` and nothing else does.
  static func entry(
    _ name: String, _ dataType: DataType, _ shape: Shape, _ raw: Bytes
  ) throws -> TensorEntry {
    let wanted = shape.elementCount * dataType.byteCount
    guard raw.count == wanted else {
      throw DataError(
        raw.count < wanted ? .truncated : .malformed, "\(raw.count) bytes of elements",
        expected: "\(wanted) for \(dataType) \(shape)")
    }
    if raw.isAligned(to: min(dataType.byteCount, 8)) {
      return TensorEntry(
        name: name, try Tensor(viewing: TensorStorage(raw), dataType: dataType, shape: shape))
    }
    return TensorEntry(name: name, dataType: dataType, shape: shape) {
      try Tensor(viewing: TensorStorage(raw.copied()), dataType: dataType, shape: shape)
    }
  }

  /// A tensor whose elements stand in a field of their type.
  private func typedEntry(_ dataType: DataType, _ shape: Shape) throws -> TensorEntry {
    let field = ElementType.field(dataType)
    let runs = elements.runs.filter { $0.field == field && !$0.bytes.isEmpty }.map(\.bytes)
    if field == 4 || field == 10 {  // little-endian numbers, as raw bytes would be
      if runs.count == 1 { return try TensorMessage.entry(name, dataType, shape, runs[0]) }
      return try TensorMessage.entry(name, dataType, shape, Bytes(runs.flatMap(\.array)))
    }
    let count = runs.reduce(0) { $0 + $1.varintCount }
    guard count == shape.elementCount else {
      throw DataError(
        count < shape.elementCount ? .truncated : .malformed, "\(count) elements",
        expected: "\(shape.elementCount) for the shape \(shape)")
    }
    return TensorEntry(name: name, dataType: dataType, shape: shape) {
      try TensorMessage.unpack(runs, dataType, shape)
    }
  }

  /// Elements from numbers of variable length; the narrow types hold bit patterns.
  private static func unpack(_ runs: [Bytes], _ dataType: DataType, _ shape: Shape) throws -> Tensor
  {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(shape.elementCount)
    for run in runs {
      var reader = WireReader(run, in: 0..<run.count)
      while reader.position < reader.end { numbers.append(try reader.varint()) }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * dataType.byteCount)
    for number in numbers {
      let bits = dataType == .bool ? (number == 0 ? 0 : 1) : number
      for byte in 0..<dataType.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte)))
      }
    }
    return try Tensor(viewing: TensorStorage(Bytes(bytes)), dataType: dataType, shape: shape)
  }
}

extension ElementRuns {
  /// The raw bytes, when that is how the elements are stored.
  var raw: Bytes? {
    guard let run = runs.last(where: { $0.field == 9 }) else { return nil }
    let isTyped = runs.contains { $0.field != 9 && !$0.bytes.isEmpty }
    return run.bytes.isEmpty && isTyped ? nil : run.bytes
  }
}

extension ElementRuns {
  /// The numbers of variable length that stand in a field.
  func varints(_ field: Int) -> [UInt64] {
    var numbers: [UInt64] = []
    for run in runs where run.field == field {
      var reader = WireReader(run.bytes, in: 0..<run.bytes.count)
      while reader.position < reader.end, let number = try? reader.varint() {
        numbers.append(number)
      }
    }
    return numbers
  }

  /// The numbers of fixed length that stand in a field.
  func words<Word: FixedWidthInteger>(_ field: Int, of type: Word.Type) -> [Word] {
    var numbers: [Word] = []
    for run in runs where run.field == field {
      let size = MemoryLayout<Word>.size
      for i in 0..<(run.bytes.count / size) {
        if let number = try? run.bytes.load(type, at: i * size) { numbers.append(number) }
      }
    }
    return numbers
  }
}

extension Bytes {
  /// How many numbers of variable length end in the region.
  fileprivate var varintCount: Int { array.reduce(0) { $0 + ($1 < 0x80 ? 1 : 0) } }
}
