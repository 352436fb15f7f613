import OrderedCollections

/// Equality and order, as Python has them.
extension TemplateValue {
  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let left), .string(let right)):
      // By code points: a letter and its composed twin are two strings
      return left.utf8.elementsEqual(right.utf8)
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      return left.items.count == right.items.count
        && zip(left.items, right.items).allSatisfy { $0.equals($1) }
    case (.dictionary(let left), .dictionary(let right)):
      return left.members.count == right.members.count
        && left.members.allSatisfy { key, value in
          right.members[key].map { value.equals($0) } ?? false
        }
    case (.namespace(let left), .namespace(let right)): return left === right
    case (.iterator(let left), .iterator(let right)): return left === right
    case (.loop(let left), .loop(let right)): return left === right
    default:
      if let left = wholeNumber, let right = other.wholeNumber { return left == right }
      if let left = anyNumber, let right = other.anyNumber { return left == right }
      return false
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .string(let text):
      for byte in text.utf8 { hasher.combine(byte) }
    case .tuple(let items):
      for item in items.items { item.hash(into: &hasher) }
    default: hasher.combine(anyNumber)
    }
  }

  /// Whether it can be a key.
  var isHashable: Bool {
    switch self {
    case .list, .dictionary: false
    case .tuple(let items): items.items.allSatisfy(\.isHashable)
    default: true
    }
  }

  /// Whether it comes before the other; nil when the two have no order.
  func precedes(_ other: TemplateValue) -> Bool? {
    if let left = wholeNumber, let right = other.wholeNumber { return left < right }
    if let left = anyNumber, let right = other.anyNumber { return left < right }
    if let left = text, let right = other.text {
      return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
    }
    let pair: ([TemplateValue], [TemplateValue])
    switch (self, other) {
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      pair = (left.items, right.items)
    default: return nil
    }
    for (left, right) in zip(pair.0, pair.1) where !left.equals(right) {
      return left.precedes(right)
    }
    return pair.0.count < pair.1.count
  }
}
