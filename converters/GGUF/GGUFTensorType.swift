import BinaryIO
import Tensors

/// What the elements of a tensor are, as GGUF numbers and names it.
///
/// - Source: `ggml.h` (`enum ggml_type`) and `ggml-common.h` (the sizes of blocks), as the `gguf` package 0.19 has them.
struct GGUFTensorType: Sendable {
  let number: UInt32
  let name: String
  /// Elements of one block, which lie along a row.
  let blockElements: Int
  let blockBytes: Int

  private init(_ number: UInt32, _ name: String, _ blockElements: Int, _ blockBytes: Int) {
    self.number = number
    self.name = name
    self.blockElements = blockElements
    self.blockBytes = blockBytes
  }

  static let all: [GGUFTensorType] = [
    .init(0, "F32", 1, 4), .init(1, "F16", 1, 2), .init(2, "Q4_0", 32, 18),
    .init(3, "Q4_1", 32, 20), .init(6, "Q5_0", 32, 22), .init(7, "Q5_1", 32, 24),
    .init(8, "Q8_0", 32, 34), .init(9, "Q8_1", 32, 36), .init(10, "Q2_K", 256, 84),
    .init(11, "Q3_K", 256, 110), .init(12, "Q4_K", 256, 144), .init(13, "Q5_K", 256, 176),
    .init(14, "Q6_K", 256, 210), .init(15, "Q8_K", 256, 292), .init(16, "IQ2_XXS", 256, 66),
    .init(17, "IQ2_XS", 256, 74), .init(18, "IQ3_XXS", 256, 98), .init(19, "IQ1_S", 256, 50),
    .init(20, "IQ4_NL", 32, 18), .init(21, "IQ3_S", 256, 110), .init(22, "IQ2_S", 256, 82),
    .init(23, "IQ4_XS", 256, 136), .init(24, "I8", 1, 1), .init(25, "I16", 1, 2),
    .init(26, "I32", 1, 4), .init(27, "I64", 1, 8), .init(28, "F64", 1, 8),
    .init(29, "IQ1_M", 256, 56), .init(30, "BF16", 1, 2), .init(34, "TQ1_0", 256, 54),
    .init(35, "TQ2_0", 256, 66), .init(39, "MXFP4", 32, 17), .init(40, "NVFP4", 64, 36),
    .init(41, "Q1_0", 128, 18),
  ]

  private static let byNumber = Dictionary(uniqueKeysWithValues: all.map { ($0.number, $0) })

  /// - Throws: `.malformed` for a number that means nothing.
  init(checking number: UInt32) throws {
    guard let type = GGUFTensorType.byNumber[number] else {
      throw DataError(.malformed, "the unknown type \(number) of elements")
    }
    self = type
  }

  /// The type that a tensor of ours is written as; nil where the format has none.
  init?(_ dataType: DataType) {
    let names: [DataType: String] = [
      .float64: "F64", .float32: "F32", .float16: "F16", .bfloat16: "BF16", .int64: "I64",
      .int32: "I32", .int16: "I16", .int8: "I8",
    ]
    let name = names[dataType] ?? dataType.rawValue.uppercased()
    guard let type = GGUFTensorType.all.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// Our name of it; nil for blocks that are not read.
  var dataType: DataType? { GGUFTensorType.dataTypes[number] }

  private static let dataTypes: [UInt32: DataType] = Dictionary(
    uniqueKeysWithValues: DataType.allCases.compactMap { type in
      GGUFTensorType(type).map { ($0.number, type) }
    })

  /// Bytes of a tensor of this shape.
  /// - Throws: `.malformed` when its rows are no whole blocks.
  func byteCount(of shape: Shape) throws -> Int {
    guard blockElements > 1 else { return shape.elementCount * blockBytes }
    guard let row = shape.last, row % blockElements == 0 else {
      throw DataError(
        .malformed, "the shape \(shape), whose rows are no whole blocks of \(name)",
        expected: "a multiple of \(blockElements)")
    }
    return shape.elementCount / blockElements * blockBytes
  }
}
