/// What a scalar is: its general category in the low five bits, and what the library takes it for.
struct ScalarProperties: Sendable {
  /// The order of the categories in the table.
  static let categories = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
    "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn", "Cs",
  ]
  static let categoryMask: UInt16 = 31
  /// `\w` of a pattern in the file.
  static let word: UInt16 = 1 << 5
  /// `\w` of the library itself (whole words, `Whitespace`).
  static let libraryWord: UInt16 = 1 << 6
  static let numeric: UInt16 = 1 << 7
  static let punctuation: UInt16 = 1 << 8
  /// Removed by BERT's accent stripping, and by `StripAccents`.
  static let accent: UInt16 = 1 << 9
  static let mark: UInt16 = 1 << 10
  /// Removed by BERT's cleaning.
  static let bertControl: UInt16 = 1 << 11
  /// Gets spaces around it in BERT's normalizer.
  static let bertIdeograph: UInt16 = 1 << 12
  static let alphabetic: UInt16 = 1 << 14
  /// Goes with the script before it where texts are cut at scripts.
  static let anyScript: UInt16 = 1 << 15
  /// `[[:punct:]]`.
  static let posixPunctuation: UInt16 = 1 << 13

  static let shared = ScalarProperties()

  private var table = ScalarTable()
  /// Ranges of equal properties, ended by one at the limit.
  let runs: [(start: UInt32, value: UInt32)]

  private init() {
    runs = UnicodeData.runs(UnicodeData.properties)
    var shared: [UInt16: UInt16] = [:]
    for (run, next) in zip(runs, runs.dropFirst()) {
      table.fill(run.start..<next.start, UInt16(truncatingIfNeeded: run.value), shared: &shared)
    }
  }

  subscript(scalar: UInt32) -> UInt16 { table[scalar] }

  func has(_ scalar: UInt32, _ flag: UInt16) -> Bool { table[scalar] & flag != 0 }

  /// White space: the same 25 scalars everywhere in the library.
  static func isSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }
}

/// The lower case of scalars, each for itself.
struct LowerCase: Sendable {
  static let shared = LowerCase()

  private var index = ScalarTable()
  private var mapped: [[UInt32]] = [[]]

  private init() {
    UnicodeData.forEachMapping(in: UnicodeData.lowercase) { scalar, result in
      index[scalar] = UInt16(mapped.count)
      mapped.append(result)
    }
  }

  /// What `scalar` becomes, or nil when it stays.
  subscript(scalar: UInt32) -> [UInt32]? {
    if scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? [scalar + 32] : nil }
    let place = index[scalar]
    return place == 0 ? nil : mapped[Int(place)]
  }
}
