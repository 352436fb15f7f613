import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

@Suite struct LoweringTests {
  @Test(arguments: [
    MaxPool(kernel: [3, 3], strides: [2, 2], padding: .all(1)),
    MaxPool(kernel: [2, 3], strides: [1, 2], ceilMode: true),
    MaxPool(kernel: [2, 2], strides: [2, 2], padding: .sameUpper),
    MaxPool(kernel: [3, 3], strides: [2, 2], dilations: [2, 2]),
  ])
  func poolsMaxima(_ pool: MaxPool) throws {
    var net = Net()
    net.graph.outputs = [net.add(pool, net.input([2, 19, 11, 8]))]
    #expect(try net.expectAgreement(tolerance: 0).contains("MaxPool"))
  }

  @Test(arguments: [
    AveragePool(kernel: [3, 3], strides: [2, 2], padding: .all(1)),
    AveragePool(kernel: [3, 3], strides: [2, 2], padding: .all(1), countIncludePad: true),
    AveragePool(kernel: [2, 3], strides: [2, 2], ceilMode: true),
    AveragePool(
      kernel: [3, 3], strides: [2, 2], padding: .all(1), ceilMode: true, countIncludePad: true),
  ])
  func poolsMeans(_ pool: AveragePool) throws {
    var net = Net()
    net.graph.outputs = [net.add(pool, net.input([2, 19, 12, 8]))]
    #expect(try net.expectAgreement().contains("AveragePool"))
  }

  @Test func flattensAfterGlobalPoolingWithoutAStep() throws {
    var net = Net()
    let x = net.input([3, 5, 6, 7])
    var y = net.add(Conv(), x, net.weight([20, 5, 3, 3]))
    y = net.add(GlobalAveragePool(), y)
    y = net.add(Flatten(), y)
    net.graph.outputs = [
      net.add(Gemm(transposeB: true), y, net.weight([10, 20]), net.weight([10]))
    ]
    #expect(
      try net.expectAgreement() == ["layout", "Conv", "GlobalAveragePool", "Gemm"])
  }

  @Test func flattensImagesInRowMajorOrder() throws {
    var net = Net()
    let x = net.input([2, 3, 6, 7])
    let y = net.add(Conv(), x, net.weight([4, 3, 3, 3]))
    net.graph.outputs = [net.add(Flatten(), y)]
    #expect(try net.expectAgreement() == ["layout", "Conv", "layout", "layout"])
  }

  @Test(arguments: [false, true], [false, true])
  func multipliesMatrices(transposeA: Bool, transposeB: Bool) throws {
    var net = Net()
    let a = net.input(transposeA ? [33, 5] : [5, 33])
    let gemm = Gemm(alpha: 0.5, beta: 2, transposeA: transposeA, transposeB: transposeB)
    let y = net.add(gemm, a, net.weight(transposeB ? [17, 33] : [33, 17]), net.weight([17]))
    net.graph.outputs = [net.add(Relu(), y)]
    #expect(try net.expectAgreement().contains("Gemm+Relu"))
  }

  @Test func multipliesBatchesOfMatrices() throws {
    var net = Net()
    let a = net.input([2, 3, 4, 9], "a")
    let b = net.input([3, 9, 5], "b")
    let product = net.add(MatMul(), a, b)
    var y = net.add(MatMul(), product, net.weight([5, 6]))
    y = net.add(Add(), y, net.weight([6]))
    net.graph.outputs = [y]
    #expect(try net.expectAgreement() == ["MatMul", "MatMul+Add"])
  }

  @Test(arguments: [
    ([2, 5, 6, 7], [2, 5, 6, 7]), ([2, 5, 6, 7], [5, 1, 1]), ([2, 5, 6, 7], [1]),
    ([2, 5, 6, 7], [2, 5, 1, 1]), ([2, 5, 6, 7], [2, 1, 6, 7]), ([2, 5, 6, 7], [7]),
    ([2, 5, 6, 7], [2, 1, 1, 1]), ([2, 5, 1, 7], [2, 1, 6, 1]), ([1, 5, 1, 1], [2, 5, 6, 7]),
    ([2, 5, 6, 7], [6, 1]), ([5, 1], [1, 7]), ([], [3]),
  ])
  func stretchesOperands(_ left: [Int], _ right: [Int]) throws {
    let operators: [any Operator] = [Add(), Sub(), Mul(), Div(), Max(), Min()]
    for fromKeras in [false, true] {
      for isConstant in [false, true] {
        for `operator` in operators {
          var net = Net()
          var a: ValueID
          if fromKeras, left.count == 4 {
            a = net.input([left[0], left[2], left[3], left[1]], "a")
            a = net.add(Transpose(permutation: [0, 3, 1, 2]), a)
          } else {
            a = net.input(Shape(left), "a")
          }
          let values = net.numbers.positive(Shape(right))
          let b = isConstant ? net.weight(values) : net.input(Shape(right), "b")
          if !isConstant { net.inputs["b"] = values }
          net.graph.outputs = [net.add(`operator`, a, b)]
          #expect(try net.expectAgreement().contains(`operator`.name))
        }
      }
    }
  }

  @Test func normalisesBeforeConvolutions() throws {
    var net = Net()
    let x = net.input([2, 5, 6, 7])
    var y = net.norm(x, channels: 5)
    y = net.add(Relu(), y)
    net.graph.outputs = [net.add(Conv(padding: .all(1)), y, net.weight([4, 5, 3, 3]))]
    #expect(
      try net.expectAgreement() == ["layout", "BatchNormalization+Relu", "Conv", "layout"])
  }

  @Test(arguments: [0, 1, 2, -1])
  func joinsAndSplits(axis: Int) throws {
    var net = Net()
    let x = net.input([4, 4, 6, 4])
    let y = net.add(Conv(), x, net.weight([4, 4, 1, 1]))
    let joined = net.add(Concat(axis: axis), y, x, net.weight([4, 4, 6, 4]))
    let extent = axis == 2 ? 18 : 12
    let sizes = net.constant([5, extent - 5])
    let outputs = [net.graph.addValue("first"), net.graph.addValue("second")]
    net.graph.nodes.append(
      Node(
        name: "split", Split(axis: axis, outputCount: 2), inputs: [joined, sizes],
        outputs: outputs))
    net.graph.outputs = [outputs[0], net.add(Relu(), outputs[1])]
    #expect(try net.expectAgreement(tolerance: 1e-6).contains("Concat"))
  }

  @Test func cutsParts() throws {
    var net = Net()
    let x = net.input([3, 8, 6, 9])
    let y = net.add(Conv(), x, net.weight([8, 8, 1, 1]))
    let part = net.add(
      Slice(), y, net.constant([1, -5, 1]), net.constant([9, 100, 5]), net.constant([1, 3, 2]),
      net.constant([2, 1, 3]))
    let batch = net.add(Slice(), y, net.constant([1]), net.constant([2]), net.constant([0]))
    net.graph.outputs = [part, net.add(Relu(), batch)]
    try net.expectAgreement()
  }

  @Test func padsAnyAxis() throws {
    var net = Net()
    let x = net.input([2, 3, 4, 5])
    let y = net.add(Conv(), x, net.weight([3, 3, 1, 1]))
    let padded = net.add(
      Pad(), y, net.constant([0, 1, 2, 0, 1, 0, 3, 1]), net.weight(Tensor(scalar: Float(1.5))))
    net.graph.outputs = [padded]
    #expect(try net.expectAgreement().contains("Pad"))
  }
}
