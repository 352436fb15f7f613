import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// What our own files say beyond the standard, in `metadata_props`: the order of the tensors, ties, tensors that no node
/// uses, and the files that travel with the weights.
///
/// Only hints: a file that another program has changed is read all the same.
struct OwnMetadata {
  static let prefix = "menagerie."
  static let tensorsKey = "menagerie.tensors"
  static let constantsKey = "menagerie.constants"
  static let sidecarPrefix = "menagerie.sidecar."

  private var extras: [JSONValue] = []
  /// Constants that are no weights, though they look like some.
  private(set) var constants: Set<String> = []
  private(set) var sidecars: OrderedDictionary<String, JSONValue> = [:]

  init(_ entries: [EntryMessage]) {
    for entry in entries where entry.key.hasPrefix(OwnMetadata.prefix) {
      guard let value = try? JSONValue(parsing: entry.value) else { continue }
      if entry.key == OwnMetadata.tensorsKey {
        extras = value.array ?? []
      } else if entry.key == OwnMetadata.constantsKey {
        constants = Set((value.array ?? []).compactMap(\.string))
      } else if entry.key.hasPrefix(OwnMetadata.sidecarPrefix) {
        sidecars[String(entry.key.dropFirst(OwnMetadata.sidecarPrefix.count))] = value
      }
    }
  }

  /// The entries of `metadata_props` that say all this.
  static func entries(
    extras: [JSONValue], constants: [String], sidecars: OrderedDictionary<String, JSONValue>
  ) -> [EntryMessage] {
    var entries: [EntryMessage] = []
    if !extras.isEmpty {
      entries.append(EntryMessage(key: tensorsKey, value: JSONValue.array(extras).text()))
    }
    if !constants.isEmpty {
      let names = JSONValue.array(constants.map { .string($0) })
      entries.append(EntryMessage(key: constantsKey, value: names.text()))
    }
    return entries
      + sidecars.map { EntryMessage(key: sidecarPrefix + $0, value: $1.text()) }
  }

  /// The tensors with those that stand in the metadata put back in their places.
  func restore(_ tensors: [TensorEntry]) -> [TensorEntry] {
    var result: [TensorEntry] = []
    var rest = tensors[...]
    var names = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    for extra in extras {
      guard let name = extra["name"]?.string, names[name] == nil,
        let entry = names[extra["tie"]?.string ?? ""]?.renamed(name)
          ?? OwnMetadata.tensor(extra, name)
      else { continue }
      names[name] = entry
      let place = extra["at"]?.integer ?? Int.max
      while result.count < place, let next = rest.popFirst() { result.append(next) }
      result.append(entry)
    }
    result += rest
    return result
  }

  /// A small tensor that is spelt out in hexadecimal digits.
  private static func tensor(_ extra: JSONValue, _ name: String) -> TensorEntry? {
    guard let type = DataType(elementName: extra["dtype"]?.string ?? ""),
      let shape = try? Shape(checking: extra["shape"]?.integers ?? [-1]),
      let bytes = Bytes(hexadecimal: extra["data"]?.string ?? "")
    else { return nil }
    return try? TensorMessage.entry(name, type, shape, bytes)
  }
}

extension Bytes {
  /// The bytes that pairs of hexadecimal digits say; nil when they are none.
  init?(hexadecimal text: String) {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    self.init(
      stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
  }

  /// Two digits a byte.
  var hexadecimal: String {
    let digits = Array("0123456789abcdef")
    return String(array.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
