/// Unicode's normal forms, with the library's (older) version of Unicode.
///
/// - Source: Unicode Standard Annex 15; Hangul by arithmetic (The Unicode Standard, 3.12).
enum NormalForm: Sendable {
  case nfc, nfd, nfkc, nfkd

  var isComposed: Bool { self == .nfc || self == .nfkc }
  var isCompatible: Bool { self == .nfkc || self == .nfkd }
}

/// A scalar of a new text: with change 0 it stands for the next old scalar, with −n for n more of them, and with
/// 1 it is new and belongs to the one before.
struct ScalarChange {
  var scalar: UInt32
  var change: Int
}

struct NormalForms: Sendable {
  static let shared = NormalForms()

  private static let canonicalFlag: UInt16 = 1
  private static let compatibleFlag: UInt16 = 2
  private static let notComposed: UInt16 = 4
  private static let continues: UInt16 = 8

  private var flags = ScalarTable()
  private var classes = ScalarTable()
  private var canonical = ScalarTable()
  private var compatible = ScalarTable()
  private var decompositions: [[UInt32]] = [[]]
  private var compositions: [UInt64: UInt32] = [:]

  private init() {
    UnicodeData.forEachMapping(in: UnicodeData.canonical) { scalar, result in
      flags[scalar] |= NormalForms.canonicalFlag | NormalForms.notComposed
      canonical[scalar] = UInt16(decompositions.count)
      decompositions.append(result)
    }
    UnicodeData.forEachMapping(in: UnicodeData.compatible) { scalar, result in
      flags[scalar] |= NormalForms.compatibleFlag
      compatible[scalar] = UInt16(decompositions.count)
      decompositions.append(result)
    }
    var triple: [UInt32] = []
    UnicodeData.forEachNumber(in: UnicodeData.compositions) { number, end in
      triple.append(number)
      guard end != UInt8(ascii: ",") else { return }
      compositions[UInt64(triple[0]) << 32 | UInt64(triple[1])] = triple[2]
      flags[triple[1]] |= NormalForms.continues
      flags[triple[2]] &= ~NormalForms.notComposed
      triple = []
    }
    let runs = UnicodeData.runs(UnicodeData.combining)
    for (run, next) in zip(runs, runs.dropFirst()) where run.value != 0 {
      for scalar in run.start..<next.start {
        classes[scalar] = UInt16(run.value)
        flags[scalar] |= NormalForms.continues
      }
    }
    for scalar in UInt32(0x1161)...0x1175 { flags[scalar] |= NormalForms.continues }
    for scalar in UInt32(0x11A8)...0x11C2 { flags[scalar] |= NormalForms.continues }
  }

  /// Whether `scalar` stays as it is in any text of scalars for which this is true.
  func isStable(_ scalar: UInt32, in form: NormalForm) -> Bool {
    if scalar < 0xA0 { return true }
    let flags = flags[scalar]
    if flags & NormalForms.continues != 0 { return false }
    if form.isCompatible, flags & NormalForms.compatibleFlag != 0 { return false }
    if form.isComposed { return flags & NormalForms.notComposed == 0 }
    return flags & NormalForms.canonicalFlag == 0 && !(0xAC00..<0xD7A4).contains(scalar)
  }

  /// The normal form of `scalars`, and how each of its scalars came to be.
  func changes(_ scalars: [UInt32], to form: NormalForm) -> [ScalarChange] {
    let decomposed = decompose(scalars, compatible: form.isCompatible)
    return form.isComposed ? compose(decomposed) : decomposed
  }

  private func decompose(_ scalars: [UInt32], compatible: Bool) -> [ScalarChange] {
    var result: [ScalarChange] = []
    result.reserveCapacity(scalars.count + 16)
    // Marks after `start` wait for the next starter to be put in the order of their classes
    var start = 0
    for scalar in scalars {
      var change = 0
      forEachPart(of: scalar, compatible: compatible) { part in
        if classes[part] == 0 {
          sortMarks(&result, from: start)
          start = result.count + 1
        }
        result.append(ScalarChange(scalar: part, change: change))
        change = 1
      }
    }
    sortMarks(&result, from: start)
    return result
  }

  private func forEachPart(of scalar: UInt32, compatible: Bool, _ body: (UInt32) -> Void) {
    if (0xAC00..<0xD7A4).contains(scalar) {
      let index = scalar - 0xAC00
      body(0x1100 + index / 588)
      body(0x1161 + index % 588 / 28)
      if index % 28 != 0 { body(0x11A7 + index % 28) }
      return
    }
    var place = compatible ? self.compatible[scalar] : 0
    if place == 0 { place = canonical[scalar] }
    if place == 0 { return body(scalar) }
    for part in decompositions[Int(place)] { body(part) }
  }

  private func sortMarks(_ text: inout [ScalarChange], from start: Int) {
    guard start < text.count - 1 else { return }
    // A stable insertion sort, which is what runs of a few marks want; long runs are a stranger's work
    if text.count - start > 64 {
      let sorted = text[start...].enumerated().sorted {
        (classes[$0.element.scalar], $0.offset) < (classes[$1.element.scalar], $1.offset)
      }
      text.replaceSubrange(start..., with: sorted.map(\.element))
      return
    }
    for i in (start + 1)..<text.count {
      let mark = text[i]
      var j = i
      while j > start, classes[text[j - 1].scalar] > classes[mark.scalar] {
        text[j] = text[j - 1]
        j -= 1
      }
      text[j] = mark
    }
  }

  private func compose(_ text: [ScalarChange]) -> [ScalarChange] {
    var result: [ScalarChange] = []
    result.reserveCapacity(text.count)
    // The place in `result` of the last starter, and the class of the last mark kept behind it
    var starter: Int?
    var lastClass: UInt16?
    for item in text {
      let itemClass = classes[item.scalar]
      guard let place = starter else {
        if itemClass == 0 { starter = result.count }
        result.append(item)
        continue
      }
      let isBlocked = lastClass.map { $0 >= itemClass } ?? false
      if !isBlocked, let composed = compose(result[place].scalar, item.scalar) {
        let change = result[place].change + item.change - 1
        result[place] = ScalarChange(scalar: composed, change: change)
        continue
      }
      result.append(item)
      if itemClass == 0 {
        starter = result.count - 1
        lastClass = nil
      } else {
        lastClass = itemClass
      }
    }
    return result
  }

  private func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if (0xAC00..<0xD7A4).contains(first), (first - 0xAC00) % 28 == 0,
      (0x11A8..<0x11C3).contains(second)
    {
      return first + second - 0x11A7
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
