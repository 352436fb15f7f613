import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

/// A convolution to try.
struct ConvolutionCase: Sendable, CustomStringConvertible {
  var batch = 1
  var channels = 3
  var outputs = 8
  var groups = 1
  var size = (9, 7)
  var kernel = (3, 3)
  var stride = 1
  var dilation = 1
  var padding = Padding.all(1)

  var description: String {
    "\(batch)×\(channels)×\(size) by \(outputs)×\(kernel), \(groups) groups, stride \(stride), "
      + "dilation \(dilation), \(padding)"
  }

  static let all: [ConvolutionCase] = [
    ConvolutionCase(),
    ConvolutionCase(outputs: 33, padding: .none),
    ConvolutionCase(batch: 3, channels: 17, outputs: 5, stride: 2),
    ConvolutionCase(channels: 16, outputs: 24, kernel: (1, 1), padding: .none),
    ConvolutionCase(batch: 2, channels: 16, outputs: 24, kernel: (1, 1), stride: 2, padding: .none),
    ConvolutionCase(size: (21, 19), kernel: (7, 7), stride: 2, padding: .all(3)),
    ConvolutionCase(channels: 4, kernel: (1, 5), padding: .explicit(begin: [0, 3], end: [0, 1])),
    ConvolutionCase(channels: 6, kernel: (3, 3), dilation: 2, padding: .all(2)),
    ConvolutionCase(stride: 2, padding: .sameUpper),
    ConvolutionCase(size: (10, 10), stride: 2, padding: .sameLower),
    ConvolutionCase(channels: 8, outputs: 8, groups: 8),
    ConvolutionCase(batch: 2, channels: 19, outputs: 19, groups: 19, stride: 2),
    ConvolutionCase(channels: 6, outputs: 12, groups: 6),
    ConvolutionCase(batch: 2, channels: 12, outputs: 18, groups: 3),
    ConvolutionCase(channels: 64, outputs: 128, groups: 32),
    ConvolutionCase(channels: 1, outputs: 3, size: (1, 1), kernel: (1, 1), padding: .none),
  ]
}

@Suite struct ConvolutionTests {
  private func net(_ c: ConvolutionCase, bias: Bool, fromKeras: Bool = false) -> (Net, ValueID) {
    var net = Net(seed: 7)
    var x: ValueID
    if fromKeras {
      x = net.input([c.batch, c.size.0, c.size.1, c.channels])
      x = net.add(Transpose(permutation: [0, 3, 1, 2]), x)
    } else {
      x = net.input([c.batch, c.channels, c.size.0, c.size.1])
    }
    let shape: Shape = [c.outputs, c.channels / c.groups, c.kernel.0, c.kernel.1]
    var weight = net.numbers.tensor(shape)
    if fromKeras {
      // HWIO in the file, seen as OIHW.
      let (o, i, h, w) = (shape[0], shape[1], shape[2], shape[3])
      weight = net.numbers.tensor([h, w, i, o]).permuted([3, 2, 0, 1])
    }
    let conv = Conv(
      strides: [c.stride, c.stride], padding: c.padding, dilations: [c.dilation, c.dilation],
      groups: c.groups)
    let weightID = net.weight(weight)
    let y = net.add(conv, x, weightID, bias ? net.weight([c.outputs]) : nil)
    return (net, y)
  }

  @Test(arguments: ConvolutionCase.all)
  func matchesEvaluation(_ c: ConvolutionCase) throws {
    for bias in [false, true] {
      var (net, y) = net(c, bias: bias)
      net.graph.outputs = [y]
      #expect(try net.expectAgreement().contains("Conv"))
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func takesKerasPicturesAsTheyLie(_ c: ConvolutionCase) throws {
    var (net, y) = net(c, bias: true, fromKeras: true)
    net.graph.outputs = [net.add(Transpose(permutation: [0, 2, 3, 1]), y)]
    #expect(try net.expectAgreement() == ["Conv", "layout"])
  }

  @Test(arguments: ConvolutionCase.all)
  func foldsNormalisationAndActivation(_ c: ConvolutionCase) throws {
    var (net, y) = net(c, bias: true)
    y = net.norm(y, channels: c.outputs)
    net.graph.outputs = [net.add(Relu(), y)]
    #expect(
      try net.expectAgreement().filter { $0 != "layout" } == ["Conv+BatchNormalization+Relu"])
  }

  @Test(arguments: ConvolutionCase.all)
  func addsWhatWasComputedBefore(_ c: ConvolutionCase) throws {
    var (net, left) = net(c, bias: true)
    let conv = net.graph.nodes[0]
    let right = net.add(
      conv.operator, conv.inputs[0],
      net.weight(
        net.numbers.tensor([c.outputs, c.channels / c.groups, c.kernel.0, c.kernel.1])))
    let norm = net.norm(right, channels: c.outputs)
    let sum = net.add(Add(), left, norm)
    net.graph.outputs = [net.add(Relu(), sum)]
    let isDepthwise = c.groups == c.channels && c.channels > 1
    let kinds = try net.expectAgreement()
    #expect(kinds.contains("Conv+BatchNormalization+Add+Relu") == !isDepthwise)
    left = sum
  }

  @Test func tilesOnlyWhereItMay() throws {
    let c = ConvolutionCase(channels: 48, outputs: 64, size: (30, 31))
    var (net, y) = net(c, bias: true)
    net.graph.outputs = [net.add(Relu(), y)]
    try net.expectAgreement()
    let tiled = try net.session(threads: 1, winograd: .always).run(net.inputs)
    let plain = try net.session(threads: 1, winograd: .never).run(net.inputs)
    #expect(!zip(plain, tiled).contains { $0.tensor.isBitEqual(to: $1.tensor) })
  }

  @Test func leavesAnOutputThatSomebodyElseNeeds() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 8])
    let y = net.add(Conv(padding: .all(1)), x, net.weight([3, 3, 3, 3]))
    let relu = net.add(Relu(), y)
    net.graph.outputs = [y, relu]
    #expect(try net.expectAgreement().contains("Relu"))
  }

  @Test func foldsAffineConstants() throws {
    var net = Net()
    let x = net.input([2, 3, 8, 8])
    var y = net.add(Conv(padding: .all(1)), x, net.weight([5, 3, 3, 3]))
    y = net.add(Mul(), y, net.weight([5, 1, 1]))
    y = net.add(Add(), net.weight([1, 5, 1, 1]), y)
    y = net.add(Sub(), y, net.weight([5, 1, 1]))
    y = net.add(Div(), y, net.weight(net.numbers.positive([1])))
    net.graph.outputs = [net.add(Clip(), y, net.weight(Tensor(scalar: Float(-0.25))))]
    #expect(try net.expectAgreement() == ["layout", "Conv+Mul+Add+Sub+Div+Clip", "layout"])
  }

  @Test func convolvesOneAxis() throws {
    var net = Net()
    let x = net.input([2, 5, 19])
    let conv = Conv(
      strides: [2], padding: .explicit(begin: [2], end: [1]), dilations: [1])
    net.graph.outputs = [net.add(conv, x, net.weight([7, 5, 4]))]
    #expect(try net.expectAgreement() == ["layout", "Conv", "layout"])
  }

  @Test func takesPaddingAlong() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 9])
    let padded = net.add(Pad(), x, net.constant([0, 0, 3, 3, 0, 0, 3, 3]))
    var y = net.add(Conv(strides: [2, 2]), padded, net.weight([4, 3, 7, 7]))
    y = net.add(Relu(), y)
    y = net.add(Pad(), y, net.constant([0, 0, 1, 1, 0, 0, 1, 1]))
    net.graph.outputs = [net.add(MaxPool(kernel: [3, 3], strides: [2, 2]), y)]
    #expect(try net.expectAgreement() == ["layout", "Conv+Relu", "MaxPool", "layout"])
  }

  @Test func doesNotPadMaximaOfNegatives() throws {
    var net = Net()
    let x = net.input([1, 3, 8, 9])
    let y = net.add(Conv(), x, net.weight([4, 3, 1, 1]))
    let padded = net.add(Pad(), y, net.constant([0, 0, 1, 1, 0, 0, 1, 1]))
    net.graph.outputs = [net.add(MaxPool(kernel: [3, 3], strides: [2, 2]), padded)]
    #expect(try net.expectAgreement().contains("Pad"))
  }
}
