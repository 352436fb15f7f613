/// What changes a text before it is cut into words.
protocol Normalizer: Sendable {
  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) throws
  /// Does the same on ASCII when no byte moves; false, and nothing changed, when it cannot.
  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool
  /// Whether a text of these bytes, not all ASCII, stays as it is.
  func leavesAlone(_ bytes: [UInt8]) -> Bool
}

extension Normalizer {
  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool { false }
  func leavesAlone(_ bytes: [UInt8]) -> Bool { false }

  func normalized(_ text: NormalizedText, _ memory: inout WorkingMemory) throws -> NormalizedText {
    if text.bytes.allSatisfy({ $0 < 0x80 }) {
      var same = text
      if normalizeASCII(&same.bytes) { return same }
    } else if leavesAlone(text.bytes) {
      return text
    }
    var scalars = ScalarText(text)
    try normalize(&scalars, &memory)
    return scalars.utf8
  }
}

struct SequenceNormalizer: Normalizer {
  let parts: [any Normalizer]

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) throws {
    for part in parts { try part.normalize(&text, &memory) }
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool {
    let before = bytes
    for part in parts where !part.normalizeASCII(&bytes) {
      bytes = before
      return false
    }
    return true
  }

  func leavesAlone(_ bytes: [UInt8]) -> Bool { parts.allSatisfy { $0.leavesAlone(bytes) } }
}

struct NormalFormNormalizer: Normalizer {
  let form: NormalForm

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    let forms = NormalForms.shared
    if text.scalars.allSatisfy({ forms.isStable($0, in: form) }) { return }
    text.transform(forms.changes(text.scalars, to: form))
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool { true }

  func leavesAlone(_ bytes: [UInt8]) -> Bool {
    let forms = NormalForms.shared
    var at = 0
    while at < bytes.count {
      if bytes[at] < 0x80 {
        at += 1
        continue
      }
      let (scalar, next) = UTF8Text.decode(bytes, at)
      guard forms.isStable(scalar, in: form) else { return false }
      at = next
    }
    return true
  }
}

struct LowercaseNormalizer: Normalizer {
  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    LowercaseNormalizer.lower(&text)
  }

  static func lower(_ text: inout ScalarText) {
    let cases = LowerCase.shared
    var changes: [ScalarChange] = []
    changes.reserveCapacity(text.scalars.count)
    for scalar in text.scalars {
      guard scalar >= 0x80 else {
        let isUpper = scalar >= 0x41 && scalar <= 0x5A
        changes.append(ScalarChange(scalar: isUpper ? scalar + 32 : scalar, change: 0))
        continue
      }
      guard let lower = cases[scalar] else {
        changes.append(ScalarChange(scalar: scalar, change: 0))
        continue
      }
      for (i, one) in lower.enumerated() {
        changes.append(ScalarChange(scalar: one, change: i == 0 ? 0 : 1))
      }
    }
    text.transform(changes)
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool {
    for i in bytes.indices where bytes[i] >= 0x41 && bytes[i] <= 0x5A { bytes[i] += 32 }
    return true
  }
}

struct StripNormalizer: Normalizer {
  let left: Bool
  let right: Bool

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    let scalars = text.scalars
    let leading = left ? scalars.prefix(while: ScalarProperties.isSpace).count : 0
    let trailing = right ? scalars.reversed().prefix(while: ScalarProperties.isSpace).count : 0
    text.scalars.removeLast(trailing)
    text.origins.removeLast(trailing)
    let leadingKept = min(leading, text.scalars.count)
    text.scalars.removeFirst(leadingKept)
    text.origins.removeFirst(leadingKept)
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool {
    guard let first = bytes.first, let last = bytes.last else { return true }
    return !(left && ScalarProperties.isSpace(UInt32(first)))
      && !(right && ScalarProperties.isSpace(UInt32(last)))
  }
}

struct StripAccentsNormalizer: Normalizer {
  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    text.filter { !ScalarProperties.shared.has($0, ScalarProperties.mark) }
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool { true }
}

/// The clean-up of Google's neural translation: controls go, separators become spaces.
struct NmtNormalizer: Normalizer {
  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    text.filter { scalar in
      switch scalar {
      case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: false
      default: true
      }
    }
    text.map { scalar in
      switch scalar {
      case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
        0x20
      default: scalar
      }
    }
  }
}

struct PrependNormalizer: Normalizer {
  let content: [UInt32]

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    text.prepend(content)
  }
}

struct AppendNormalizer: Normalizer {
  let content: [UInt32]

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) { text.append(content) }
}

/// Bytes as GPT-2's letters.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    ByteLevelNormalizer.spell(&text)
  }

  static func spell(_ text: inout ScalarText) {
    var changes: [ScalarChange] = []
    changes.reserveCapacity(text.scalars.count * 2)
    var bytes: [UInt8] = []
    for scalar in text.scalars {
      bytes.removeAll(keepingCapacity: true)
      UTF8Text.append(scalar, to: &bytes)
      for (i, byte) in bytes.enumerated() {
        let letter = ByteLetters.scalars[Int(byte)]
        changes.append(ScalarChange(scalar: letter, change: i == 0 ? 0 : 1))
      }
    }
    text.transform(changes)
  }
}
