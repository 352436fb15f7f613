import CKernels
import COpenBLAS
import Kernels

/// Runs cases and prints them.
struct Bench {
  let words: [String]
  let pool: ThreadPool

  /// Gigaflops that multiply-adds alone reach on the threads of the pool.
  let peak: Double

  init(words: [String], pool: ThreadPool) {
    self.words = words
    self.pool = pool
    openblas_set_num_threads(CInt(pool.threads))
    let rounds = 2_000_000
    var best = 0.0
    for _ in 0..<20 {
      let seconds = Bench.seconds {
        pool.parallelFor(count: pool.threads) { range in
          for _ in range { _ = mng_peak_f32(rounds) }
        }
      }
      best = max(best, Double(pool.threads) * mng_peak_f32(1) * Double(rounds) / seconds / 1e9)
    }
    peak = best
  }

  /// Whether the case was asked for.
  func wants(_ name: String) -> Bool { words.isEmpty || words.contains { name.contains($0) } }

  /// One line of JSON; `operations` are those of one run of `body`, and of one of the neighbour.
  func report(
    _ name: String, operations: Int, bytes: Int, neighbour: String, _ body: () -> Void,
    beside other: () -> Void
  ) {
    let ours = Bench.best(body)
    let theirs = Bench.best(other)
    let gigaflops = Double(operations) / ours / 1e9
    print(
      "{\"case\": \"\(name)\", \"threads\": \(pool.threads), "
        + "\"instructionSet\": \"\(InstructionSet.current)\", "
        + "\"microseconds\": \(rounded(ours * 1e6)), "
        + "\"gigaflopsPerSecond\": \(rounded(gigaflops)), "
        + "\"percentOfPeak\": \(rounded(100 * gigaflops / peak)), "
        + "\"gigabytesPerSecond\": \(rounded(Double(bytes) / ours / 1e9)), "
        + "\"neighbour\": \"\(neighbour)\", \"neighbourMicroseconds\": \(rounded(theirs * 1e6)), "
        + "\"timesFaster\": \(rounded(theirs / ours))}")
  }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  static func seconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let duration = clock.measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  /// The fastest of several runs, each long enough for the clock.
  static func best(_ body: () -> Void) -> Double {
    body()
    let once = max(seconds(body), 1e-7)
    let times = max(1, Int(2e-3 / once))
    var best = once
    for _ in 0..<12 {
      best = min(best, seconds { for _ in 0..<times { body() } } / Double(times))
    }
    return best
  }

  /// Floats between -1 and 1.
  static func noise(_ count: Int) -> FloatView {
    var state: UInt32 = 12345
    return FloatView(
      (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(Int32(bitPattern: state) >> 8) / 8_388_608
      })
  }
}
