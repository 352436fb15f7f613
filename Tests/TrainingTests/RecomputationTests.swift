import BinaryIO
import Execution
import Kernels
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Training

/// Deep networks, whose steps are cut into parts that are computed twice.
private struct DeepNetwork: Sendable {
  var network = SmallNetwork()
  var places: [DropoutPlace] = []
  var inputs: [String: Tensor] = [:]
  var targets = Tensor([Int64(0)])

  /// Blocks of convolutions, normalised by the batch, with a way around each; one of them halves the picture.
  static func residual(blocks: Int = 6) -> DeepNetwork {
    var (network, result) = (SmallNetwork(), DeepNetwork())
    network.graph = Graph(name: "deep")
    network.weights = [:]
    let x = network.graph.addInput("input", TensorType(.float32, [.symbol("batch"), 3, 32, 32]))
    func conv(_ x: ValueID, _ name: String, _ shape: Shape, stride: Int = 1) -> ValueID {
      let weight = network.weight("\(name).weight", shape, scale: 0.2)
      let padding = Padding.all(shape[2] / 2)
      let y = network.graph.add(
        Conv(strides: [stride, stride], padding: padding), [x, weight], name: name)
      return network.norm(y, "\(name).norm", shape[0])
    }
    func relu(_ x: ValueID, _ name: String) -> ValueID {
      network.graph.add(Relu(), [x], name: name)
    }
    var y = relu(conv(x, "stem", [8, 3, 3, 3]), "stem.relu")
    for block in 0..<blocks {
      let name = "block\(block)"
      let stride = block == blocks / 2 ? 2 : 1
      var z = relu(conv(y, "\(name).a", [8, 8, 3, 3], stride: stride), "\(name).a.relu")
      z = conv(z, "\(name).b", [8, 8, 3, 3])
      if stride > 1 { y = conv(y, "\(name).way", [8, 8, 1, 1], stride: stride) }
      y = relu(network.graph.add(Add(), [z, y], name: "\(name).sum"), "\(name).relu")
      result.places.append(DropoutPlace(.value("\(name).b.norm"), rate: 0.2, unit: .sample))
    }
    y = network.graph.add(
      Flatten(), [network.graph.add(GlobalAveragePool(), [y], name: "average")], name: "flat")
    network.graph.outputs = [
      network.graph.add(Linear(), [y, network.weight("fc.weight", [5, 8])], name: "logits")
    ]
    result.network = network
    result.inputs = ["input": SmallNetwork.numbers([4, 3, 32, 32], seed: 3, scale: 2)]
    result.targets = Tensor([0, 3, 1, 4] as [Int64])
    return result
  }

  /// Blocks of attention and of two wide products, each normalised before and with a way around it.
  static func transformer(blocks: Int = 6, gate: any Operator = Gelu()) -> DeepNetwork {
    var (network, result) = (SmallNetwork(), DeepNetwork())
    network.graph = Graph(name: "transformer")
    network.weights = [:]
    let (width, length) = (16, 24)
    var y = network.graph.addInput(
      "input", TensorType(.float32, [.symbol("batch"), .fixed(length), .fixed(width)]))
    func linear(_ x: ValueID, _ name: String, _ outputs: Int, _ inputs: Int) -> ValueID {
      let weight = network.weight("\(name).weight", [outputs, inputs], scale: 0.4)
      let bias = network.weight("\(name).bias", [outputs], scale: 0.1)
      return network.graph.add(Linear(), [x, weight, bias], name: name)
    }
    func norm(_ x: ValueID, _ name: String) -> ValueID {
      let scale = network.weight("\(name).weight", [width], scale: 1)
      let bias = network.weight("\(name).bias", [width], scale: 0.1)
      return network.graph.add(LayerNormalization(), [x, scale, bias], name: name)
    }
    for block in 0..<blocks {
      let name = "block\(block)"
      let x = norm(y, "\(name).first")
      let attention = network.graph.add(
        Attention(queryHeads: 2, keyValueHeads: 2, isCausal: true),
        ["q", "k", "v"].map { linear(x, "\(name).\($0)", width, width) }, name: "\(name).attention")
      let out = linear(attention, "\(name).out", width, width)
      y = network.graph.add(Add(), [out, y], name: "\(name).half")
      let z = linear(norm(y, "\(name).second"), "\(name).up", 4 * width, width)
      let down = linear(
        network.graph.add(gate, [z], name: "\(name).gate"), "\(name).down", width, 4 * width)
      y = network.graph.add(Add(), [y, down], name: "\(name).whole")
      result.places += [
        DropoutPlace(.shares(of: "\(name).attention"), rate: 0.1),
        DropoutPlace(.value("\(name).out"), rate: 0.2),
        DropoutPlace(.value("\(name).down"), rate: 0.2),
      ]
    }
    network.graph.outputs = [linear(norm(y, "last"), "logits", 7, width)]
    result.network = network
    result.inputs = ["input": SmallNetwork.numbers([3, length, width], seed: 5, scale: 2)]
    result.targets = Tensor(
      shape: [3, length], (0..<(3 * length)).map { Int64($0 * 5 % 7) } as [Int64])
    return result
  }

  func session(
    recomputes: Bool, drops: Bool = true, threads: Int = 2,
    learning: (String) -> Bool = { _ in true }
  ) throws -> TrainingSession {
    let names = network.graph.parameters.map { network.graph[$0].name }
    func parameters(_ names: [String]) -> [Parameter] {
      names.compactMap { name in network.weights[name].map { Parameter(name: name, $0) } }
    }
    let (weights, isRunning) = (network.weights, { (name: String) in name.contains("running_") })
    return try TrainingSession(
      graph: network.graph,
      weights: { name in
        guard let tensor = weights[name] else { throw DataError(.malformed, name) }
        return tensor
      }, parameters: parameters(names.filter { !isRunning($0) && learning($0) }),
      running: parameters(names.filter(isRunning)), dropouts: drops ? places : [],
      objective: TokenObjective(),
      options: SessionOptions(threads: threads, recomputes: recomputes))
  }

  /// What three steps of two batches each leave: losses, gradients, weights and running statistics.
  func run(_ session: TrainingSession) throws -> [[Float]] {
    var optimization = Optimization(
      AdamW(), ParameterGroup.groups(session.parameters, weightDecay: 0.01))
    var found: [[Float]] = []
    for step in 0..<3 {
      for part in 0..<2 {
        let key = DropoutKey(seed: 3, step: step, first: part, samples: 2)
        let result = try session.step(
          inputs, targets: targets, share: 0.5, adds: part > 0, key: key)
        found.append([Float(result.loss)] + (result.output?.floats ?? []))
      }
      found += session.parameters.map(\.gradient.array)
      optimization.step(rate: 0.01, pool: session.pool)
    }
    let running = session.running.values.sorted { $0.name < $1.name }
    return found + (session.parameters + running).map(\.values.array)
  }
}

@Suite struct RecomputationTests {
  private static let networks: [String: DeepNetwork] = [
    "residual": .residual(), "transformer": .transformer(),
    "transformer with tanh": .transformer(gate: Tanh()),
  ]

  @Test(arguments: networks.keys.sorted(), [false, true])
  func everyBitIsAsWithoutIt(name: String, drops: Bool) throws {
    let network = try #require(Self.networks[name])
    let (all, few) = (
      try network.session(recomputes: false, drops: drops),
      try network.session(recomputes: true, drops: drops)
    )
    let (a, b) = (try network.run(all), try network.run(few))
    #expect(a == b)
    #expect(a.allSatisfy { $0.allSatisfy(\.isFinite) })
    let (whole, memory) = (try #require(all.memory), try #require(few.memory))
    #expect(memory.recomputedParts > 1 && memory.recomputedNodes > 10)
    #expect(memory.bytesWithoutRecomputation == whole.bytes)
    #expect(whole.recomputedParts == 0 && whole.bytesWithoutRecomputation == nil)
  }

  /// Deeper networks keep more blocks' inputs, and of one block at a time all else.
  @Test(arguments: [("residual", 0.6), ("transformer", 0.45)])
  func deepNetworksTakeFarLessMemory(name: String, share: Double) throws {
    let network = name == "residual" ? DeepNetwork.residual(blocks: 12) : .transformer(blocks: 12)
    let session = try network.session(recomputes: true)
    _ = try session.step(network.inputs, targets: network.targets)
    let memory = try #require(session.memory)
    let whole = try #require(memory.bytesWithoutRecomputation)
    #expect(Double(memory.bytes) < share * Double(whole), "\(memory)")
  }

  /// What was found for one shape serves others.
  @Test func batchesOfOtherSizesKeepTheirBits() throws {
    let network = DeepNetwork.transformer()
    let sessions = try [false, true].map { try network.session(recomputes: $0) }
    let whole = try #require(network.inputs["input"])
    var bytes = 0
    for range in [0..<1, 1..<3, 0..<3, 0..<1] {
      let found = try sessions.map { session in
        let result = try session.step(
          ["input": whole.sliced(axis: 0, range).contiguous()],
          targets: network.targets.sliced(axis: 0, range).contiguous(), adds: false,
          key: DropoutKey(seed: 1, step: 2, first: range.lowerBound, samples: range.count))
        return [Float(result.loss)] + session.parameters.flatMap(\.gradient.array)
      }
      #expect(found[0] == found[1])
      // What is told is of the largest so far: of this one, but for the last
      let memory = try #require(sessions[1].memory)
      #expect(memory.recomputedParts > 1, "\(range): \(memory)")
      #expect(range == 0..<1 || memory.bytes > bytes)
      bytes = memory.bytes
    }
    #expect(sessions[1].foundWay.searches == 1)
  }

  @Test func runningStatisticsFollowABatchOnce() throws {
    let network = DeepNetwork.residual()
    let sessions = try [false, true].map { try network.session(recomputes: $0, drops: false) }
    for session in sessions { _ = try session.step(network.inputs, targets: network.targets) }
    let memory = try #require(sessions[1].memory)
    #expect(memory.recomputedParts > 0, "\(memory)")
    #expect(sessions[0].running.count == 2 * (1 + 2 * 6 + 1))
    for (name, parameter) in sessions[0].running {
      let before = try #require(network.network.weights[name]?.floats)
      #expect(parameter.values.array != before)
      #expect(sessions[1].running[name]?.values.array == parameter.values.array)
    }
  }

  @Test func whatDoesNotLearnIsNotComputedTwice() throws {
    let network = DeepNetwork.transformer()
    let last = try network.session(recomputes: true) { $0.hasPrefix("logits") }
    _ = try last.step(network.inputs, targets: network.targets)
    #expect(last.memory?.recomputedParts == 0)
    let late = try network.session(recomputes: true) { !$0.hasPrefix("block0") }
    let all = try network.session(recomputes: false) { !$0.hasPrefix("block0") }
    #expect(try network.run(late) == network.run(all))
    #expect(late.memory.map { $0.recomputedParts > 0 } == true)
  }

  @Test func aNetworkWithoutANarrowPlaceStaysAsItIs() throws {
    var network = DeepNetwork()
    network.network.graph = Graph(name: "one layer")
    let x = network.network.graph.addInput("input", TensorType(.float32, [.symbol("batch"), 8]))
    network.network.weights = [:]
    let weight = network.network.weight("fc.weight", [5, 8])
    network.network.graph.outputs = [
      network.network.graph.add(Linear(), [x, weight], name: "logits")
    ]
    network.inputs = ["input": SmallNetwork.numbers([4, 8], seed: 3)]
    network.targets = Tensor([0, 3, 1, 4] as [Int64])
    let sessions = try [false, true].map { try network.session(recomputes: $0) }
    #expect(try network.run(sessions[0]) == network.run(sessions[1]))
    let memory = try #require(sessions[1].memory)
    #expect(memory.recomputedParts == 0 && memory.bytes == memory.bytesWithoutRecomputation)
  }
}
