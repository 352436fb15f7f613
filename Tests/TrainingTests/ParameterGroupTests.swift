import JSON
import Kernels
import Tensors
import TestSupport
import Testing
import Training

@Suite struct ParameterGroupTests {
  static func parameter(_ name: String, _ shape: Shape) -> Parameter {
    Parameter(
      name: name, Tensor(shape: shape, [Float](repeating: 1, count: shape.elementCount)))
  }

  @Test func normsAndBiasesDoNotDecay() {
    let groups = ParameterGroup.groups(
      [
        Self.parameter("conv.weight", [4, 3, 3, 3]), Self.parameter("bn.weight", [4]),
        Self.parameter("attention.bias", [4, 2]), Self.parameter("fc.weight", [2, 4]),
        Self.parameter("fc.bias", [2]),
      ], weightDecay: 0.1)
    #expect(groups.map(\.weightDecay) == [0.1, 0])
    #expect(groups[0].parameters.map(\.name) == ["conv.weight", "fc.weight"])
    #expect(groups[1].parameters.map(\.name) == ["bn.weight", "attention.bias", "fc.bias"])
  }

  @Test func groupsLearnAtTheirOwnRates() {
    let parameters = [
      Self.parameter("layer1.weight", [2, 1]), Self.parameter("fc.weight", [2, 1]),
    ]
    let groups = ParameterGroup.groups(parameters, weightDecay: 0) {
      $0.hasPrefix("layer1.") ? 0.5 : 1
    }
    for parameter in parameters { parameter.gradient.fill(1) }
    var optimization = Optimization(SGD(), groups)
    optimization.step(rate: 0.5)
    #expect(parameters[0].values.array == [0.75, 0.75])
    #expect(parameters[1].values.array == [0.5, 0.5])
  }

  @Test func clipsByTheNormOfAllAsPyTorchDoes() throws {
    let parameters = try OptimizerTests.parameters()
    try OptimizerTests.setGradients(parameters, step: 0)
    let norm = GradientClipping.norm(1.5).clip(parameters)
    let wanted = try #require(OptimizerTests.golden["clippedNorm"]?.double)
    #expect(abs(norm - wanted) <= 1e-6 * wanted)
    for (i, parameter) in parameters.enumerated() {
      expectEqual(
        parameter.gradient.array, try #require(OptimizerTests.arrays["clipped.\(i)"]).floats,
        "gradient \(i)")
    }
    let before = parameters.map(\.gradient.array)
    GradientClipping.norm(10).clip(parameters)
    #expect(parameters.map(\.gradient.array) == before)
  }

  @Test func clipsByValueAndLetsNaNThrough() {
    let parameter = Self.parameter("w", [4])
    parameter.gradient.copy(from: [-3, 0.25, 2, .nan])
    #expect(GradientClipping.value(1).clip([parameter]).isNaN)
    #expect(Array(parameter.gradient.array.prefix(3)) == [-1, 0.25, 1])
    #expect(parameter.gradient[3].isNaN)
    parameter.gradient.copy(from: [1, .nan, 1, 1])
    GradientClipping.norm(0.1).clip([parameter])
    #expect(parameter.gradient[0] == 1)
  }

  @Test func averagesWeightsAsPyTorchDoes() throws {
    let parameters = try OptimizerTests.parameters()
    let initial = parameters.map(\.values.array)
    var average = WeightAverage(of: parameters.map(\.values), decay: 0.9)
    for step in 0..<3 {
      try OptimizerTests.setGradients(parameters, step: step)
      for parameter in parameters { parameter.values.copy(from: parameter.gradient) }
      average.update()
    }
    let last = parameters.map(\.values.array)
    for i in parameters.indices {
      expectEqual(
        average.values[i], try #require(OptimizerTests.arrays["average.\(i)"]).floats, "\(i)")
    }
    average.swap()
    #expect(average.values == last)
    #expect(parameters.map(\.values.array) != last)
    average.swap()
    #expect(parameters.map(\.values.array) == last)
    let (saved, steps) = (average.values, average.steps)
    var other = WeightAverage(of: initial.map { FloatView($0) }, decay: 0.9)
    #expect(other.restore(saved, steps: steps) && other.values == saved)
    #expect(!other.restore([[1]], steps: 1) && other.values == saved)
  }
}
