import Kernels
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [
    ("3", 3), ("1024", 1024), ("4096", 1024), ("0", nil), ("-2", nil), ("many", nil), ("", nil),
  ])
  func aVariableSaysANumberOfThreads(text: String, threads: Int?) {
    #expect(ThreadPool.threads(in: text) == threads)
  }

  @Test(arguments: [1, 2, 3, 8], [false, true])
  func visitsEachIndexOnce(threads: Int, inSpans: Bool) {
    let pool = ThreadPool(threads: threads)
    for (count, grain) in [(0, 1), (1, 1), (7, 2), (100, 1), (1000, 33), (5, 100)] {
      for _ in 0..<20 {
        let visits = Mutex(Array(repeating: 0, count: count))
        pool.parallelFor(count: count, grain: grain, inSpans: inSpans) { range in
          #expect(range.count <= grain && !range.isEmpty)
          visits.withLock { for index in range { $0[index] += 1 } }
        }
        #expect(visits.withLock { $0.allSatisfy { $0 == 1 } })
      }
    }
  }

  @Test func loopsInsideLoopsRunOnTheirThread() {
    let pool = ThreadPool(threads: 3)
    let sum = Atomic<Int>(0)
    pool.parallelFor(count: 10) { outer in
      pool.parallelFor(count: 10) { inner in
        sum.wrappingAdd(outer.lowerBound * 10 + inner.lowerBound, ordering: .relaxed)
      }
    }
    #expect(sum.load(ordering: .relaxed) == 4950)
  }

  @Test func wakesAfterALongSleep() async throws {
    let pool = ThreadPool(threads: 4)
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(20))
      let sum = Atomic<Int>(0)
      pool.parallelFor(count: 1000) { sum.wrappingAdd($0.lowerBound, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 499_500)
    }
  }

  @Test func manyPoolsComeAndGo() {
    for _ in 0..<50 {
      let pool = ThreadPool(threads: 4)
      let sum = Atomic<Int>(0)
      pool.parallelFor(count: 64) { sum.wrappingAdd($0.count, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 64)
    }
  }

  @Test func threadsOfManyCallersShareAPool() async {
    let pool = ThreadPool(threads: 2)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<16 {
        group.addTask {
          let sum = Atomic<Int>(0)
          for _ in 0..<50 {
            pool.parallelFor(count: 20) { sum.wrappingAdd($0.count, ordering: .relaxed) }
          }
          return sum.load(ordering: .relaxed)
        }
      }
      for await sum in group { #expect(sum == 1000) }
    }
  }
}
