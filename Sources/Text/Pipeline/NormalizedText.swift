/// The bytes of the original text that something comes from.
struct Origin: Equatable {
  var start: Int32
  var end: Int32
}

/// A part of a text in UTF-8 as normalizers and pre-tokenizers leave it, and where each byte comes from.
struct NormalizedText {
  var bytes: [UInt8]
  /// The origin of each byte, that of its whole scalar; nil when byte `i` is still the original's `i + shift`.
  var origins: [Origin]?
  var shift = 0

  /// Where byte `index` comes from: the start of its scalar's origin.
  func start(_ index: Int) -> Int {
    if let origins { return index < origins.count ? Int(origins[index].start) : 0 }
    return index + shift
  }
}

/// The same as scalars, which is what normalizers work on.
struct ScalarText {
  var scalars: [UInt32] = []
  var origins: [Origin] = []

  init(_ text: NormalizedText) {
    self.init(text, in: 0..<text.bytes.count)
  }

  init(_ text: NormalizedText, in range: Range<Int>) {
    scalars.reserveCapacity(range.count)
    origins.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let (scalar, next) = UTF8Text.decode(text.bytes, at)
      scalars.append(scalar)
      if let known = text.origins {
        origins.append(known[at])
      } else {
        origins.append(
          Origin(start: Int32(at + text.shift), end: Int32(next + text.shift)))
      }
      at = next
    }
  }

  var utf8: NormalizedText {
    var bytes: [UInt8] = []
    var byteOrigins: [Origin] = []
    bytes.reserveCapacity(scalars.count + scalars.count / 2)
    byteOrigins.reserveCapacity(scalars.count + scalars.count / 2)
    for i in scalars.indices {
      let before = bytes.count
      UTF8Text.append(scalars[i], to: &bytes)
      for _ in before..<bytes.count { byteOrigins.append(origins[i]) }
    }
    return NormalizedText(bytes: bytes, origins: byteOrigins)
  }

  /// Replaces the text from `start` on by `changes`, which say which old scalars they stand for.
  mutating func transform(_ changes: [ScalarChange], from start: Int = 0) {
    var newScalars: [UInt32] = []
    var newOrigins: [Origin] = []
    newScalars.reserveCapacity(changes.count)
    newOrigins.reserveCapacity(changes.count)
    var old = start
    for item in changes {
      newScalars.append(item.scalar)
      if item.change > 0 {
        newOrigins.append(old < 1 ? Origin(start: 0, end: 0) : origins[min(old, origins.count) - 1])
      } else {
        newOrigins.append(origins[min(old, origins.count - 1)])
        old += 1 - item.change
      }
    }
    scalars = newScalars
    origins = newOrigins
  }

  mutating func filter(_ keeps: (UInt32) -> Bool) {
    guard scalars.contains(where: { !keeps($0) }) else { return }
    var kept = 0
    for i in scalars.indices where keeps(scalars[i]) {
      scalars[kept] = scalars[i]
      origins[kept] = origins[i]
      kept += 1
    }
    scalars.removeSubrange(kept...)
    origins.removeSubrange(kept...)
  }

  mutating func map(_ body: (UInt32) -> UInt32) {
    for i in scalars.indices { scalars[i] = body(scalars[i]) }
  }

  /// New scalars before the first, which they take their origin from; an empty text stays empty.
  mutating func prepend(_ new: [UInt32]) {
    guard let first = origins.first else { return }
    scalars.insert(contentsOf: new, at: 0)
    origins.insert(contentsOf: repeatElement(first, count: new.count), at: 0)
  }

  mutating func append(_ new: [UInt32]) {
    guard let last = origins.last else { return }
    scalars += new
    origins += repeatElement(last, count: new.count)
  }

  /// Each range becomes `content`, whose scalars take the origin of the range's last one.
  mutating func replace(_ ranges: [Range<Int>], with content: [UInt32]) {
    guard !ranges.isEmpty else { return }
    var newScalars: [UInt32] = []
    var newOrigins: [Origin] = []
    newScalars.reserveCapacity(scalars.count + ranges.count * content.count)
    newOrigins.reserveCapacity(scalars.count + ranges.count * content.count)
    var last = 0
    for range in ranges {
      newScalars += scalars[last..<range.lowerBound]
      newOrigins += origins[last..<range.lowerBound]
      let origin = range.upperBound > 0 ? origins[range.upperBound - 1] : Origin(start: 0, end: 0)
      newScalars += content
      newOrigins += repeatElement(origin, count: content.count)
      last = range.upperBound
    }
    newScalars += scalars[last...]
    newOrigins += origins[last...]
    scalars = newScalars
    origins = newOrigins
  }
}
