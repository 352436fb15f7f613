import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

/// Attributes and constants come from files: whatever they say, an error is the worst that happens.
@Suite struct HostileTests {
  static let extremes = [Int.min, Int.min + 1, -1 << 40, -1, 0, 1 << 40, Int.max - 1, Int.max]

  private func survives(_ operator: any Operator, _ inputs: [Tensor?]) {
    let types = OperatorInputs(evaluating: inputs)
    do {
      _ = try `operator`.outputTypes(for: types)
      _ = try `operator`.evaluate(inputs)
    } catch let error as DataError {
      #expect([.mismatch, .malformed, .limitExceeded, .unsupported].contains(error.code))
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test(arguments: extremes) func windows(_ n: Int) {
    let x = numbers([1, 2, 5, 5])
    let weight = numbers([2, 2, 3, 3])
    for pair in [[n, 1], [1, n], [n, n], [n]] {
      survives(Conv(strides: pair), [x, weight])
      survives(Conv(padding: .symmetric(pair)), [x, weight])
      survives(Conv(padding: .explicit(begin: pair, end: [0, 0])), [x, weight])
      survives(Conv(dilations: pair), [x, weight])
      survives(ConvTranspose(strides: pair), [x, weight])
      survives(ConvTranspose(padding: .symmetric(pair)), [x, weight])
      survives(ConvTranspose(dilations: pair), [x, weight])
      survives(ConvTranspose(outputPadding: pair), [x, weight])
      survives(ConvTranspose(outputShape: pair), [x, weight])
      survives(MaxPool(kernel: pair), [x])
      survives(MaxPool(kernel: pair, padding: .symmetric(pair)), [x])
      survives(MaxPool(kernel: [2, 2], strides: pair, ceilMode: true), [x])
      survives(AveragePool(kernel: [2, 2], dilations: pair, countIncludePad: true), [x])
      survives(AveragePool(kernel: pair, padding: .sameLower), [x])
      survives(LpPool(kernel: [2, 2], strides: pair), [x])
    }
    survives(Conv(groups: n), [x, weight])
    survives(ConvTranspose(groups: n), [x, weight])
    survives(LpPool(kernel: [2, 2], p: n), [x])
    survives(GlobalLpPool(p: n), [x])
  }

  @Test(arguments: extremes) func axesAndCounts(_ n: Int) {
    let x = numbers([2, 3, 4, 4])
    let per = numbers([3])
    survives(Softmax(axis: n), [x])
    survives(LayerNormalization(axis: n), [x, numbers([4])])
    survives(RMSNormalization(axis: n), [x, numbers([4])])
    survives(LpNormalization(axis: 1, p: n), [x])
    survives(GroupNormalization(groups: n), [x, per, per])
    survives(LRN(size: n), [x])
    survives(Concat(axis: n), [x, x])
    survives(Split(axis: n, outputCount: 2), [x])
    survives(Split(outputCount: n), [x])
    survives(Split(outputCount: 2), [x, Tensor([n, n])])
    survives(Flatten(axis: n), [x])
    survives(Transpose(permutation: [n, 0, 1, 2]), [x])
    survives(DepthToSpace(blockSize: n), [x])
    survives(SpaceToDepth(blockSize: n), [x])
    survives(ArgMax(axis: n), [x])
    survives(TopK(axis: n), [x, Tensor([1])])
    survives(TopK(), [x, Tensor([n])])
    survives(CumSum(), [x, Tensor(scalar: n)])
    survives(ReduceSum(), [x, Tensor([n])])
    survives(Gather(axis: n), [x, Tensor([0])])
    survives(Gather(), [x, Tensor([n])])
    survives(GatherElements(axis: n), [x, Tensor(zeros: [1, 1, 1, 1], dataType: .int64)])
    survives(GatherND(batchDimensions: n), [x, Tensor(shape: [2, 1], [0, n])])
    survives(ScatterElements(axis: n), [per, Tensor([0]), numbers([1])])
    survives(ScatterND(), [per, Tensor(shape: [1, 1], [n]), numbers([1])])
    survives(OneHot(axis: n), [Tensor([1]), Tensor(scalar: 3), numbers([2])])
    survives(OneHot(), [Tensor([n]), Tensor(scalar: n), numbers([2])])
    survives(Trilu(), [x, Tensor(scalar: n)])
    survives(ShapeOf(start: n, end: n), [x])
  }

  @Test(arguments: extremes) func shapes(_ n: Int) {
    let x = numbers([2, 3])
    for pair in [[n, 1], [1, n], [n, n], [n], [n, n, n, n]] {
      survives(Reshape(), [x, Tensor(pair)])
      survives(Reshape(allowZero: true), [x, Tensor(pair)])
      survives(Expand(), [x, Tensor(pair)])
      survives(Tile(), [x, Tensor(pair)])
      survives(ConstantOfShape(), [Tensor(pair)])
      survives(Squeeze(), [x, Tensor(pair)])
      survives(Unsqueeze(), [x, Tensor(pair)])
      for mode in [Pad.Mode.constant, .edge, .reflect, .wrap] {
        survives(Pad(mode: mode), [x, Tensor(pair)])
      }
      survives(Slice(), [x, Tensor(pair), Tensor(pair)])
      survives(Slice(), [x, Tensor([0, 0]), Tensor([9, 9]), Tensor([0, 1]), Tensor(pair)])
      survives(Slice(), [x, Tensor([9, 9]), Tensor(pair), Tensor([0, 1]), Tensor([-1, -1])])
      survives(Resize(), [x, nil, nil, Tensor(pair)])
    }
    survives(RangeOf(), [Tensor(scalar: 0), Tensor(scalar: n), Tensor(scalar: 1)])
    survives(RangeOf(), [Tensor(scalar: n), Tensor(scalar: 0), Tensor(scalar: n)])
    survives(RangeOf(), [Tensor(scalar: 0), Tensor(scalar: 1), Tensor(scalar: n)])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, -1, 0, .leastNonzeroMagnitude, 1e30])
  func scales(_ n: Float) {
    let x = numbers([2, 3])
    for mode in [Resize.Mode.nearest, .linear, .cubic] {
      for transformation in [
        Resize.CoordinateTransformation.halfPixel, .halfPixelSymmetric, .alignCorners,
        .cropAndResize,
      ] {
        let resize = Resize(
          mode: mode, coordinateTransformation: transformation, cubicCoefficient: Double(n),
          antialias: true)
        survives(resize, [x, nil, Tensor([n, n])])
        survives(resize, [x, Tensor([0, 0, n, n]), Tensor([2, 2] as [Float])])
        survives(resize, [x, Tensor([0, 0, n, n]), nil, Tensor([4, 4])])
      }
    }
  }

  @Test func wholeNumbersDoNotTrap() {
    let extremes = Tensor([Int64.min, -1, 0, 1, Int64.max])
    let columns = extremes.reshaped([5, 1])
    for operation in [Add(), Sub(), Mul(), Div(), Mod(), Pow(), Max(), Sum()] as [any Operator] {
      survives(operation, [extremes, columns])
      survives(operation, [extremes, Tensor([-1 as Int64])])
      survives(operation, [extremes, Tensor([Int64.min])])
    }
    for operation in [Abs(), Neg(), Sign(), Relu(), ReduceSum(), ReduceProd(), ReduceL1()]
      as [any Operator]
    {
      survives(operation, [extremes])
    }
  }

  @Test func missingInputsAreErrors() {
    for count in 0..<3 {
      for type in [
        Conv(), MaxPool(kernel: [1, 1]), BatchNormalization(), Gemm(), MatMul(), Add(), Relu(),
        Concat(axis: 0), Split(outputCount: 1), Slice(), Gather(), Reshape(), Pad(), Where(),
        Resize(), TopK(), Einsum(equation: "ij->ji"), Max(), Clip(), Identity(), ShapeOf(),
      ] as [any Operator] {
        survives(type, [Tensor?](repeating: nil, count: count))
      }
    }
  }

  @Test(arguments: ["", "->", "ij", "ij->ii", "i...j...->", "ij,jk,kl->il", "i j - > j", "é,é->é"])
  func equations(_ equation: String) {
    survives(Einsum(equation: equation), [numbers([2, 3]), numbers([3, 4])])
    survives(Einsum(equation: equation), [numbers([2])])
  }
}
