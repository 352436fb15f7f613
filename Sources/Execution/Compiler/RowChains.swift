import Kernels

/// Finds neighbouring steps that items of a batch can go through one by one, and makes them one step.
struct RowChains {
  typealias Named = (name: String, step: any Step)

  private let steps: [Named]
  private let threads: Int
  private let limit: Int
  private let counts: [Int]
  /// For as many rows as attention has queries, items of the batch.
  private var items: [Int: Int] = [:]
  /// For each buffer, the first and last step that touch it.
  private var uses: [ClosedRange<Int>?]

  /// Rows of a part, so that a panel of weights is worth fetching.
  private static let fewest = 64
  /// Weights that stay in the caches from one part to the next.
  private static let weightBytes = 16 << 20

  init(_ steps: [Named], counts: [Int], threads: Int, maximumBytes: Int) {
    self.steps = steps
    self.counts = counts
    self.threads = threads
    limit = maximumBytes
    uses = [ClosedRange<Int>?](repeating: nil, count: counts.count)
    for (index, entry) in steps.enumerated() {
      if let attention = entry.step as? AttentionStep {
        items[attention.kernel.batch * attention.kernel.queries] = attention.kernel.batch
      }
      for buffer in (entry.step.reads + entry.step.writes).compactMap(\.buffer) {
        uses[buffer] = (uses[buffer]?.lowerBound ?? index)...index
      }
    }
  }

  /// The steps with chains in the place of their steps, and the floats of all buffers.
  func grouped() throws -> (steps: [Named], counts: [Int]) {
    var (result, counts): ([Named], [Int]) = ([], counts)
    var index = 0
    while index < steps.count {
      let range = index..<end(from: index)
      if let rows = steps[index].step.rowCount, range.count > 1,
        let chain = try chain(range, parts: parts(of: rows), counts: &counts)
      {
        result.append((steps[index].name, chain))
        index = range.upperBound
      } else {
        result.append(steps[index])
        index += 1
      }
    }
    return (result, counts)
  }

  /// So many rows by items of a batch, a few together where they are short; none where threads would get too few parts to
  /// make up for one that loses its core for a while.
  private func parts(of rows: Int) -> [Range<Int>] {
    let items = items[rows] ?? 1
    let together = max(1, Self.fewest * items / max(rows, 1))
    guard items % together == 0 else { return [] }
    let count = items / together
    guard count > 1,
      threads == 1 || count >= 4 * threads || count == 2 * threads
        || count == 3 * threads
    else { return [] }
    return (0..<count).map { ($0 * rows / count)..<(($0 + 1) * rows / count) }
  }

  /// The end of the longest chain from there.
  private func end(from start: Int) -> Int {
    guard let rows = steps[start].step.rowCount else { return start + 1 }
    let parts = parts(of: rows)
    guard let first = parts.first else { return start + 1 }
    var (end, bytes) = (start, 0)
    while end < steps.count {
      let step = steps[end].step
      bytes += step.weightBytes
      if bytes > Self.weightBytes, end > start { break }
      guard step.part(first, of: rows) != nil else { break }
      end += 1
    }
    return max(end, start + 1)
  }

  private func chain(
    _ range: Range<Int>, parts: [Range<Int>], counts: inout [Int]
  ) throws -> ChainStep? {
    let whole = steps[range].map(\.step)
    guard let rows = whole.first?.rowCount, whole.contains(where: { $0.operations > 0 }) else {
      return nil
    }
    var made: [(rows: Range<Int>, steps: [any Step])] = []
    for part in parts {
      let steps = whole.compactMap { $0.part(part, of: rows) }
      guard steps.count == whole.count else { return nil }
      made.append((part, steps))
    }
    // What is computed here must be read by the part that computes it.
    var written: [Region.Memory: Int] = [:]
    for region in whole.flatMap(\.writes) {
      guard let memory = region.memory else { continue }
      written[memory] = max(written[memory] ?? 0, region.offset + region.count)
    }
    for part in made {
      for region in part.steps.flatMap({ $0.reads + $0.writes }) {
        guard let memory = region.memory, let count = written[memory] else { continue }
        let (width, rest) = count.quotientAndRemainder(dividingBy: rows)
        guard rest == 0, region.offset >= part.rows.lowerBound * width,
          region.offset + region.count <= part.rows.upperBound * width
        else { return nil }
      }
    }
    let isInner = uses.enumerated().map { buffer, use in
      use.map { $0.lowerBound >= range.lowerBound && $0.upperBound < range.upperBound } == true
        && counts[buffer] % rows == 0
    }
    let widths = isInner.indices.map { isInner[$0] ? counts[$0] / rows : 0 }
    let plan = try BufferPlan(
      counts: widths.map { $0 * parts[0].count }, steps: made[0].steps, maximumBytes: limit)
    let slots = min(threads, parts.count)
    let workspace = Region(home: .buffer(counts.count), count: max(1, plan.count) * slots)
    counts.append(workspace.count)
    func outside(_ region: Region) -> Bool { region.buffer.map { !isInner[$0] } ?? true }
    var kinds: [String] = []
    for step in whole where !kinds.contains(step.kind) { kinds.append(step.kind) }
    return ChainStep(
      parts: made, plan: plan, widths: widths, workspace: workspace,
      operations: whole.reduce(0) { $0 + $1.operations },
      weightBytes: whole.reduce(0) { $0 + $1.weightBytes }, kind: kinds.joined(separator: ", "),
      reads: whole.flatMap(\.reads).filter(outside),
      writes: whole.flatMap(\.writes).filter(outside) + [workspace])
  }
}
