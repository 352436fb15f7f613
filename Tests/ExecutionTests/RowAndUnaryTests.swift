import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

@Suite struct RowAndUnaryTests {
  static let functions: [any Operator] = [
    Relu(), LeakyRelu(alpha: 0.1), Elu(), Selu(), Sigmoid(), HardSigmoid(), HardSwish(), Swish(),
    Mish(), Gelu(), Gelu(approximation: .tanh), Softplus(), Softsign(), Tanh(), Erf(), Exp(),
    Neg(), Abs(), Floor(), Ceil(), Round(), Sign(),
  ]

  @Test(arguments: functions.indices)
  func appliesFunctions(index: Int) throws {
    let function = Self.functions[index]
    var net = Net()
    let x = net.input([1, 5, 6, 7])
    net.graph.outputs = [net.add(function, net.add(Mul(), x, net.weight(Tensor([Float(4)]))))]
    let kinds = try net.expectAgreement()
    #expect(kinds.contains(function.name) || kinds.contains("Mul+\(function.name)"))
  }

  @Test func takesRootsAndLogarithms() throws {
    for function in [Sqrt(), Log(), Reciprocal()] as [any Operator] {
      var net = Net()
      let x = net.input([3, 33])
      net.inputs["x"] = net.numbers.positive([3, 33])
      net.graph.outputs = [net.add(function, x)]
      #expect(try net.expectAgreement() == [function.name])
    }
  }

  @Test func seesSiLUInItsParts() throws {
    var net = Net()
    let x = net.input([2, 5, 4, 3])
    let y = net.add(Conv(), x, net.weight([6, 5, 1, 1]))
    net.graph.outputs = [net.add(Mul(), y, net.add(Sigmoid(), y))]
    #expect(try net.expectAgreement() == ["layout", "Conv", "Swish", "layout"])
  }

  @Test(arguments: [0, 1, 2, -1])
  func normalisesExponentials(axis: Int) throws {
    for function in [Softmax(axis: axis), LogSoftmax(axis: axis)] as [any Operator] {
      var net = Net()
      let y = net.add(Conv(), net.input([2, 5, 4, 3]), net.weight([6, 5, 1, 1]))
      net.graph.outputs = [net.add(function, y)]
      #expect(try net.expectAgreement().contains(function.name))
    }
  }

  @Test(arguments: [1, 2, -1], [false, true])
  func normalisesLayers(axis: Int, shifts: Bool) throws {
    var net = Net()
    let shape: Shape = [3, 4, 17]
    let row = Shape(Array(shape[(axis < 0 ? axis + 3 : axis)...]))
    let x = net.input(shape)
    let norm = LayerNormalization(axis: axis)
    net.graph.outputs = [net.add(norm, x, net.weight(row), shifts ? net.weight(row) : nil)]
    #expect(try net.expectAgreement() == ["LayerNormalization"])
  }

  @Test(arguments: [3, 4, 5])
  func normalisesLocally(size: Int) throws {
    var net = Net()
    let x = net.input([2, 9, 4, 3])
    net.graph.outputs = [net.add(LRN(size: size, alpha: 0.1, bias: 2), x)]
    #expect(try net.expectAgreement().contains("LRN"))
  }

  @Test(
    arguments: [[0], [1], [2, 3], [-1], [1, 2], [0, 1, 2, 3], [1, 3], [0, 2]], [false, true])
  func reduces(axes: [Int], keeps: Bool) throws {
    let operators: [any Operator] = [
      ReduceMean(keepDimensions: keeps), ReduceSum(keepDimensions: keeps),
      ReduceMax(keepDimensions: keeps), ReduceMin(keepDimensions: keeps),
    ]
    for `operator` in operators {
      for convolved in [false, true] {
        var net = Net()
        var x = net.input([2, 5, 4, 3])
        if convolved { x = net.add(Conv(), x, net.weight([6, 5, 1, 1])) }
        x = net.add(`operator`, x, net.constant(axes))
        net.graph.outputs = [net.add(Neg(), x)]
        #expect(try net.expectAgreement().contains(`operator`.name))
      }
    }
  }

  @Test(arguments: [
    ConvTranspose(strides: [2, 2], padding: .all(1), outputPadding: [1, 1]),
    ConvTranspose(strides: [2, 3], dilations: [2, 1]),
    ConvTranspose(strides: [2, 2], padding: .sameUpper),
    ConvTranspose(strides: [2, 2], padding: .sameLower),
    ConvTranspose(strides: [2, 2], outputShape: [11, 13]),
    ConvTranspose(strides: [2, 2], padding: .all(1), groups: 2),
  ])
  func convolvesBackwards(_ conv: ConvTranspose) throws {
    var net = Net()
    let x = net.input([2, 6, 5, 6])
    var y = net.add(conv, x, net.weight([6, 8 / conv.groups, 3, 3]), net.weight([8]))
    y = net.add(Relu(), y)
    net.graph.outputs = [y]
    #expect(try net.expectAgreement() == ["layout", "ConvTranspose+Relu", "layout"])
  }

  @Test(arguments: [Operators.Resize.Mode.nearest, .linear, .cubic])
  func resizes(mode: Operators.Resize.Mode) throws {
    let transformations: [Operators.Resize.CoordinateTransformation] = [
      .halfPixel, .halfPixelSymmetric, .pytorchHalfPixel, .alignCorners, .asymmetric,
    ]
    for transformation in transformations {
      for nearest in [
        Operators.Resize.NearestMode.roundPreferFloor, .roundPreferCeil, .floor, .ceil,
      ] {
        for scales in [[Float(1), 1, 2, 3], [1, 1, 0.5, 1.7], [1, 1, 1, 0.6]] {
          var net = Net()
          let y = net.add(Conv(), net.input([2, 5, 6, 7]), net.weight([3, 5, 1, 1]))
          let resize = Operators.Resize(
            mode: mode, coordinateTransformation: transformation, nearestMode: nearest)
          net.graph.outputs = [net.add(resize, y, nil, net.weight(Tensor(scales)))]
          try net.expectAgreement()
        }
      }
    }
  }
}
