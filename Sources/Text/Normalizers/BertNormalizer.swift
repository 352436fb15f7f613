/// BERT's normalizer: clean, spaces around ideographs, no accents, lower case, each if asked for.
struct BertNormalizer: Normalizer {
  let cleans: Bool
  let separatesIdeographs: Bool
  let stripsAccents: Bool
  let lowercases: Bool

  func normalize(_ text: inout ScalarText, _ memory: inout WorkingMemory) {
    let properties = ScalarProperties.shared
    if cleans {
      text.filter { !properties.has($0, ScalarProperties.bertControl) }
      text.map { ScalarProperties.isSpace($0) ? 0x20 : $0 }
    }
    if separatesIdeographs,
      text.scalars.contains(where: { properties.has($0, ScalarProperties.bertIdeograph) })
    {
      var changes: [ScalarChange] = []
      changes.reserveCapacity(text.scalars.count * 2)
      for scalar in text.scalars {
        if properties.has(scalar, ScalarProperties.bertIdeograph) {
          changes.append(ScalarChange(scalar: 0x20, change: 0))
          changes.append(ScalarChange(scalar: scalar, change: 1))
          changes.append(ScalarChange(scalar: 0x20, change: 1))
        } else {
          changes.append(ScalarChange(scalar: scalar, change: 0))
        }
      }
      text.transform(changes)
    }
    if stripsAccents {
      let forms = NormalForms.shared
      if !text.scalars.allSatisfy({ forms.isStable($0, in: .nfd) }) {
        text.transform(forms.changes(text.scalars, to: .nfd))
      }
      text.filter { !properties.has($0, ScalarProperties.accent) }
    }
    if lowercases { LowercaseNormalizer.lower(&text) }
  }

  func normalizeASCII(_ bytes: inout [UInt8]) -> Bool {
    if cleans {
      for byte in bytes where byte < 0x20 || byte == 0x7F {
        guard byte == 0x09 || byte == 0x0A || byte == 0x0D else { return false }
      }
      for i in bytes.indices where bytes[i] < 0x20 { bytes[i] = 0x20 }
    }
    if lowercases {
      for i in bytes.indices where bytes[i] >= 0x41 && bytes[i] <= 0x5A { bytes[i] += 32 }
    }
    return true
  }
}
