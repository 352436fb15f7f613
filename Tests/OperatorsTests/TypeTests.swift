import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

/// What follows about the outputs before anything is computed.
@Suite struct TypeTests {
  private func type(
    _ operator: any Operator, _ types: [TensorType?], _ constants: [Int: Tensor] = [:]
  ) throws -> TensorType {
    let known = constants.mapValues { TensorType($0.dataType, shape: $0.shape) }
    var all = types
    for (index, type) in known.sorted(by: { $0.key < $1.key }) {
      while all.count <= index { all.append(nil) }
      all[index] = type
    }
    return try `operator`.outputTypes(for: OperatorInputs(types: all, constants: constants))[0]
  }

  private let picture = TensorType(.float32, ["batch", 3, 224, 224])

  @Test func theBatchPassesThroughAConvolution() throws {
    let conv = Conv(strides: [2, 2], padding: .all(3))
    let weight = TensorType(.float32, [64, 3, 7, 7])
    #expect(try type(conv, [picture, weight]) == TensorType(.float32, ["batch", 64, 112, 112]))
  }

  @Test func aNamedExtentPassesThroughAConvolutionThatKeepsIt() throws {
    let x = TensorType(.float32, ["batch", 8, "height", "width"])
    let weight = TensorType(.float32, [4, 8, 3, 3])
    let same = try type(Conv(padding: .all(1)), [x, weight])
    #expect(same == TensorType(.float32, ["batch", 4, "height", "width"]))
    let valid = try type(Conv(), [x, weight])
    #expect(valid == TensorType(.float32, ["batch", 4, .unknown, .unknown]))
  }

  @Test(arguments: [(false, 112), (true, 113)])
  func ceilModeCountsAPartlyFilledWindow(ceilMode: Bool, extent: Int) throws {
    let pool = MaxPool(kernel: [3, 3], strides: [2, 2], padding: .none, ceilMode: ceilMode)
    let x = TensorType(.float32, [1, 1, 226, 226])
    #expect(try type(pool, [x]).dimensions?[2] == .fixed(extent))
  }

  @Test func flattenKeepsTheBatch() throws {
    let x = TensorType(.float32, ["batch", 512, 7, 7])
    #expect(try type(Flatten(), [x]) == TensorType(.float32, ["batch", 25088]))
    #expect(try type(Flatten(axis: 0), [x]) == TensorType(.float32, [1, .unknown]))
  }

  @Test(arguments: [
    ([-1, 512], ["batch", 512] as [Dimension]), ([0, -1], ["batch", 512]),
    ([0, 0], ["batch", 512]), ([-1, 8, 64], ["batch", 8, 64]), ([1, -1], [1, .unknown]),
  ])
  func reshapeFindsTheBatchAgain(target: [Int], expected: [Dimension]) throws {
    let x = TensorType(.float32, ["batch", 512, 1, 1])
    #expect(try type(Reshape(), [x], [1: Tensor(target)]).dimensions == expected)
  }

  @Test func broadcastingKeepsNames() throws {
    let a = TensorType(.float32, ["batch", 1, 5])
    let b = TensorType(.float32, [7, 1])
    #expect(try type(Add(), [a, b]).dimensions == ["batch", 7, 5])
  }

  @Test func concatAddsExtents() throws {
    let a = TensorType(.float32, ["batch", 3, 4])
    let b = TensorType(.float32, [.unknown, 5, 4])
    #expect(try type(Concat(axis: 1), [a, b]).dimensions == ["batch", 8, 4])
  }

  @Test func resizeScalesKnownExtents() throws {
    let x = TensorType(.float32, ["batch", 16, 8, 8])
    let scales = Tensor([1, 1, 2, 2] as [Float])
    let types: [TensorType?] = [x, nil]
    #expect(try type(Resize(), types, [2: scales]).dimensions == ["batch", 16, 16, 16])
  }

  @Test func misfitsAreNamed() {
    let weight = TensorType(.float32, [64, 4, 7, 7])
    expectError(.mismatch, "wants 4 channels") { try type(Conv(), [picture, weight]) }
    expectError(.mismatch, "inner extent") {
      try type(MatMul(), [TensorType(.float32, [2, 3]), TensorType(.float32, [4, 5])])
    }
    expectError(.mismatch, "do not stretch") {
      try type(Add(), [TensorType(.float32, [2, 3]), TensorType(.float32, [4])])
    }
    expectError(.mismatch, "cannot take the shape") {
      try type(Reshape(), [TensorType(.float32, [2, 3])], [1: Tensor([4, -1])])
    }
    expectError(.mismatch, "is of int64") {
      try type(Add(), [TensorType(.float32, [2]), TensorType(.int64, [2])])
    }
  }
}
