import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// Keys of a GGUF file that no other file beside weights has a place for: who made the model, under which licence, of what.
/// They travel in our description, with their types, and come back when a GGUF file is written.
enum KeptMetadata {
  /// The member of the description.
  static let member = "gguf"
  private static let maximumElements = 256
  private static let maximumText = 1 << 16
  /// What follows from the tensors and the files beside them.
  private static let remade: Set<String> = [
    "general.architecture", "general.file_type", "general.quantization_version",
    "general.alignment", GGUFFormat.descriptionKey, GGUFVocabulary.templateKey,
    GGUFVocabulary.templateNamesKey,
  ]

  private static func isRemade(_ key: String) -> Bool {
    remade.contains(key) || GGUFParts.keys.contains(key)
      || key.hasPrefix("\(GGUFVocabulary.templateKey).")
  }

  /// What is kept of a file's metadata; nil where the rest says all.
  static func json(
    of metadata: GGUFMetadata, config: JSONValue?, shapes: [String: Shape]
  ) -> JSONValue? {
    var made = GGUFMetadata()
    made["general.type"] = .string("model")
    ConfigurationWriting(config)?.write(to: &made, shapes: shapes)
    var kept: OrderedDictionary<String, JSONValue> = [:]
    for (key, value) in metadata.values where !isRemade(key) {
      if let again = made[key], again.type == value.type, again.bytes.elementsEqual(value.bytes) {
        continue
      }
      if let json = value.keptJSON(elements: maximumElements, text: maximumText) {
        kept[key] = json
      }
    }
    return kept.isEmpty ? nil : .object(kept)
  }

  /// Puts back what was kept: what the files say now counts more, but for what only a GGUF file says.
  static func restore(_ kept: JSONValue?, to metadata: inout GGUFMetadata) {
    guard let members = kept?.object, members.count <= 4096 else { return }
    let own = metadata.architecture.map { "\($0)." }
    let tokens = metadata["tokenizer.ggml.tokens"]?.count ?? 0
    for (key, json) in members where !isRemade(key) {
      guard !key.isEmpty, key.utf8.count <= 1024, let value = GGUFValue(kept: json) else {
        continue
      }
      if key.hasPrefix("general.") {
        metadata[key] = value
      } else if metadata[key] == nil {
        let isToken = key.hasPrefix("tokenizer.ggml.")
        if key.hasSuffix("_token_id"), isToken {
          guard let id = value.integer, (0..<tokens).contains(id) else { continue }
        }
        let isOther = own.map { !key.hasPrefix($0) } ?? true
        // Sizes of an architecture that it is no more are nobody's
        let isSize = GGUFArchitecture.all.contains { key.hasPrefix("\($0.name).") }
        guard !isOther || !isSize, !isToken || tokens > 0 else { continue }
        metadata[key] = value
      }
    }
  }
}

extension GGUFValue {
  /// The value with its type; nil for what is too large to be kept, or no number of JSON.
  func keptJSON(elements: Int, text: Int) -> JSONValue? {
    guard bytes.count <= text else { return nil }
    guard type == .array else {
      return isPlain(type) ? ["type": .string(type.name), "value": json] : nil
    }
    guard let elementType, isPlain(elementType), count <= elements else { return nil }
    var reader = ByteReader(bytes, at: 12)
    let values = (0..<count).compactMap { _ in (try? GGUFValue(elementType, from: &reader))?.json }
    guard values.count == count else { return nil }
    return ["type": "array", "of": .string(elementType.name), "value": .array(values)]
  }

  private func isPlain(_ type: GGUFValueType) -> Bool { type != .array && type != .uint64 }

  /// Nil for what is no such value.
  init?(kept json: JSONValue) {
    guard let type = GGUFValueType(named: json["type"]?.string), let value = json["value"] else {
      return nil
    }
    if type == .array {
      guard let element = GGUFValueType(named: json["of"]?.string), let values = value.array,
        element != .array, element != .uint64
      else { return nil }
      var bytes =
        GGUFValue.littleEndian(element.rawValue) + GGUFValue.littleEndian(UInt64(values.count))
      for value in values {
        guard let part = GGUFValue.encoded(value, element) else { return nil }
        bytes += part
      }
      self.init(made: .array, elementType: element, count: values.count, bytes)
    } else {
      guard let bytes = GGUFValue.encoded(value, type) else { return nil }
      self.init(made: type, bytes)
    }
  }

  /// The bytes of a plain value of a type.
  private static func encoded(_ value: JSONValue, _ type: GGUFValueType) -> [UInt8]? {
    func whole<T: FixedWidthInteger>(_: T.Type) -> [UInt8]? {
      value.integer.flatMap { T(exactly: $0) }.map { littleEndian($0) }
    }
    switch type {
    case .string: return value.string.map { encoded($0) }
    case .bool: return value.bool.map { [$0 ? 1 : 0] }
    case .uint8: return whole(UInt8.self)
    case .int8: return whole(Int8.self)
    case .uint16: return whole(UInt16.self)
    case .int16: return whole(Int16.self)
    case .uint32: return whole(UInt32.self)
    case .int32: return whole(Int32.self)
    case .int64: return whole(Int64.self)
    case .float32: return value.double.map { littleEndian(Float($0).bitPattern) }
    case .float64: return value.double.map { littleEndian($0.bitPattern) }
    case .uint64, .array: return nil
    }
  }
}

extension GGUFValueType {
  fileprivate init?(named name: String?) {
    guard let type = GGUFValueType.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }
}
