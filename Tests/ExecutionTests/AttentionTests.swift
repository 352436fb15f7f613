import BinaryIO
import Kernels
import ModelGraph
import Operators
import Synchronization
import Tensors
import Testing

@testable import Execution

@Suite struct AttentionLoweringTests {
  private func heads(_ net: inout Net, _ x: ValueID, _ heads: Int, _ size: Int) -> ValueID {
    let split = net.add(Reshape(), x, net.constant([0, 0, heads, size]))
    return net.add(Transpose(permutation: [0, 2, 1, 3]), split)
  }

  @Test(arguments: [false, true], [false, true])
  func attends(isCausal: Bool, isMasked: Bool) throws {
    var net = Net()
    let (q, k) = (net.input([2, 9, 24], "q"), net.input([2, 9, 12], "k"))
    let v = net.input([2, 9, 12], "v")
    let mask = isMasked ? net.input([2, 1, 1, 9], "mask") : nil
    let attention = Attention(queryHeads: 4, keyValueHeads: 2, softcap: 2, isCausal: isCausal)
    net.graph.outputs = [net.add(attention, q, k, v, mask)]
    #expect(try net.expectAgreement() == ["Attention"])
  }

  @Test(arguments: [(1, 70), (2, 40), (3, 33), (4, 64), (8, 16)])
  func computesLayersItemByItem(_ shape: (batch: Int, sequence: Int)) throws {
    var net = Net()
    var x = net.input([shape.batch, shape.sequence, 24])
    let mask = net.graph.addInput(
      "mask", TensorType(.bool, shape: [shape.batch, 1, 1, shape.sequence]))
    let flags = (0..<shape.batch * shape.sequence).map { $0 % 7 != 3 }
    net.inputs["mask"] = Tensor(shape: [shape.batch, 1, 1, shape.sequence], flags)
    func linear(_ x: ValueID, _ inputs: Int, _ outputs: Int) -> ValueID {
      net.add(Linear(), x, net.weight([outputs, inputs]), net.weight([outputs]))
    }
    func norm(_ x: ValueID) -> ValueID {
      net.add(LayerNormalization(), x, net.weight([24]), net.weight([24]))
    }
    for _ in 0..<2 {
      let (q, k, v) = (linear(x, 24, 24), linear(x, 24, 24), linear(x, 24, 24))
      let mixed = net.add(Attention(queryHeads: 4, keyValueHeads: 4), q, k, v, mask)
      x = norm(net.add(Add(), linear(mixed, 24, 24), x))
      x = norm(net.add(Add(), linear(net.add(Gelu(), linear(x, 24, 50)), 50, 24), x))
    }
    net.graph.outputs = [x]
    let steps = try net.expectAgreement(tolerance: 1e-4)
    let chains = steps.filter { $0.contains(", ") }
    // The layers are one step, but for the first product, which comes before the mask.
    #expect(chains.count == (shape.batch > 1 ? 1 : 0), "\(steps)")
    if shape.batch > 1 { #expect(steps.count == 3, "\(steps)") }
  }

  /// A key of few heads makes the parts differ in width; one has no bias.
  @Test func joinsTheProductsThatAttentionReads() throws {
    var net = Net()
    let x = net.input([2, 9, 24])
    let q = net.add(Linear(), x, net.weight([24, 24]), net.weight([24]))
    let k = net.add(Linear(), x, net.weight([12, 24]), nil)
    let v = net.add(Linear(), x, net.weight([12, 24]), net.weight([12]))
    let attention = Attention(queryHeads: 4, keyValueHeads: 2)
    let other = net.add(Linear(), x, net.weight([5, 24]), nil)
    net.graph.outputs = [net.add(attention, q, k, v), other]
    #expect(
      try net.expectAgreement() == ["Linear&Linear&Linear", "Linear", "Attention"])
  }

  @Test func attendsToPartsOfOneProductWhereTheyLie() throws {
    var net = Net()
    let x = net.input([2, 9, 24])
    let all = net.add(Linear(), x, net.weight([48, 24]), nil)
    let parts = ["q", "k", "v"].map { net.graph.addValue($0) }
    net.graph.nodes.append(
      Node(
        name: "split", Split(axis: 2, outputCount: 3), inputs: [all, net.constant([16, 16, 16])],
        outputs: parts))
    let attention = Attention(queryHeads: 2, keyValueHeads: 2)
    net.graph.outputs = [net.add(attention, parts[0], parts[1], parts[2])]
    #expect(try net.expectAgreement() == ["Linear", "Attention"])
  }

  /// What something else reads too is a value of its own.
  @Test func leavesProductsThatOthersRead() throws {
    var net = Net()
    let x = net.input([1, 9, 16])
    let q = net.add(Linear(), x, net.weight([16, 16]), nil)
    let k = net.add(Linear(), x, net.weight([16, 16]), nil)
    let y = net.add(Attention(queryHeads: 2, keyValueHeads: 2), q, k, k)
    net.graph.outputs = [y, q]
    #expect(
      try net.expectAgreement() == ["Linear", "Linear", "Attention"])
  }

  @Test func attendsToKeysThatAMaskLetsThrough() throws {
    var net = Net()
    let x = net.input([2, 3, 24], "x")
    let mask = net.graph.addInput("mask", TensorType(.bool, [2, 1, 1, 3]))
    net.inputs["mask"] = Tensor(shape: [2, 1, 1, 3], [true, true, false, false, false, false])
    let once = net.add(Attention(queryHeads: 4, keyValueHeads: 4), x, x, x, mask)
    net.graph.outputs = [net.add(Attention(queryHeads: 2, keyValueHeads: 2), once, x, once, mask)]
    #expect(try net.expectAgreement() == ["mask", "Attention", "Attention"])
  }

  @Test func attendsToSeparateHeadsWhereTheyLie() throws {
    var net = Net()
    let x = net.input([2, 7, 24])
    let q = heads(&net, x, 4, 6), k = heads(&net, x, 2, 12)
    let keys = net.add(Reshape(), k, net.constant([2, 4, 7, 6]))
    let y = net.add(Attention(isCausal: true), q, keys, q)
    let joined = net.add(Transpose(permutation: [0, 2, 1, 3]), y)
    net.graph.outputs = [net.add(Reshape(), joined, net.constant([0, 0, 24]))]
    // One copy, for the keys that are reshaped.
    #expect(try net.expectAgreement() == ["layout", "Attention", "layout"])
  }

  @Test func findsAttentionThatIsSpeltOut() throws {
    var net = Net()
    let x = net.graph.addInput("x", TensorType(.float32, ["batch", "sequence", "width"]))
    net.inputs["x"] = net.numbers.tensor([2, 7, 24])
    // How many heads there are follows from the width only when it is known.
    func heads(_ order: [Int]) -> ValueID {
      let split = net.add(Reshape(), x, net.constant([0, 0, -1, 6]))
      return net.add(Transpose(permutation: order), split)
    }
    let scores = net.add(MatMul(), heads([0, 2, 1, 3]), heads([0, 2, 3, 1]))
    let four = net.weight(Tensor(scalar: Float(4)))
    let shares = net.add(Softmax(axis: -1), net.add(Div(), scores, four))
    let y = net.add(MatMul(), shares, heads([0, 2, 1, 3]))
    let joined = net.add(Transpose(permutation: [0, 2, 1, 3]), y)
    net.graph.outputs = [net.add(Reshape(), joined, net.constant([0, 0, 24]))]
    #expect(try net.expectAgreement() == ["Attention", "layout"])
  }

  @Test(arguments: [false, true], [nil, 4])
  func turnsHeads(isInterleaved: Bool, dimension: Int?) throws {
    var net = Net()
    let x = net.input([2, 5, 24])
    let pairs = (dimension ?? 6) / 2
    let (cosines, sines) = (net.weight([16, pairs]), net.weight([16, pairs]))
    let positions = net.graph.addInput("positions", TensorType(.int64, [2, 5]))
    net.inputs["positions"] = Tensor(shape: [2, 5], [0, 1, 2, 3, 4, 7, 8, 9, 15, 11])
    let rotary = RotaryEmbedding(isInterleaved: isInterleaved, rotaryDimension: dimension, heads: 4)
    net.graph.outputs = [net.add(rotary, x, cosines, sines, positions)]
    #expect(try net.expectAgreement() == ["RotaryEmbedding"])
  }

  @Test func linearTakesWhatFollowsAlong() throws {
    var net = Net()
    let x = net.input([2, 5, 24])
    let y = net.add(Linear(), x, net.weight([24, 24]), net.weight([24]))
    net.graph.outputs = [net.add(Add(), y, x)]
    #expect(try net.expectAgreement() == ["Linear+Add"])
  }

  @Test(arguments: [DataType.float32, .float16, .bfloat16])
  func embedsFromTheTableAsItIsStored(type: DataType) throws {
    var net = Net()
    let ids = net.graph.addInput("ids", TensorType(.int64, [2, 3]))
    net.inputs["ids"] = Tensor(shape: [2, 3], [0, 8, 3, -1, 4, 8])
    let table = net.numbers.tensor([9, 20]).cast(to: type)
    net.weights["table"] = table
    let values = net.graph.addParameter("table", TensorType(.float32, [9, 20]))
    net.graph.outputs = [net.add(Gather(), values, ids)]
    #expect(try net.expectAgreement(tolerance: 0) == ["Gather"])
  }

  @Test func normalisesByTheRootOfMeanSquares() throws {
    var net = Net()
    net.graph.outputs = [net.add(RMSNormalization(), net.input([2, 5, 24]), net.weight([24]))]
    #expect(try net.expectAgreement() == ["RMSNormalization"])
  }
}

/// A state that a session updates in place.
@Suite struct SessionStateTests {
  private static let (heads, shared, size) = (4, 2, 6)

  /// Two layers of attention over a cache, with weights between.
  private func net() -> Net {
    var net = Net(seed: 7)
    let width = Self.heads * Self.size, narrow = Self.shared * Self.size
    var x = net.graph.addInput("x", TensorType(.float32, ["batch", "sequence", .fixed(width)]))
    let starts = net.graph.addInput("starts", TensorType(.int64, ["batch"]))
    var presents: [ValueID] = []
    for layer in 0..<2 {
      let cache = TensorType(
        .float32, ["batch", .fixed(Self.shared), "capacity", .fixed(Self.size)])
      let past = ["key", "value"].map { net.graph.addInput("past.\(layer).\($0)", cache) }
      let q = net.add(Linear(), x, net.weight([width, width]))
      let k = net.add(Linear(), x, net.weight([narrow, width]))
      let v = net.add(Linear(), x, net.weight([narrow, width]))
      let ids = ["y", "present.\(layer).key", "present.\(layer).value"].map {
        net.graph.addValue($0)
      }
      net.graph.nodes.append(
        Node(
          name: "attention\(layer)",
          CachedAttention(queryHeads: Self.heads, keyValueHeads: Self.shared),
          inputs: [q, k, v, past[0], past[1], starts], outputs: ids))
      presents += ids[1...]
      x = net.add(Add(), ids[0], x)
    }
    net.graph.outputs = [x] + presents
    return net
  }

  private let pairs = (0..<2).flatMap { layer in
    ["key", "value"].map { (input: "past.\(layer).\($0)", output: "present.\(layer).\($0)") }
  }

  private func session(threads: Int = 1, plain: Bool = false) throws -> Session {
    let net = net()
    let weights = net.weights
    return try Session(
      graph: net.graph, weights: { weights[$0] ?? Tensor([Float(0)]) },
      options: SessionOptions(threads: threads, isPlain: plain), state: pairs)
  }

  private func inputs(_ x: Tensor, _ range: Range<Int>, starts: [Int]? = nil) -> [String: Tensor] {
    [
      "x": x.sliced(axis: 1, range),
      "starts": Tensor(starts ?? [Int](repeating: range.lowerBound, count: x.shape[0])),
    ]
  }

  /// How far apart two tensors are at most.
  private func distance(_ a: Tensor, _ b: Tensor) -> Double {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.doubles, b.doubles).map { abs($0 - $1) }.max() ?? 0
  }

  @Test(arguments: [1, 2], [false, true])
  func stepsGiveWhatTheWholeGives(threads: Int, plain: Bool) throws {
    var numbers = Numbers(seed: 3)
    let x = numbers.tensor([2, 9, 24])
    let session = try session(threads: threads, plain: plain)
    #expect(session.inputs.map(\.name) == ["x", "starts"] && session.outputs.count == 1)
    let whole = try session.run(inputs(x, 0..<9), state: session.makeState(batch: 2, capacity: 9))
    let state = try session.makeState(batch: 2, capacity: 3)
    for range in [0..<3, 3..<4, 4..<5, 5..<9] {
      try state.reserve(range.upperBound)
      let part = try session.run(inputs(x, range), state: state)
      #expect(distance(part[0].tensor, whole[0].tensor.sliced(axis: 1, range)) <= 1e-5)
    }
    #expect(state.capacity == 12)
  }

  @Test func rowsOfABatchMayBeAtDifferentPlaces() throws {
    var numbers = Numbers(seed: 4)
    let x = numbers.tensor([2, 4, 24])
    let session = try session()
    let whole = try session.run(inputs(x, 0..<4), state: session.makeState(batch: 2, capacity: 8))
    // The second row runs one behind: its first step is overwritten by the next.
    let state = try session.makeState(batch: 2, capacity: 8)
    var behind: [Tensor] = []
    for i in 0..<4 {
      let second = max(0, i - 1)
      let step = try Tensor.joining(
        x.sliced(axis: 0, 0..<1).sliced(axis: 1, i..<(i + 1)),
        x.sliced(axis: 0, 1..<2).sliced(axis: 1, second..<(second + 1)))
      let y = try session.run(["x": step, "starts": Tensor([i, second])], state: state)
      behind.append(y[0].tensor)
    }
    let last = behind[3]
    #expect(
      distance(
        last.sliced(axis: 0, 0..<1), whole[0].tensor.sliced(axis: 0, 0..<1).sliced(axis: 1, 3..<4))
        <= 1e-5)
    #expect(
      distance(
        last.sliced(axis: 0, 1..<2), whole[0].tensor.sliced(axis: 0, 1..<2).sliced(axis: 1, 2..<3))
        <= 1e-5)
  }

  @Test func aStepNeitherCompilesNorMovesTheCache() throws {
    var numbers = Numbers(seed: 5)
    let x = numbers.tensor([1, 40, 24])
    let session = try session()
    let state = try session.makeState(capacity: 64)
    func places() -> [FloatView.Place] { state.memory.withLock { $0.views.map(\.place) } }
    let before = places()
    _ = try session.run(inputs(x, 0..<8), state: state)
    _ = try session.run(inputs(x, 8..<9), state: state)
    let compiled = session.compilations
    #expect(compiled == 2)
    for i in 9..<40 { _ = try session.run(inputs(x, i..<(i + 1)), state: state) }
    #expect(session.compilations == compiled)
    #expect(places() == before)
    // Nothing that a step does is as large as the cache.
    let (_, steps) = try session.profile(inputs(x, 39..<40), state: state)
    #expect(steps.map(\.kind).filter { ["layout", "state", "import"].contains($0) }.isEmpty)
  }

  @Test func aFullStateSaysSoAndKeepsWhatItHas() throws {
    var numbers = Numbers(seed: 6)
    let x = numbers.tensor([1, 6, 24])
    let session = try session()
    let state = try session.makeState(capacity: 4)
    _ = try session.run(inputs(x, 0..<4), state: state)
    #expect(throws: DataError.self) { try session.run(inputs(x, 4..<5), state: state) }
    try state.reserve(5)
    #expect(state.capacity == 8)
    _ = try session.run(inputs(x, 4..<5), state: state)
  }

  @Test func misuseIsNamed() throws {
    let session = try session()
    #expect(throws: DataError.self) { try session.run([:]) }
    let net = net()
    let weights = net.weights
    #expect(throws: DataError.self) {
      try Session(
        graph: net.graph, weights: { weights[$0] ?? Tensor([Float(0)]) },
        state: [(input: "past.9.key", output: "present.0.key")])
    }
  }
}

extension Tensor {
  /// Two tensors behind one another along the first axis.
  fileprivate static func joining(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try Concat(axis: 0).evaluate([a, b])[0]
  }
}
