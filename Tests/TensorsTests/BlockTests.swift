import BinaryIO
import TestSupport
import Tensors
import Testing

/// Block-quantised tensors, beside what the gguf library makes of the same bytes.
@Suite struct BlockTests {
  static let types = DataType.allCases.filter(\.isBlockQuantised)
  static let written = types.filter(\.isWritable)
  static let golden = Result { try NumPyArrays.arrays("blocks/blocks.npz") }

  static func array(_ name: String) throws -> Tensor {
    try #require(try golden.get()[name])
  }

  /// Block bytes as a tensor of rows of 256 elements, or of one row of blocks.
  static func tensor(_ type: DataType, _ bytes: Tensor) throws -> Tensor {
    let elements = bytes.byteCount / type.blockBytes * type.blockElements
    return try Tensor(
      viewing: TensorStorage(bytes.contiguousBytes), dataType: type,
      shape: [elements / 256, 256])
  }

  @Test(arguments: types)
  func widensToTheLibrarysBits(_ type: DataType) throws {
    let name = type.rawValue.uppercased()
    let blocks = try Self.tensor(type, try Self.array("\(name).blocks"))
    let floats = try Self.array("\(name).floats")
    #expect(blocks.cast(to: .float32).sha256 == floats.sha256)
    #expect(blocks.elementCount == floats.elementCount)
    #expect(blocks.byteCount * type.blockElements == blocks.elementCount * type.blockBytes)
  }

  @Test(arguments: [DataType.q4_0, .q4_1, .q5_0, .q5_1, .q8_0])
  func quantisesToTheLibrarysBits(_ type: DataType) throws {
    let source = try Self.array("source")
    let expected = try Self.array("\(type.rawValue.uppercased()).quantised")
    #expect(source.cast(to: type).sha256 == expected.sha256)
  }

  /// The error of `type`, as a part of the root mean square of normally distributed numbers.
  static func relativeError(_ type: DataType) -> Double {
    var dice = Dice(seed: 7)
    let numbers = (0..<65536).map { _ in
      (0..<12).reduce(-6.0) { sum, _ in sum + Double(dice.roll(1 << 20)) / Double(1 << 20) }
    }
    let source = Tensor(shape: [256, 256], numbers.map { Float($0) })
    let back = source.cast(to: type).doubles
    let error = zip(numbers, back).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (error / numbers.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(arguments: [
    (DataType.q4_0, 0.095), (.q4_1, 0.081), (.q5_0, 0.048), (.q5_1, 0.040), (.q8_0, 0.006),
    (.q4_K, 0.074), (.q6_K, 0.019),
  ])
  func losesNoMoreThan(_ type: DataType, _ bound: Double) {
    let error = Self.relativeError(type)
    #expect(error < bound && error > bound / 2, "\(type): \(error)")
  }

  @Test(arguments: written)
  func whatWasQuantisedOnceHardlyChanges(_ type: DataType) {
    var dice = Dice(seed: 3)
    let source = Tensor(shape: [4, 256], (0..<1024).map { _ in Float(dice.roll(2001) - 1000) })
    let once = source.cast(to: type).floats
    let twice = Tensor(shape: [4, 256], once).cast(to: type).floats
    for (a, b) in zip(once, twice) { #expect(abs(a - b) <= 70) }
  }

  @Test(arguments: written)
  func nothingStrangeTraps(_ type: DataType) {
    let strange: [Float] = [.nan, .infinity, -.infinity, 1e38, -1e38, 0x1p-149, -0.0, 65504]
    let source = Tensor(shape: [2, 256], (0..<512).map { strange[$0 * 5 % 8] })
    let tiny = Tensor(shape: [1, 256], (0..<256).map { Float($0) * 0x1p-146 })
    #expect(source.cast(to: type).floats.allSatisfy { $0.isFinite })
    #expect(tiny.cast(to: type).floats.allSatisfy { abs($0) < 1e-6 })
  }

  @Test func halfPrecisionAndDoublesGoBothWays() throws {
    let source = try Self.array("source")
    let blocks = source.cast(to: .float64).cast(to: .q8_0)
    #expect(blocks.isBitEqual(to: source.cast(to: .q8_0)))
    #expect(
      blocks.cast(to: .bfloat16).isBitEqual(to: blocks.cast(to: .float32).cast(to: .bfloat16)))
    #expect(blocks.cast(to: .q4_0).dataType == .q4_0)
    #expect(blocks.valuesChanged(byCastingTo: .float32) <= blocks.byteCount / 34)
  }

  @Test func rowsAreViewsAndElementsAreNot() throws {
    let source = try Self.array("source")
    let blocks = source.cast(to: .q4_0)
    let rows = blocks.sliced(axis: 0, 1..<8, step: 3)
    #expect(rows.shape == [3, 256])
    let floats = blocks.cast(to: .float32)
    #expect(rows.cast(to: .float32).isBitEqual(to: floats.sliced(axis: 0, 1..<8, step: 3)))
    let part = blocks.sliced(axis: 1, 32..<96)
    #expect(part.cast(to: .float32).isBitEqual(to: floats.sliced(axis: 1, 32..<96)))
    let cubes = blocks.sliced(axis: 0, 0..<10).reshaped([5, 2, 256]).permuted([1, 0, 2])
    let moved = floats.sliced(axis: 0, 0..<10).reshaped([5, 2, 256]).permuted([1, 0, 2])
    #expect(cubes.cast(to: .float32).isBitEqual(to: moved))
    #expect(blocks.identity == blocks.reshaped([11, 256]).identity)
    #expect(blocks.reshaped([88, 32]).sha256 == blocks.sha256)
  }

  @Test(arguments: [
    ([2, 48], nil, 0), ([2, 32], [1, 2], 0), ([2, 32], [40, 1], 0), ([2, 32], nil, 8), ([], nil, 0),
    ([4, 32], nil, 0),
  ])
  func refusesViewsThatCutBlocks(shape: [Int], strides: [Int]?, offset: Int) throws {
    let storage = TensorStorage(Bytes([UInt8](repeating: 0, count: 3 * 18 + 17)))
    #expect(throws: DataError.self) {
      try Tensor(
        viewing: storage, dataType: .q4_0, shape: Shape(shape), strides: strides, offset: offset)
    }
    _ = try Tensor(viewing: storage, dataType: .q4_0, shape: [3, 32])
  }

  @Test func filesWithoutBlocksNameNone() {
    #expect(DataType(elementName: "q4_0") == nil)
    #expect(DataType(elementName: "float16") == .float16)
    for type in Self.types { #expect(DataType(rawValue: type.rawValue) == type) }
  }
}
