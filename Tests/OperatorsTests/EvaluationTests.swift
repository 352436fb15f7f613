import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

/// What the standard's own cases leave open.
@Suite struct EvaluationTests {
  @Test func convolutionsSumOverTheWindow() throws {
    let x = Tensor(shape: [1, 1, 3, 3], (1...9).map(Float.init))
    let weight = Tensor(shape: [1, 1, 2, 2], [1, 0, 0, 1] as [Float])
    let y = try Conv().evaluate([x, weight, Tensor([10 as Float])])[0]
    expectClose(y, Tensor(shape: [1, 1, 2, 2], [16, 18, 22, 24] as [Float]))
  }

  @Test func depthwiseConvolutionsKeepChannelsApart() throws {
    let x = numbers([2, 3, 4, 5])
    let weight = numbers([3, 1, 3, 3], seed: 2)
    let whole = try Conv(padding: .all(1), groups: 3).evaluate([x, weight])[0]
    for c in 0..<3 {
      let part = try Conv(padding: .all(1)).evaluate([
        x.sliced(axis: 1, c..<(c + 1)), weight.sliced(axis: 0, c..<(c + 1)),
      ])[0]
      expectClose(whole.sliced(axis: 1, c..<(c + 1)), part)
    }
  }

  /// The transposed convolution is the adjoint: `<Conv x, y> = <x, ConvTranspose y>`.
  @Test(arguments: [(1, 1, 0), (2, 1, 1), (2, 2, 1), (3, 2, 0), (4, 2, 2), (2, 3, 1)])
  func transposedConvolutionIsTheAdjoint(stride: Int, dilation: Int, pad: Int) throws {
    let x = numbers([1, 4, 13, 11])
    let weight = numbers([6, 2, 3, 2], seed: 3)
    let conv = Conv(
      strides: [stride, stride], padding: .all(pad), dilations: [dilation, dilation], groups: 2)
    let forward = try conv.evaluate([x, weight])[0]
    let y = numbers(forward.shape, seed: 4)
    // What the stride never reached is added at the end.
    let rest = [13, 11].enumerated().map { axis, extent in
      let reach = (weight.shape[axis + 2] - 1) * dilation + 1
      return extent - ((y.shape[axis + 2] - 1) * stride + reach - 2 * pad)
    }
    let back = try ConvTranspose(
      strides: [stride, stride], padding: .all(pad), dilations: [dilation, dilation], groups: 2,
      outputPadding: rest
    ).evaluate([y, weight])[0]
    let left = zip(forward.doubles, y.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    let right = zip(x.doubles, back.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(left == right)
  }

  @Test func maxPoolTellsWhere() throws {
    let x = Tensor(shape: [1, 1, 2, 4], [1, 5, 2, 0, 3, 4, 8, 7] as [Float])
    let results = try MaxPool(kernel: [2, 2], strides: [2, 2]).evaluate([x])
    expectClose(results[0], Tensor(shape: [1, 1, 1, 2], [5, 8] as [Float]))
    #expect(results[1].integers == [1, 6])
    let column = try MaxPool(kernel: [2, 2], strides: [2, 2], columnMajorIndices: true)
      .evaluate([x])
    #expect(column[1].integers == [2, 5])
  }

  @Test func halfPrecisionIsRoundedOnce() throws {
    let x = Tensor([1, 2.5, -3] as [Float]).cast(to: .bfloat16)
    let y = try Add().evaluate([x, Tensor([0.01] as [Float]).cast(to: .bfloat16)])[0]
    #expect(y.dataType == .bfloat16)
    #expect(y.floats == [1.0078125, 2.515625, -2.984375])
  }

  @Test func largeWholeNumbersStayExact() throws {
    let big = Int64.max - 1
    #expect(try Add().evaluate([Tensor([big]), Tensor([1 as Int64])])[0].integers == [Int.max])
    let huge = Tensor([UInt64.max, 3])
    #expect(try Max().evaluate([huge, Tensor([5 as UInt64])])[0].values() == [UInt64.max, 5])
    #expect(try ReduceMax().evaluate([huge])[0].values() == [UInt64.max])
    #expect(try ReduceSum().evaluate([Tensor([big, -1])])[0].integers == [Int.max - 2])
  }

  @Test func viewsAreReadByTheirStrides() throws {
    let x = numbers([3, 4])
    let sum = try ReduceSum().evaluate([x.transposed, Tensor([0])])[0]
    expectClose(sum, try ReduceSum().evaluate([x, Tensor([1])])[0].transposed)
    expectClose(
      try MatMul().evaluate([x.transposed, x])[0],
      try Gemm(transposeA: true).evaluate([x, x])[0])
  }

  @Test(arguments: [
    ("ij,jk->ik", [2, 3], [3, 4]), ("...ij,...jk->...ik", [5, 2, 3], [3, 4]),
  ])
  func einsumIsTheMatrixProduct(equation: String, a: [Int], b: [Int]) throws {
    let (x, y) = (numbers(Shape(a)), numbers(Shape(b), seed: 2))
    expectClose(
      try Einsum(equation: equation).evaluate([x, y])[0], try MatMul().evaluate([x, y])[0])
  }

  @Test func einsumTakesDiagonals() throws {
    let x = numbers([3, 3])
    let trace = try Einsum(equation: "ii->").evaluate([x])[0]
    #expect(trace.floats[0] == x.floats[0] + x.floats[4] + x.floats[8])
    let implicit = try Einsum(equation: "ba").evaluate([x])[0]
    expectClose(implicit, x.transposed)
  }

  @Test func sliceGoesBackwards() throws {
    let x = Tensor([0, 1, 2, 3, 4])
    let y = try Slice().evaluate([
      x, Tensor([-1]), Tensor([Int.min]), Tensor([0]), Tensor([-2]),
    ])[0]
    #expect(y.integers == [4, 2, 0])
  }

  @Test func topKPrefersTheLowerIndex() throws {
    let x = Tensor(shape: [2, 4], [1, 3, 3, 2, 9, 9, 9, 0] as [Float])
    let results = try TopK().evaluate([x, Tensor([2])])
    #expect(results[0].floats == [3, 3, 9, 9])
    #expect(results[1].integers == [1, 2, 0, 1])
    let columns = try TopK(axis: 0).evaluate([x, Tensor([1])])
    #expect(columns[0].floats == [9, 9, 9, 2])
    #expect(columns[1].shape == [1, 4])
  }

  @Test func cumulativeSumsRunBothWays() throws {
    let x = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Float])
    #expect(try CumSum().evaluate([x, Tensor(scalar: 1)])[0].floats == [1, 3, 6, 4, 9, 15])
    let reverse = CumSum(exclusive: true, reverse: true)
    #expect(try reverse.evaluate([x, Tensor(scalar: 1)])[0].floats == [5, 3, 0, 11, 6, 0])
    #expect(try CumSum().evaluate([x, Tensor(scalar: 0)])[0].floats == [1, 2, 3, 5, 7, 9])
  }

  @Test func scatteringReplacesOrAdds() throws {
    let x = Tensor([1, 2, 3, 4] as [Float])
    let at = Tensor(shape: [2, 1], [3, 0])
    let new = Tensor([10, 20] as [Float])
    #expect(try ScatterND().evaluate([x, at, new])[0].floats == [20, 2, 3, 10])
    #expect(try ScatterND(reduction: .add).evaluate([x, at, new])[0].floats == [21, 2, 3, 14])
    let elements = try ScatterElements().evaluate([x, Tensor([-1, 1]), new])[0]
    #expect(elements.floats == [1, 20, 3, 10])
    let gathered = try GatherND().evaluate([numbers([3, 2]), Tensor(shape: [1, 1], [-1])])[0]
    expectClose(gathered, numbers([3, 2]).sliced(axis: 0, 2..<3))
  }

  @Test func trianglesAndOneHot() throws {
    let x = numbers([2, 3])
    let lower = try Trilu(upper: false).evaluate([x])[0].floats
    #expect(lower == [x.floats[0], 0, 0, x.floats[3], x.floats[4], 0])
    let hot = try OneHot().evaluate([
      Tensor([1, -1, 5]), Tensor(scalar: 3), Tensor([0, 1] as [Float]),
    ])
    #expect(hot[0].floats == [0, 1, 0, 0, 0, 1, 0, 0, 0])
  }
}
