import BinaryIO

/// Classes of scalars by the names that patterns use.
enum UnicodeClass {
  static let space = ScalarRanges([
    0x09..<0x0E, 0x20..<0x21, 0x85..<0x86, 0xA0..<0xA1, 0x1680..<0x1681, 0x2000..<0x200B,
    0x2028..<0x202A, 0x202F..<0x2030, 0x205F..<0x2060, 0x3000..<0x3001,
  ])
  static let word = ScalarRanges { $0 & ScalarProperties.word != 0 }

  private static let longNames = [
    "letter": "l", "uppercaseletter": "lu", "lowercaseletter": "ll", "titlecaseletter": "lt",
    "casedletter": "lc", "modifierletter": "lm", "otherletter": "lo", "mark": "m",
    "combiningmark": "m", "nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me",
    "number": "n", "decimalnumber": "nd", "letternumber": "nl", "othernumber": "no",
    "punctuation": "p", "connectorpunctuation": "pc", "dashpunctuation": "pd",
    "openpunctuation": "ps", "closepunctuation": "pe", "initialpunctuation": "pi",
    "finalpunctuation": "pf", "otherpunctuation": "po", "symbol": "s", "mathsymbol": "sm",
    "currencysymbol": "sc", "modifiersymbol": "sk", "othersymbol": "so", "separator": "z",
    "spaceseparator": "zs", "lineseparator": "zl", "paragraphseparator": "zp", "other": "c",
    "control": "cc", "format": "cf", "privateuse": "co", "unassigned": "cn", "surrogate": "cs",
  ]

  /// A general category, a POSIX class or a script, whatever its case, spaces and underscores.
  /// - Throws: `.unsupported` for names that we do not know.
  static func named(_ name: String) throws -> ScalarRanges {
    let plain = name.lowercased().filter { !" _-".contains($0) }
    if let set = posix(plain) { return set }
    let short = longNames[plain] ?? plain
    let wanted = ScalarProperties.categories.map { category in
      let category = category.lowercased()
      if short == "lc" { return ["lu", "ll", "lt"].contains(category) }
      return category == short || (short.count == 1 && category.hasPrefix(short))
    }
    if wanted.contains(true) {
      return ScalarRanges { wanted[Int($0 & ScalarProperties.categoryMask)] }
    }
    if let script = Scripts.shared.ranges(of: plain) { return script }
    throw DataError(
      .unsupported, "the property '\(name)'",
      expected: "a general category, a POSIX class or a script")
  }

  private static func posix(_ name: String) -> ScalarRanges? {
    let has = { (flag: UInt16) in ScalarRanges { $0 & flag != 0 } }
    let categories = { (prefixes: [String]) in
      ScalarRanges { properties in
        let name = ScalarProperties.categories[Int(properties & ScalarProperties.categoryMask)]
        return prefixes.contains { name.hasPrefix($0) }
      }
    }
    switch name {
    case "any": return .all
    case "ascii": return ScalarRanges([0..<0x80])
    case "assigned": return categories(["Cn"]).inverted
    case "space", "whitespace": return space
    case "blank": return categories(["Zs"]).union(ScalarRanges([0x09]))
    case "cntrl": return categories(["Cc"])
    case "digit": return categories(["Nd"])
    case "xdigit": return ScalarRanges([0x30..<0x3A, 0x41..<0x47, 0x61..<0x67])
    case "alpha", "alphabetic": return has(ScalarProperties.alphabetic)
    case "alnum": return has(ScalarProperties.alphabetic).union(categories(["Nd"]))
    case "word": return word
    case "upper", "uppercase": return categories(["Lu"])
    case "lower", "lowercase": return categories(["Ll"])
    case "punct": return has(ScalarProperties.posixPunctuation)
    case "graph": return categories(["Z", "Cc", "Cn", "Cs"]).union(space).inverted
    case "print": return categories(["Cc", "Cn", "Cs"]).inverted
    default: return nil
    }
  }
}

/// Which script each scalar belongs to.
struct Scripts: Sendable {
  static let shared = Scripts()

  private let names: [String]
  private let runs: [(start: UInt32, value: UInt32)]
  private var table = ScalarTable()

  private init() {
    names = UnicodeData.scriptNames.split { $0 == " " || $0 == "\n" }.map(String.init)
    runs = UnicodeData.runs(UnicodeData.scripts)
    var shared: [UInt16: UInt16] = [:]
    for (run, next) in zip(runs, runs.dropFirst()) {
      table.fill(run.start..<next.start, UInt16(truncatingIfNeeded: run.value), shared: &shared)
    }
  }

  /// The place of the scalar's script in the list; 0 for none.
  subscript(scalar: UInt32) -> UInt16 { table[scalar] }

  func index(of name: String) -> UInt16? {
    names.firstIndex(of: name).map { UInt16($0 + 1) }
  }

  func ranges(of name: String) -> ScalarRanges? {
    guard let index = index(of: name) else { return nil }
    return ScalarRanges(
      zip(runs, runs.dropFirst()).filter { $0.0.value == index }.map { $0.start..<$1.start })
  }
}
