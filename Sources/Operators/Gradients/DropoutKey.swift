import BinaryIO
import Tensors

/// Whose random numbers a step has: those of its seed and its number, for the samples that it is made of.
///
/// In a graph it is an input of four integers: the seed, the step, the first sample, the samples.
public struct DropoutKey: Sendable, Hashable {
  public var seed: UInt64
  public var step: Int
  /// How many of the step's samples come before these, in other batches, and how many these are: so many batches that make
  /// a step drop what one of all samples would drop.
  public var first: Int
  public var samples: Int

  public init(seed: UInt64 = 0, step: Int = 0, first: Int = 0, samples: Int = 1) {
    self.seed = seed
    self.step = step
    self.first = first
    self.samples = samples
  }

  public static let count = 4

  public var tensor: Tensor {
    Tensor([Int64(bitPattern: seed), Int64(step), Int64(first), Int64(samples)])
  }

  /// - Throws: `.mismatch` for numbers that are none of a step.
  package init(_ tensor: Tensor) throws {
    let numbers = tensor.integers
    let bounded = 0..<(1 << 32)  // as words that are drawn from count them
    guard numbers.count == DropoutKey.count, bounded.contains(numbers[1]),
      bounded.contains(numbers[2]), bounded.contains(numbers[3]), numbers[3] > 0
    else { throw DataError(.mismatch, "\(numbers)", expected: "a step's numbers") }
    self.init(
      seed: UInt64(bitPattern: Int64(numbers[0])), step: numbers[1], first: numbers[2],
      samples: numbers[3])
  }

  package func mask(stream: UInt32, rate: Double) -> DropoutMask {
    DropoutMask(
      seed: seed, step: UInt32(truncatingIfNeeded: step), stream: stream, rate: rate)
  }

  /// The number of the first of so many elements: those of earlier samples come before. What is for all samples at once
  /// has no earlier ones.
  package func start(of count: Int) -> Int {
    count % samples == 0 ? count / samples * first : 0
  }
}
