import BinaryIO
import Kernels
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

/// Outputs are computed where they are handed out.
@Suite struct OutputMemoryTests {
  private func place(_ tensor: Tensor?) throws -> FloatView.Place {
    let tensor = try #require(tensor)
    return try #require(FloatView(reading: tensor)).place
  }

  private func product(rows: Int) throws -> (net: Net, session: Session) {
    var net = Net()
    let x = net.input([rows, 8])
    net.graph.outputs = [net.add(Linear(), x, net.weight([8, 8]))]
    return (net, try net.session(threads: 2))
  }

  @Test func whatIsHeldStaysAsItIs() throws {
    let (net, session) = try product(rows: 300)
    let first = try session.run(net.inputs)
    let before = try #require(first.first).tensor.floats
    var numbers = Numbers(seed: 5)
    var others: [NamedTensors] = []
    for _ in 0..<5 { others.append(try session.run(["x": numbers.tensor([300, 8])])) }
    #expect(first.first?.tensor.floats == before)
    let places = try ([first] + others).map { try place($0.first?.tensor) }
    #expect(Set(places).count == 6)
    for other in others { #expect(other.first?.tensor.floats != before) }
  }

  @Test func whatIsGivenUpServesTheNextRun() throws {
    let (net, session) = try product(rows: 300)
    func run() throws -> FloatView.Place { try place(session.run(net.inputs).first?.tensor) }
    #expect(try run() == run())
    // Nor may a view of the tensor be left
    var view = try session.run(net.inputs).first.flatMap { FloatView(reading: $0.tensor) }
    let held = try #require(view).place
    #expect(try run() != held)
    view = nil
    let (one, other) = (try session.run(net.inputs), try session.run(net.inputs))
    #expect(try place(one.first?.tensor) != place(other.first?.tensor))
  }

  /// One output twice, one that another is made of, one of other layout, one that is the input, one that is a weight.
  @Test func outputsOfEveryKind() throws {
    var net = Net()
    let x = net.input([2, 3, 5, 7])
    let a = net.add(Relu(), net.add(Conv(padding: .all(1)), x, net.weight([4, 3, 3, 3])))
    let b = net.add(Flatten(), a)
    let c = net.add(Linear(), b, net.weight([6, 140]))
    let d = net.add(Tanh(), c)
    let weight = net.weight([3])
    net.graph.outputs = [c, a, d, b, c, x, weight]
    try net.expectAgreement()
    let outputs = try net.session(threads: 1).run(net.inputs)
    #expect(outputs.count == 7)
  }

  @Test func theirMemoryIsLimitedToo() throws {
    var net = Net()
    let x = net.input([100, 8])
    net.graph.outputs = (0..<3).map { _ in net.add(Linear(), x, net.weight([8, 8])) }
    let weights = net.weights
    func session(_ bytes: Int) throws -> Session {
      try Session(
        graph: net.graph, weights: { weights[$0]! }, options: SessionOptions(maximumBytes: bytes))
    }
    #expect(throws: Never.self) { try session(3 * 3200).run(net.inputs) }
    let error = #expect(throws: DataError.self) { try session(3 * 3200 - 4).run(net.inputs) }
    #expect(error?.code == .limitExceeded)
    #expect(error?.found.contains("between the layers and the outputs") == true)
  }
}
