import BinaryIO

/// Writes a pattern's steps.
struct RegexCompiler {
  private var program = RegexProgram()

  static func compile(_ node: RegexNode) throws -> RegexProgram {
    var compiler = RegexCompiler()
    try compiler.write(node)
    compiler.add(.match)
    return compiler.program
  }

  private var next: Int32 { Int32(program.steps.count) }

  private mutating func add(
    _ kind: RegexProgram.Kind, _ a: Int32 = 0, _ b: Int32 = 0, _ c: Int32 = 0
  ) {
    program.steps.append(RegexProgram.Step(kind: kind, a: a, b: b, c: c))
  }

  private mutating func write(_ node: RegexNode) throws {
    guard program.steps.count < 50_000 else {
      throw DataError(.limitExceeded, "a pattern of more than 50,000 steps")
    }
    switch node {
    case .set(let set): try write(set)
    case .sequence(let parts): for part in parts { try write(part) }
    case .alternatives(let parts): try write(branches: parts)
    case .repeated(let part, let least, let most, let greed):
      try write(part, least: least, most: most, greed)
    case .lookahead(let part, let negated):
      try write(part, inside: .lookahead, negated ? 1 : 0, 0)
    case .lookbehind(let part, let negated):
      guard let most = part.width.most, most <= 255 else {
        throw DataError(.unsupported, "a look-behind of any length")
      }
      let place = program.steps.count
      add(.lookbehind, 0, negated ? 1 : 0, Int32(part.width.least << 16 | most))
      try write(part)
      add(.endsHere)
      add(.match)
      program.steps[place].a = next
    case .atomic(let part): try write(part, inside: .atomic, 0, 0)
    case .assertion(let assertion): add(.assertion, assertion.rawValue)
    }
  }

  private mutating func write(_ set: ScalarRanges) throws {
    if set.ranges.count == 1, set.ranges[0].count == 1, set.ranges[0].lowerBound < 0x80 {
      add(.byte, Int32(set.ranges[0].lowerBound))
    } else {
      add(.set, try program.sets.add(set))
    }
  }

  private mutating func write(
    _ part: RegexNode, inside kind: RegexProgram.Kind, _ b: Int32, _ c: Int32
  ) throws {
    let place = program.steps.count
    add(kind, 0, b, c)
    try write(part)
    add(.match)
    program.steps[place].a = next
  }

  private mutating func write(branches parts: [RegexNode]) throws {
    let place = program.steps.count
    let first = program.branches.count
    add(.branch, Int32(first), Int32(parts.count))
    for part in parts {
      let set = part.first
      let index = try set.map { try program.sets.add($0) }
      let map = index.map { program.sets.ascii[Int($0)] } ?? (0, 0)
      program.branches.append(
        RegexProgram.Branch(
          low: map.0, high: map.1,
          beyondASCII: set?.ranges.last.map { $0.upperBound > 0x80 } ?? false,
          canBeEmpty: set == nil, target: 0))
    }
    var jumps: [Int] = []
    for (i, part) in parts.enumerated() {
      program.branches[first + i].target = next
      try write(part)
      jumps.append(program.steps.count)
      add(.jump)
    }
    for jump in jumps { program.steps[jump].a = next }
    program.steps[place].c = next
  }

  private mutating func write(
    _ part: RegexNode, least: Int, most: Int?, _ greed: RegexNode.Greed
  ) throws {
    if greed == .possessive {
      if case .set(let set) = part {
        return add(
          .possessiveLoop, try program.sets.add(set), Int32(least), Int32(most ?? Int(Int32.max)))
      }
      return try write(.repeated(part, least: least, most: most, .greedy), inside: .atomic, 0, 0)
    }
    if case .set(let set) = part, greed == .greedy {
      return add(.loop, try program.sets.add(set), Int32(least), Int32(most ?? Int(Int32.max)))
    }
    for _ in 0..<least { try write(part) }
    if let most {
      var splits: [Int] = []
      for _ in least..<max(most, least) {
        splits.append(program.steps.count)
        add(.split)
        try write(part)
      }
      for split in splits { aim(split, Int32(split + 1), next, greed) }
      return
    }
    // A body that matched nothing ends the loop, or it would never end
    let slot = Int32(program.slotCount)
    program.slotCount += 1
    let split = program.steps.count
    add(.split)
    add(.mark, slot)
    try write(part)
    add(.emptyCheck, slot)
    add(.jump, Int32(split))
    aim(split, Int32(split + 1), next, greed)
  }

  private mutating func aim(_ split: Int, _ body: Int32, _ end: Int32, _ greed: RegexNode.Greed) {
    program.steps[split].a = greed == .lazy ? end : body
    program.steps[split].b = greed == .lazy ? body : end
  }
}
