import BinaryIO
import Formats
import ONNXConverter
import Tensors
import TestSupport
import Testing

@Suite struct TensorDataTests {
  private func tensor(_ shape: [Int], type: Int, _ elements: [UInt8]) throws -> Tensor {
    var model = TestModel.linear
    model.initializers.append(TestModel.tensor("t", shape, type: type, elements))
    return try #require(read(model).tensors.first { $0.name == "t" }).load()
  }

  @Test func readsRawAndTypedNumbersAlike() throws {
    let values: [Float] = [1.5, -2, 3]
    let raw = values.flatMap { TestModel.little($0.bitPattern) }
    for elements in [Proto.bytes(9, raw), Proto.bytes(4, raw)] {
      #expect(try tensor([3], type: 1, elements).floats == values)
    }
    let single = values.flatMap { Proto.varint(4 << 3 | 5) + TestModel.little($0.bitPattern) }
    #expect(try tensor([3], type: 1, single).floats == values)
  }

  @Test func readsNumbersOfVariableLength() throws {
    let values = [0, 1, -1, 1 << 40, Int.min]
    let packed = Proto.bytes(7, values.flatMap(Proto.varint))
    let loose = values.flatMap { Proto.number(7, $0) }
    for elements in [packed, loose] {
      #expect(try tensor([5], type: 7, elements).integers == values)
    }
    let narrow = try tensor([2], type: 3, Proto.bytes(5, Proto.varint(-3) + [7]))
    #expect(narrow.integers == [-3, 7])
    let flags = try tensor([2], type: 9, Proto.bytes(5, [0, 1]))
    #expect(flags.values(as: Bool.self) == [false, true])
    let wide = try tensor([2], type: 13, Proto.bytes(11, Proto.varint(-1) + [2]))
    #expect(wide.values(as: UInt64.self) == [.max, 2])
  }

  @Test func readsNarrowFloatsAsBitPatterns() throws {
    func floats(_ type: Int, _ patterns: [Int]) throws -> [Float] {
      try tensor([patterns.count], type: type, Proto.bytes(5, patterns.flatMap(Proto.varint)))
        .floats
    }
    #expect(try floats(10, [0x3C00, 0xC000]) == [1, -2])
    #expect(try floats(16, [0x4049]) == [3.140625])
    #expect(try floats(17, [0x38, 0xB8]) == [1, -1])
    #expect(try floats(19, [0x3C]) == [1])
  }

  @Test func readsScalarsAndNothing() throws {
    #expect(try tensor([], type: 1, Proto.bytes(9, [0, 0, 128, 63])).shape == [])
    #expect(try tensor([0, 3], type: 1, []).elementCount == 0)
  }

  @Test(arguments: [
    ([3], 1, [1, 2, 3] as [UInt8]), ([2], 1, [UInt8](repeating: 0, count: 12)),
  ])
  func rejectsWrongAmounts(shape: [Int], type: Int, raw: [UInt8]) throws {
    let error = #expect(throws: DataError.self) {
      try tensor(shape, type: type, Proto.bytes(9, raw))
    }
    #expect(error?.subject == "tensor 't'")
    #expect(throws: DataError.self) { try tensor([3], type: 7, Proto.bytes(7, [1, 2])) }
  }

  @Test func rejectsShapesAndTypesThatAreNone() throws {
    #expect(throws: DataError.self) { try tensor([-4, -1], type: 1, Proto.bytes(9, [])) }
    #expect(throws: DataError.self) { try tensor([1 << 32, 1 << 32, 4], type: 1, []) }
    #expect(throws: DataError.self) { try tensor([1], type: 99, Proto.bytes(9, [0])) }
    let error = #expect(throws: DataError.self) { try tensor([1], type: 22, Proto.bytes(5, [1])) }
    #expect(error?.code == .unsupported)
    #expect(error?.found.contains("int4") == true)
  }

  @Test func rejectsATensorThatIsThereTwice() throws {
    var model = TestModel.linear
    model.initializers.append(model.initializers[0])
    let error = #expect(throws: DataError.self) { try read(model) }
    #expect(error?.subject == "tensor 'fc.weight'")
  }

  @Test func fillsSparseTensorsWithZeros() throws {
    var model = TestModel.linear
    let values = TestModel.tensor("sparse", [2], [7, 8])
    let flat = Proto.bytes(1, values) + Proto.bytes(2, TestModel.integers("", [1, 5]))
    model.graphExtra = Proto.bytes(15, flat + Proto.number(3, 2) + Proto.number(3, 3))
    let tensor = try #require(read(model).tensors.first { $0.name == "sparse" }).load()
    #expect(tensor.shape == [2, 3])
    #expect(tensor.floats == [0, 7, 0, 0, 0, 8])
    let outside = Proto.bytes(1, values) + Proto.bytes(2, TestModel.integers("", [1, 6]))
    model.graphExtra = Proto.bytes(15, outside + Proto.number(3, 2) + Proto.number(3, 3))
    #expect(throws: DataError.self) { try read(model) }
    model.graphExtra = Proto.bytes(15, flat + Proto.number(3, 1 << 40))
    #expect(throws: DataError.self) { try read(model) }
  }
}
