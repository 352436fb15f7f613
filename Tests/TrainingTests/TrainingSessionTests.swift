import BinaryIO
import Execution
import Kernels
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Training

/// A small network with all that a residual one has, its weights and a batch.
struct SmallNetwork {
  var graph = Graph(name: "small")
  var weights: [String: Tensor] = [:]

  static func numbers(_ shape: Shape, seed: Int, scale: Double = 1) -> Tensor {
    let values = (0..<shape.elementCount).map { index in
      scale * (Double((index + 13 * seed) * 7919 % 1009) / 504.5 - 1)
    }
    return Tensor(shape: shape, values).cast(to: .float32)
  }

  mutating func weight(_ name: String, _ shape: Shape, scale: Double = 0.5) -> ValueID {
    weights[name] = Self.numbers(shape, seed: weights.count + 1, scale: scale)
    return graph.addParameter(name, TensorType(.float32, shape: shape))
  }

  /// Scale and shift near 1 and 0, as in a trained network.
  mutating func norm(_ x: ValueID, _ name: String, _ channels: Int) -> ValueID {
    let names = ["weight", "bias", "running_mean", "running_var"]
    let ids = names.map { weight("\(name).\($0)", [channels], scale: 0.2) }
    for part in [names[0], names[3]] {
      let key = "\(name).\(part)"
      weights[key] = weights[key].map { Tensor(shape: $0.shape, $0.floats.map { 1 + $0 }) }
    }
    return graph.add(BatchNormalization(), [x] + ids, name: name)
  }

  init(depthwise: Bool = false) {
    let x = graph.addInput("input", TensorType(.float32, [.symbol("batch"), 3, 13, 11]))
    var y = graph.add(
      Conv(strides: [2, 2], padding: .all(1)), [x, weight("stem.weight", [8, 3, 3, 3])],
      name: "stem")
    y = norm(y, "stem.norm", 8)
    y = graph.add(Relu(), [y], name: "stem.relu")
    y = graph.add(
      MaxPool(kernel: [3, 3], strides: [2, 2], padding: .all(1)), [y], name: "pool")
    let groups = depthwise ? 8 : 1
    var z = graph.add(
      Conv(padding: .all(1), groups: groups),
      [y, weight("conv.weight", [8, 8 / groups, 3, 3]), weight("conv.bias", [8])], name: "conv")
    z = norm(z, "conv.norm", 8)
    y = graph.add(Relu(), [graph.add(Add(), [y, z], name: "sum")], name: "relu")
    y = graph.add(Flatten(), [graph.add(GlobalAveragePool(), [y], name: "average")], name: "flat")
    y = graph.add(
      Linear(), [y, weight("fc.weight", [5, 8]), weight("fc.bias", [5])], name: "logits")
    graph.outputs = [y]
  }

  func session(
    learning: (String) -> Bool, plain: Bool, threads: Int = 1
  ) throws -> TrainingSession {
    let names = graph.parameters.map { graph[$0].name }
    let running = names.filter { $0.contains("running_") }
    let own = names.filter { learning($0) && !running.contains($0) }
    func parameters(_ names: [String]) -> [Parameter] {
      names.compactMap { name in weights[name].map { Parameter(name: name, $0) } }
    }
    var options = SessionOptions(threads: threads)
    options.isPlain = plain
    return try TrainingSession(
      graph: graph,
      weights: { name in
        guard let tensor = weights[name] else { throw DataError(.malformed, name) }
        return tensor
      }, parameters: parameters(own), running: parameters(running), objective: ClassObjective(),
      options: options)
  }

  static let pictures = numbers([4, 3, 13, 11], seed: 77, scale: 2)
  static let targets = Tensor(
    shape: [4, 5],
    [1, 0, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0] as [Float])
}

@Suite struct TrainingSessionTests {
  /// The kernels beside every operator's own evaluation, in Double.
  @Test(arguments: [false, true])
  func aStepAgreesWithThePlainOne(depthwise: Bool) throws {
    let network = SmallNetwork(depthwise: depthwise)
    let (fast, plain) = (
      try network.session(learning: { _ in true }, plain: false, threads: 2),
      try network.session(learning: { _ in true }, plain: true)
    )
    let inputs = ["input": SmallNetwork.pictures]
    let (a, b) = (
      try fast.step(inputs, targets: SmallNetwork.targets),
      try plain.step(inputs, targets: SmallNetwork.targets)
    )
    #expect(abs(a.loss - b.loss) < 1e-5 * b.loss)
    let steepest = plain.parameters.flatMap { $0.gradient.array.map(abs) }.max() ?? 0
    for (x, y) in zip(fast.parameters, plain.parameters) {
      let largest = y.gradient.array.map(abs).max() ?? 0
      // Normalisation takes a bias before it away: its gradient is what rounding leaves
      #expect((largest > 1e-5 * steepest) == (y.name != "conv.bias"), "\(y.name): \(largest)")
      let worst = zip(x.gradient.array, y.gradient.array).map { abs($0 - $1) }.max() ?? 0
      #expect(worst < 2e-5 * largest + 1e-5 * steepest, "\(x.name): \(worst) of \(largest)")
    }
  }

  @Test func theGradientIsTheSlopeOfTheLoss() throws {
    let network = SmallNetwork()
    let inputs = ["input": SmallNetwork.pictures]
    let session = try network.session(learning: { _ in true }, plain: false)
    _ = try session.step(inputs, targets: SmallNetwork.targets)
    let other = try network.session(learning: { _ in true }, plain: false)
    // Along the gradient itself: the loss falls by its squared length
    var length = 0.0
    for parameter in session.parameters {
      length += parameter.gradient.array.reduce(0) { $0 + Double($1) * Double($1) }
    }
    let step = 1e-3 / length.squareRoot()
    func loss(_ sign: Double) throws -> Double {
      for (mine, known) in zip(other.parameters, session.parameters) {
        for index in 0..<mine.values.count {
          let start = Double(known.values[index])
          mine.values[index] = Float(start + sign * step * Double(known.gradient[index]))
        }
      }
      return try other.step(inputs, targets: SmallNetwork.targets).loss
    }
    let slope = try (loss(1) - loss(-1)) / (2 * step)
    #expect(abs(slope - length) < 2e-2 * length, "\(slope), not \(length)")
  }

  @Test func gradientsAddUpUntilSomeoneTakesThem() throws {
    let network = SmallNetwork()
    let inputs = ["input": SmallNetwork.pictures]
    let once = try network.session(learning: { $0.hasPrefix("fc") }, plain: false)
    _ = try once.step(inputs, targets: SmallNetwork.targets)
    let twice = try network.session(learning: { $0.hasPrefix("fc") }, plain: false)
    for _ in 0..<2 { _ = try twice.step(inputs, targets: SmallNetwork.targets, share: 0.5) }
    for (a, b) in zip(once.parameters, twice.parameters) {
      #expect(zip(a.gradient.array, b.gradient.array).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    #expect(once.parameters.map(\.name) == ["fc.weight", "fc.bias"])
  }

  @Test func theNumberOfThreadsChangesNothing() throws {
    let network = SmallNetwork()
    let results = try [1, 2].map { threads in
      let session = try network.session(
        learning: { _ in true }, plain: false, threads: threads)
      _ = try session.step(["input": SmallNetwork.pictures], targets: SmallNetwork.targets)
      return session.parameters.map(\.gradient.array)
    }
    #expect(results[0] == results[1])
  }

  @Test func frozenPartsAreCutOffWhereTheyEnd() throws {
    let network = SmallNetwork()
    let graph = network.graph
    let learning = Set(graph.parameters.filter { graph[$0].name.hasPrefix("fc") })
    let (frozen, rest) = graph.split(learning: learning)
    #expect(frozen.outputs.map { graph[$0].name } == ["flat"])
    #expect(frozen.inputs.map { graph[$0].name } == ["input"])
    #expect(rest.inputs.map { graph[$0].name } == ["flat"])
    #expect(rest.nodes.map(\.name) == ["logits"])
    try frozen.verify()
    try rest.verify()
  }

  /// A mask made of an input, and places that are alike for all samples, go to both parts.
  @Test func whatComesOfNoWeightIsNotKept() throws {
    var graph = Graph(name: "masked")
    let type = TensorType(.float32, [.symbol("batch"), 4])
    let (x, mask) = (graph.addInput("x", type), graph.addInput("mask", type))
    let first = graph.addParameter("first", TensorType(.float32, shape: [4, 4]))
    let places = graph.addParameter("places", TensorType(.float32, shape: [4]))
    let last = graph.addParameter("last", TensorType(.float32, shape: [2, 4]))
    let hidden = graph.add(Linear(), [x, first], name: "hidden")
    let away = graph.add(Neg(), [mask], name: "away")
    let shown = graph.add(Add(), [hidden, away], name: "shown")
    let bent = graph.add(Tanh(), [places], name: "bent")
    let placed = graph.add(
      Add(), [graph.add(Mul(), [shown, away], name: "cut"), bent], name: "placed")
    graph.outputs = [graph.add(Linear(), [placed, last], name: "logits")]

    let all = graph.split(learning: [first, places, last])
    #expect(all.frozen.nodes.isEmpty && all.frozen.outputs.isEmpty)
    #expect(all.rest.inputs.map { graph[$0].name } == ["x", "mask"])

    let (frozen, rest) = graph.split(learning: [last])
    #expect(frozen.outputs.map { graph[$0].name } == ["placed"])
    #expect(rest.inputs.map { graph[$0].name } == ["placed"])

    let late = graph.split(learning: [places, last])
    #expect(late.frozen.outputs.map { graph[$0].name } == ["cut"])
    let early = graph.split(learning: [first])
    #expect(early.frozen.nodes.isEmpty)
    #expect(early.rest.nodes.map(\.name).contains("bent"))
    try late.rest.verify()
    try early.rest.verify()
  }
}
