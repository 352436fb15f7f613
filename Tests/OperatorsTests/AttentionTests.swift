import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

/// Operators of transformers, beyond what the standard's own cases say of them.
@Suite struct AttentionTests {
  @Test func linearIsAProductWithTheTransposedWeight() throws {
    let (x, weight, bias) = (numbers([2, 3, 5]), numbers([4, 5], seed: 2), numbers([4], seed: 3))
    let product = try MatMul().evaluate([x, weight.transposed])[0]
    let sum = try Add().evaluate([product, bias])[0]
    #expect(try Linear().evaluate([x, weight, bias])[0].isBitEqual(to: sum))
    #expect(try Linear().evaluate([x, weight])[0].isBitEqual(to: product))
  }

  @Test func linearKeepsNames() throws {
    let types = try Linear().outputTypes(
      for: OperatorInputs(types: [
        TensorType(.float32, ["batch", "sequence", 5]), TensorType(.float32, [4, 5]),
      ]))
    #expect(types == [TensorType(.float32, ["batch", "sequence", 4])])
    expectError(.mismatch, "features") {
      try Linear().evaluate([numbers([2, 3]), numbers([4, 5])])
    }
    expectError(.mismatch, "the bias") {
      try Linear().evaluate([numbers([2, 5]), numbers([4, 5]), numbers([3])])
    }
  }

  @Test func attentionKeepsNames() throws {
    let x = TensorType(.float32, ["batch", "sequence", 24])
    let y = TensorType(.float32, ["batch", "others", 12])
    let mask = TensorType(.bool, ["batch", 1, 1, "others"])
    let types = try Attention(queryHeads: 4, keyValueHeads: 2).outputTypes(
      for: OperatorInputs(types: [x, y, y, mask]))
    #expect(types[0] == x)
    #expect(types[1] == TensorType(.float32, ["batch", 2, "others", 6]))
    #expect(types[3].dimensions == ["batch", 4, "sequence", "others"])
  }

  @Test func attentionRefusesWhatDoesNotFit() {
    let attention = Attention(queryHeads: 4, keyValueHeads: 3)
    expectError(.mismatch, "4 heads of queries for 3") {
      try attention.evaluate([numbers([1, 2, 24]), numbers([1, 2, 18]), numbers([1, 2, 18])])
    }
    expectError(.mismatch, "heads of 23 features") {
      try attention.evaluate([numbers([1, 2, 23]), numbers([1, 2, 18]), numbers([1, 2, 18])])
    }
    expectError(.mismatch, "does not stretch") {
      try Attention(queryHeads: 3, keyValueHeads: 3).evaluate([
        numbers([1, 2, 18]), numbers([1, 2, 18]), numbers([1, 2, 18]), numbers([3, 2]),
      ])
    }
  }

  /// Positions one after the other into a cache give what all of them at once give without one.
  @Test(arguments: [(nil, 0.0), (2, 0.0), (nil, 3.0)] as [(Int?, Double)])
  func aCacheChangesNothing(window: Int?, softcap: Double) throws {
    let (batch, sequence, capacity) = (2, 5, 8)
    let q = numbers([batch, sequence, 24]), k = numbers([batch, sequence, 12], seed: 2)
    let v = numbers([batch, sequence, 12], seed: 3)
    let whole = Attention(
      queryHeads: 4, keyValueHeads: 2, scale: 0.05, softcap: softcap, isCausal: true,
      leftWindow: window.map { $0 - 1 })
    let expected = try whole.evaluate([q, k, v])
    let step = CachedAttention(
      queryHeads: 4, keyValueHeads: 2, scale: 0.05, softcap: softcap, window: window)
    // What lies in unfilled places must not matter.
    var caches = [1, 2].map { _ in
      Tensor(
        shape: [batch, 2, capacity, 6], [Float](repeating: .nan, count: batch * 2 * capacity * 6))
    }
    for range in [0..<3, 3..<4, 4..<5] {
      let starts = Tensor([Int](repeating: range.lowerBound, count: batch))
      let parts = [q, k, v].map { $0.sliced(axis: 1, range) }
      let results = try step.evaluate(parts + caches + [starts])
      expectClose(
        results[0], expected[0].sliced(axis: 1, range), relative: 1e-6, absolute: 1e-6)
      caches = Array(results[1...])
    }
    #expect(caches[0].sliced(axis: 2, 0..<sequence).isBitEqual(to: expected[1]))
    #expect(caches[1].sliced(axis: 2, 0..<sequence).isBitEqual(to: expected[2]))
  }

  @Test func aFullCacheIsRefused() {
    let cache = Tensor(zeros: [1, 2, 4, 6])
    let step = CachedAttention(queryHeads: 2, keyValueHeads: 2)
    for start in [3, -1, Int.max] {
      expectError(.mismatch, "at most the cache's 4") {
        try step.evaluate([
          numbers([1, 2, 12]), numbers([1, 2, 12]), numbers([1, 2, 12]), cache, cache,
          Tensor([start]),
        ])
      }
    }
  }

  @Test func rotationRefusesPositionsBeyondItsTables() {
    let rotary = RotaryEmbedding(heads: 2)
    expectError(.mismatch, "the index 7") {
      try rotary.evaluate([
        numbers([1, 1, 8]), numbers([4, 2]), numbers([4, 2]), Tensor(shape: [1, 1], [7]),
      ])
    }
    expectError(.mismatch, "pairs") {
      try rotary.evaluate([
        numbers([1, 1, 8]), numbers([4, 3]), numbers([4, 3]), Tensor(shape: [1, 1], [0]),
      ])
    }
  }
}
