import Formats
import Tensors

/// How KerasHub's kernels of attention show their heads: `(hidden, heads, size)`.
struct HeadSizes: Sendable, Hashable {
  var heads: Int
  /// Heads of keys and values, which may be fewer.
  var keyValueHeads: Int
  var size: Int
  var hidden: Int

  init(heads: Int, keyValueHeads: Int? = nil, size: Int, hidden: Int) {
    (self.heads, self.size, self.hidden) = (heads, size, hidden)
    self.keyValueHeads = keyValueHeads ?? heads
  }

  /// Zeros where no such kernels are.
  ///
  /// - Parameter order: which axes have the hidden size, the heads and their size.
  init(_ shapes: NamedShapes, order: [Int] = [0, 1, 2]) {
    func kernel(_ part: String) -> Shape? {
      shapes.first {
        $0.hasSuffix(".\(part).kernel") || $0.hasSuffix("\(part)_dense.vars.0")
      }
    }
    guard let query = kernel("query"), let key = kernel("key"), query.rank == 3, key.rank == 3,
      (query.dimensions + key.dimensions).allSatisfy({ (1...1 << 24).contains($0) })
    else {
      self.init(heads: 0, size: 0, hidden: 0)
      return
    }
    self.init(
      heads: query[order[1]], keyValueHeads: key[order[1]], size: query[order[2]],
      hidden: query[order[0]])
  }
}

extension HeadSizes {
  /// `(hidden, heads, size)` to `[heads · size, hidden]`.
  var inwards: [TensorStep] { inwards(heads) }

  /// The same for keys and values.
  var keyInwards: [TensorStep] { inwards(keyValueHeads) }

  /// `(heads, size, hidden)` to `[hidden, heads · size]`.
  var outwards: [TensorStep] {
    [.reshape(from: [heads, size, hidden], to: [heads * size, hidden]), .permute([1, 0])]
  }

  /// `(heads, size)` to `[heads · size]`.
  var flat: [TensorStep] { flat(heads) }

  var keyFlat: [TensorStep] { flat(keyValueHeads) }

  /// `(heads, hidden, size)` to `[heads · size, hidden]`.
  func headsFirst(_ heads: Int) -> [TensorStep] {
    [
      .permute([0, 2, 1]),
      .reshape(from: [heads, size, hidden], to: [heads * size, hidden]),
    ]
  }

  func inwards(_ heads: Int) -> [TensorStep] {
    [.reshape(from: [hidden, heads, size], to: [hidden, heads * size]), .permute([1, 0])]
  }

  func flat(_ heads: Int) -> [TensorStep] {
    [.reshape(from: [heads, size], to: [heads * size])]
  }
}
