import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

/// Numbers that are the same in every run of the tests.
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Evenly between -1 and 1.
  mutating func float() -> Float { Float(Int64(bitPattern: next()) >> 40) / Float(1 << 23) }

  mutating func integer(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[integer(in: 0...(elements.count - 1))]
  }

  mutating func tensor(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { _ in float() })
  }

  /// Above zero.
  mutating func positive(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { _ in 0.5 + abs(float()) })
  }
}

/// A graph in the making, with weights that are numbers of a seed.
struct Net {
  var graph = Graph()
  var weights: [String: Tensor] = [:]
  var inputs: [String: Tensor] = [:]
  var numbers: Numbers

  init(seed: UInt64 = 1) { numbers = Numbers(seed: seed) }

  mutating func input(_ shape: Shape, _ name: String = "x") -> ValueID {
    inputs[name] = numbers.tensor(shape)
    return graph.addInput(name, TensorType(.float32, shape: shape))
  }

  mutating func weight(_ tensor: Tensor) -> ValueID {
    let name = "w\(weights.count)"
    weights[name] = tensor
    return graph.addParameter(name, TensorType(tensor.dataType, shape: tensor.shape))
  }

  mutating func weight(_ shape: Shape) -> ValueID { weight(numbers.tensor(shape)) }

  mutating func constant(_ values: [Int]) -> ValueID {
    graph.addConstant("c\(graph.constants.count)", Tensor(values))
  }

  mutating func add(_ operator: any Operator, _ inputs: ValueID?...) -> ValueID {
    graph.add(`operator`, inputs, name: "n\(graph.nodes.count)")
  }

  mutating func norm(_ x: ValueID, channels: Int) -> ValueID {
    let variance = weight(numbers.positive([channels]))
    return add(
      BatchNormalization(), x, weight([channels]), weight([channels]), weight([channels]), variance)
  }

  func session(
    threads: Int, plain: Bool = false, winograd: WinogradUse = .whereFaster
  ) throws -> Session {
    let weights = weights
    return try Session(
      graph: graph, weights: { weights[$0]! },
      options: SessionOptions(threads: threads, isPlain: plain, winograd: winograd))
  }

  /// The program's outputs are those of the operators' own evaluation, for any number of threads; gives the steps.
  @discardableResult
  func expectAgreement(
    tolerance: Float = 2e-5, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    let expected = try session(threads: 1, plain: true).run(inputs)
    for winograd in [WinogradUse.never, .always] {
      _ = try expectAgreement(expected, winograd: winograd, tolerance, sourceLocation)
    }
    return try expectAgreement(expected, winograd: .whereFaster, tolerance, sourceLocation)
  }

  private func expectAgreement(
    _ expected: NamedTensors, winograd: WinogradUse, _ tolerance: Float,
    _ sourceLocation: SourceLocation
  ) throws -> [String] {
    let (one, steps) = try session(threads: 1, winograd: winograd).profile(inputs)
    let two = try session(threads: 2, winograd: winograd)
    for _ in 0..<2 {
      for (a, b) in zip(one, try two.run(inputs)) {
        #expect(
          a.tensor.isBitEqual(to: b.tensor),
          "\(a.name) depends on the threads or on the run before",
          sourceLocation: sourceLocation)
      }
    }
    #expect(one.names == expected.names, sourceLocation: sourceLocation)
    for (found, wanted) in zip(one, expected) {
      #expect(found.tensor.shape == wanted.tensor.shape, sourceLocation: sourceLocation)
      guard found.tensor.shape == wanted.tensor.shape else { continue }
      let (a, b) = (found.tensor.floats, wanted.tensor.floats)
      let scale = b.reduce(1) { max($0, abs($1)) }
      let bad = zip(a, b).enumerated().first { !(abs($1.0 - $1.1) <= tolerance * scale) }
      #expect(
        bad == nil, "\(found.name)\(found.tensor.shape) at \(bad?.offset ?? 0), scale \(scale)",
        sourceLocation: sourceLocation)
    }
    return steps.map { $0.isEvaluated ? "\($0.kind) (evaluated)" : $0.kind }
  }
}
