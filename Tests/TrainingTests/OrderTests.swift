import Kernels
import Synchronization
import Tensors
import Testing
import Training

@Suite struct OrderTests {
  @Test func anEpochsOrderFollowsFromSeedAndEpoch() {
    let order = EpochOrder(count: 100, seed: 5)
    #expect(order.indices(epoch: 3) == EpochOrder(count: 100, seed: 5).indices(epoch: 3))
    #expect(order.indices(epoch: 3).sorted() == Array(0..<100))
    #expect(order.indices(epoch: 3) != order.indices(epoch: 4))
    #expect(order.indices(epoch: 3) != EpochOrder(count: 100, seed: 6).indices(epoch: 3))
    #expect(EpochOrder(count: 4, seed: 5, shuffles: false).indices(epoch: 9) == [0, 1, 2, 3])
    #expect(EpochOrder(count: 0, seed: 5).indices(epoch: 0) == [])
  }

  @Test func batchesHoldEverySampleOnce() {
    let order = EpochOrder(count: 10, seed: 1)
    let batches = order.batches(epoch: 0, size: 4)
    #expect(batches.map(\.count) == [4, 4, 2] && batches.flatMap { $0 } == order.indices(epoch: 0))
    #expect(order.batches(epoch: 0, size: 4, dropsRest: true).map(\.count) == [4, 4])
    #expect(order.batchCount(size: 5) == 2 && order.batchCount(size: 20, dropsRest: true) == 0)
  }

  @Test func randomNumbersGoOnFromASavedState() throws {
    var random = RandomNumbers(seed: 9)
    for _ in 0..<10 { _ = random.next() }
    var other = try #require(RandomNumbers(state: random.state))
    #expect((0..<20).map { _ in random.next() } == (0..<20).map { _ in other.next() })
    #expect(RandomNumbers(state: [0, 0, 0, 0]) == nil && RandomNumbers(state: [1]) == nil)
  }

  @Test func placesHaveNumbersOfTheirOwn() {
    var seen: Set<UInt64> = []
    for epoch in 0..<10 {
      for index in -1..<100 {
        var random = RandomNumbers(seed: 3, epoch, index)
        #expect(seen.insert(random.next()).inserted)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 7]) func indicesAreEven(bound: Int) {
    var random = RandomNumbers(seed: 11)
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<(2000 * bound) { counts[random.index(below: bound)] += 1 }
    // Six standard deviations
    #expect(counts.allSatisfy { abs($0 - 2000) < 270 })
  }

  @Test func aPrefetcherStopsWhenNobodyWantsMore() {
    let made = Mutex(0)
    do {
      let ahead = Prefetcher(count: 1000, depth: 3, threads: 2) { place in
        made.withLock { $0 += 1 }
        return place
      }
      #expect(ahead.next() == 0 && ahead.next() == 1)
    }
    #expect(made.withLock { $0 } <= 5)
  }
}
