import Kernels
import Tensors

/// Floats that a step reads or writes.
struct Region: Sendable {
  enum Home: Sendable {
    /// A planned buffer in the run's arena.
    case buffer(Int)
    /// An input of the program, where the caller has it.
    case input(Int)
    /// An output of the program: where the caller wants it, or in memory that the run makes for it.
    case output(Int)
    /// Known when the program was compiled.
    case constant(FloatView)
  }

  var home: Home
  /// Floats from the home's start.
  var offset = 0
  var count: Int

  var buffer: Int? { if case .buffer(let index) = home { index } else { nil } }

  /// What steps of a run write to.
  enum Memory: Hashable { case buffer(Int), output(Int) }

  var memory: Memory? {
    switch home {
    case .buffer(let index): .buffer(index)
    case .output(let index): .output(index)
    case .input, .constant: nil
    }
  }

  /// A part of it.
  subscript(range: Range<Int>) -> Region {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) floats")
    return Region(home: home, offset: offset + range.lowerBound, count: range.count)
  }
}

extension Region {
  /// Some of the rows that it consists of.
  func rows(_ range: Range<Int>, of total: Int) -> Region {
    let width = count / total
    return self[(range.lowerBound * width)..<(range.upperBound * width)]
  }
}

/// A tensor that a step takes as a whole, of any type.
enum Argument: Sendable {
  case input(Int)
  case constant(Tensor)
  /// A place that an earlier step of the run has filled.
  case slot(Int)
  /// The floats of an output that the run makes memory for.
  case output(Int, Shape)
}
