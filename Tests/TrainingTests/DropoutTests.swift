import BinaryIO
import Execution
import Kernels
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Training

/// The small network drops on its way to the last layer, and passes by its block.
@Suite struct DropoutTests {
  static let places = [
    DropoutPlace(.input(of: "logits"), rate: 0.5),
    DropoutPlace(.value("conv.norm"), rate: 0.4, unit: .sample),
    DropoutPlace(.value("nowhere"), rate: 0.4),
  ]

  private func session(_ places: [DropoutPlace] = places, threads: Int = 1) throws
    -> TrainingSession
  {
    let network = SmallNetwork()
    let names = network.graph.parameters.map { network.graph[$0].name }
      .filter { !$0.contains("norm") }
    return try TrainingSession(
      graph: network.graph,
      weights: { name in
        guard let tensor = network.weights[name] else { throw DataError(.malformed, name) }
        return tensor
      },
      parameters: names.compactMap { name in
        network.weights[name].map { Parameter(name: name, $0) }
      }, dropouts: places, objective: ClassObjective(), options: SessionOptions(threads: threads))
  }

  private let pictures = SmallNetwork.pictures
  private let targets = SmallNetwork.targets

  private func step(_ session: TrainingSession, _ key: DropoutKey) throws -> [Float] {
    let result = try session.step(["input": pictures], targets: targets, adds: false, key: key)
    return [Float(result.loss)] + session.parameters.flatMap { $0.gradient.array }
  }

  @Test func aStepFollowsFromItsKeyAlone() throws {
    let key = DropoutKey(seed: 7, step: 3, samples: 4)
    let first = try step(session(), key)
    let other = try session(threads: 2)
    _ = try step(other, DropoutKey(seed: 7, step: 2, samples: 4))
    #expect(try step(other, key) == first)
    #expect(try step(other, DropoutKey(seed: 7, step: 4, samples: 4)) != first)
    #expect(try step(other, DropoutKey(seed: 8, step: 3, samples: 4)) != first)
    #expect(try step(session([]), key) != first)
  }

  @Test func partsOfAStepDropWhatTheWholeDrops() throws {
    let (whole, parts) = (try session(), try session())
    _ = try whole.step(
      ["input": pictures], targets: targets, adds: false,
      key: DropoutKey(seed: 1, step: 5, samples: 4))
    for (index, range) in [0..<1, 1..<4].enumerated() {
      _ = try parts.step(
        ["input": pictures.sliced(axis: 0, range).contiguous()],
        targets: targets.sliced(axis: 0, range).contiguous(), share: Double(range.count) / 4,
        adds: index > 0,
        key: DropoutKey(seed: 1, step: 5, first: range.lowerBound, samples: range.count))
    }
    for (a, b) in zip(whole.parameters, parts.parameters) {
      let largest = a.gradient.array.map(abs).max() ?? 0
      #expect(largest > 0, "\(a.name)")
      let worst = zip(a.gradient.array, b.gradient.array).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-5 * largest, "\(a.name)")
    }
  }

  /// What is passed by gives nothing: neither to the loss nor to gradients.
  @Test func samplesPassByABlockAsAWhole() throws {
    let place = DropoutPlace(.value("conv.norm"), rate: 0.5, unit: .sample)
    let session = try session([place])
    let mask = DropoutMask(seed: 2, step: 0, stream: place.stream, rate: 0.5)
    let weight = try #require(session.parameters.first { $0.name == "conv.weight" })
    var seen: Set<Bool> = []
    for sample in 0..<4 {
      let range = sample..<(sample + 1)
      let key = DropoutKey(seed: 2, step: 0, first: sample, samples: 1)
      _ = try session.step(
        ["input": pictures.sliced(axis: 0, range).contiguous()],
        targets: targets.sliced(axis: 0, range).contiguous(), adds: false, key: key)
      let isDropped = mask.factor(UInt64(sample)) == 0
      #expect(weight.gradient.array.allSatisfy { $0 == 0 } == isDropped)
      seen.insert(isDropped)
    }
    #expect(seen.count == 2)
  }

  /// With a mask that is fixed, gradients are slopes.
  @Test func theGradientIsTheSlopeOfTheLossThatDrops() throws {
    let key = DropoutKey(seed: 4, step: 9, samples: 4)
    let (session, other) = (try session(), try session())
    _ = try step(session, key)
    let length = session.parameters.reduce(0) { sum, parameter in
      sum + parameter.gradient.array.reduce(0) { $0 + Double($1) * Double($1) }
    }
    let size = 1e-3 / length.squareRoot()
    func loss(_ sign: Double) throws -> Double {
      for (mine, known) in zip(other.parameters, session.parameters) {
        for index in 0..<mine.values.count {
          mine.values[index] = Float(
            Double(known.values[index]) + sign * size * Double(known.gradient[index]))
        }
      }
      return try other.step(["input": pictures], targets: targets, key: key).loss
    }
    let slope = try (loss(1) - loss(-1)) / (2 * size)
    #expect(abs(slope - length) < 2e-2 * length, "\(slope) beside \(length)")
  }
}
