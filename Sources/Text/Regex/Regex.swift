import BinaryIO

/// The stacks that a search uses, kept from one to the next.
struct RegexMemory: Sendable {
  struct Frame: Sendable {
    var step: Int32
    var at: Int32
    var extra: Int32
  }

  var frames: [Frame] = []
  var slots: [Int32] = []
  var lookEnd = 0
  var budget = 0
}

/// A regular expression over valid UTF-8, with backtracking that is bounded.
struct Pattern: Sendable {
  let source: String
  private let program: RegexProgram

  init(_ source: String) throws {
    self.source = source
    let node = try RegexParser.parse(source)
    program = try naming("pattern '\(source.prefix(120))'") { try RegexCompiler.compile(node) }
  }

  /// Calls `body` for each match in the range, which is a text of its own, from left to right.
  func forEachMatch(
    in bytes: [UInt8], _ range: Range<Int>, _ memory: inout RegexMemory,
    _ body: (Range<Int>) -> Void
  ) throws {
    memory.budget = 2_000_000 + 500 * range.count
    memory.slots.removeAll(keepingCapacity: true)
    memory.slots += repeatElement(-1, count: program.slotCount)
    var start = range.lowerBound
    var lastEnd = -1
    while start <= range.upperBound {
      memory.frames.removeAll(keepingCapacity: true)
      let end = try run(0, start, bytes, range, &memory)
      if let end, end > start || end != lastEnd {
        body(start..<end)
        lastEnd = end
        if end > start {
          start = end
          continue
        }
      }
      guard start < range.upperBound else { return }
      start = min(start + UTF8Text.length(bytes[start]), range.upperBound)
    }
  }

  /// Runs the steps from `first` on, and gives the end of the match.
  private func run(
    _ first: Int, _ start: Int, _ bytes: [UInt8], _ range: Range<Int>, _ memory: inout RegexMemory
  ) throws -> Int? {
    let base = memory.frames.count
    let end = range.upperBound
    var (pc, at) = (first, start)
    while true {
      memory.budget -= 1
      guard memory.budget > 0, memory.frames.count < 1 << 22 else { throw tooMuch }
      let step = program.steps[pc]
      var isMatch = true
      switch step.kind {
      case .match:
        memory.frames.removeSubrange(base...)
        return at
      case .byte:
        isMatch = at < end && Int32(bytes[at]) == step.a
        at += 1
        pc += 1
      case .set:
        let next = at < end ? advance(Int(step.a), bytes, at) : -1
        isMatch = next > 0
        at = next
        pc += 1
      case .loop, .possessiveLoop:
        var least = at
        let (reached, count) = loop(step, bytes, at, end, &least)
        isMatch = count >= Int(step.b)
        at = reached
        if isMatch, step.kind == .loop, reached > least {
          memory.frames.append(.init(step: Int32(pc), at: Int32(reached), extra: Int32(least)))
        }
        memory.budget -= count >> 4
        pc += 1
      case .split:
        memory.frames.append(.init(step: Int32(pc), at: Int32(at), extra: 0))
        pc = Int(step.a)
      case .branch:
        isMatch = branch(step, pc, from: 0, bytes, at, end, &memory, &pc)
      case .jump: pc = Int(step.a)
      case .lookahead, .atomic:
        let inner = try run(pc + 1, at, bytes, range, &memory)
        if step.kind == .atomic {
          isMatch = inner != nil
          at = inner ?? at
        } else {
          isMatch = (inner == nil) == (step.b == 1)
        }
        pc = Int(step.a)
      case .lookbehind:
        isMatch = try looksBehind(step, pc, bytes, at, range, &memory) == (step.b == 0)
        pc = Int(step.a)
      case .endsHere:
        isMatch = at == memory.lookEnd
        pc += 1
      case .assertion:
        isMatch = holds(step.a, bytes, at, range)
        pc += 1
      case .mark:
        let old = memory.slots[Int(step.a)]
        memory.frames.append(.init(step: Int32(pc), at: 0, extra: old))
        memory.slots[Int(step.a)] = Int32(at)
        pc += 1
      case .emptyCheck:
        // An empty body leaves the loop through the jump behind it
        pc += memory.slots[Int(step.a)] == Int32(at) ? 2 : 1
      }
      if isMatch { continue }
      guard backtrack(base, bytes, end, &memory, &pc, &at) else { return nil }
    }
  }

  /// Takes up the last choice that has another way.
  @inline(__always)
  private func backtrack(
    _ base: Int, _ bytes: [UInt8], _ end: Int, _ memory: inout RegexMemory, _ pc: inout Int,
    _ at: inout Int
  ) -> Bool {
    while memory.frames.count > base, let frame = memory.frames.popLast() {
      let step = program.steps[Int(frame.step)]
      switch step.kind {
      case .loop:
        at = Int(frame.at) - 1
        while at > Int(frame.extra), bytes[at] & 0xC0 == 0x80 { at -= 1 }
        if at > Int(frame.extra) {
          memory.frames.append(.init(step: frame.step, at: Int32(at), extra: frame.extra))
        }
        pc = Int(frame.step) + 1
        return true
      case .split:
        (pc, at) = (Int(step.b), Int(frame.at))
        return true
      case .branch:
        at = Int(frame.at)
        if branch(step, Int(frame.step), from: Int(frame.extra), bytes, at, end, &memory, &pc) {
          return true
        }
      case .mark: memory.slots[Int(step.a)] = frame.extra
      default: break
      }
    }
    return false
  }

  /// Goes to the next branch that can match here, and remembers that there are others.
  @inline(__always)
  private func branch(
    _ step: RegexProgram.Step, _ place: Int, from first: Int, _ bytes: [UInt8], _ at: Int,
    _ end: Int, _ memory: inout RegexMemory, _ pc: inout Int
  ) -> Bool {
    var i = first
    while i < Int(step.b) {
      let one = program.branches[Int(step.a) + i]
      if at < end ? one.accepts(bytes[at]) : one.canBeEmpty {
        if i + 1 < Int(step.b) {
          memory.frames.append(.init(step: Int32(place), at: Int32(at), extra: Int32(i + 1)))
        }
        pc = Int(one.target)
        return true
      }
      i += 1
    }
    return false
  }

  /// The place behind the scalar at `at` if it is in the set, or −1.
  @inline(__always)
  private func advance(_ set: Int, _ bytes: [UInt8], _ at: Int) -> Int {
    let first = bytes[at]
    if first < 0x80 { return program.sets.containsASCII(set, first) ? at + 1 : -1 }
    let (scalar, next) = UTF8Text.decode(bytes, at)
    return program.sets.contains(set, scalar) ? next : -1
  }

  /// As many scalars of the set as there are; `least` becomes the place behind the fewest allowed.
  @inline(__always)
  private func loop(
    _ step: RegexProgram.Step, _ bytes: [UInt8], _ start: Int, _ end: Int, _ least: inout Int
  ) -> (at: Int, count: Int) {
    var (at, count) = (start, 0)
    while at < end, count < Int(step.c) {
      let next = advance(Int(step.a), bytes, at)
      if next < 0 { break }
      at = next
      count += 1
      if count == Int(step.b) { least = at }
    }
    return (at, count)
  }

  private func looksBehind(
    _ step: RegexProgram.Step, _ pc: Int, _ bytes: [UInt8], _ at: Int, _ range: Range<Int>,
    _ memory: inout RegexMemory
  ) throws -> Bool {
    let outer = memory.lookEnd
    defer { memory.lookEnd = outer }
    memory.lookEnd = at
    let (least, most) = (Int(step.c) >> 16, Int(step.c) & 0xFFFF)
    var (start, count) = (at, 0)
    while true {
      if count >= least, try run(pc + 1, start, bytes, range, &memory) != nil { return true }
      guard count < most, start > range.lowerBound else { return false }
      start = UTF8Text.decode(bytes, before: start).start
      count += 1
    }
  }

  private func holds(_ assertion: Int32, _ bytes: [UInt8], _ at: Int, _ range: Range<Int>) -> Bool {
    switch RegexNode.Assertion(rawValue: assertion) {
    case .textStart: return at == range.lowerBound
    case .textEnd: return at == range.upperBound
    case .textEndOrLastLine:
      return at == range.upperBound || (at + 1 == range.upperBound && bytes[at] == 0x0A)
    case .lineStart:
      return at == range.lowerBound || (bytes[at - 1] == 0x0A && at < range.upperBound)
    case .lineEnd: return at == range.upperBound || bytes[at] == 0x0A
    case .wordBoundary, .noWordBoundary:
      let before =
        at > range.lowerBound && isWord(UTF8Text.decode(bytes, before: at).scalar)
      let after = at < range.upperBound && isWord(UTF8Text.decode(bytes, at).scalar)
      return (before != after) == (assertion == RegexNode.Assertion.wordBoundary.rawValue)
    case nil: return false
    }
  }

  private func isWord(_ scalar: UInt32) -> Bool {
    ScalarProperties.shared.has(scalar, ScalarProperties.word)
  }

  private var tooMuch: DataError {
    DataError(
      .limitExceeded, "the pattern '\(source.prefix(120))' needs too many steps for this text")
  }
}
