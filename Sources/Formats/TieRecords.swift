import JSON
import Tensors

/// Ties in formats that cannot express them: the tensors are written apart, and a note says who was one.
public enum TieRecords {
  /// The names that share one memory, in groups, in the order of the entries.
  public static func groups(_ entries: [TensorEntry]) -> [[String]] {
    var order: [TensorIdentity] = []
    var names: [TensorIdentity: [String]] = [:]
    for entry in entries where entry.shape.elementCount > 0 {
      guard let identity = entry.identity else { continue }
      if names[identity] == nil { order.append(identity) }
      names[identity, default: []].append(entry.name)
    }
    return order.compactMap { names[$0] }.filter { $0.count > 1 }
  }

  /// Entries with the recorded ties restored, each only where type, shape and every byte agree.
  public static func restore(_ groups: [[String]], in entries: [TensorEntry]) -> [TensorEntry] {
    var result = entries
    let places = Dictionary(
      entries.indices.map { (entries[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    for group in groups {
      guard let first = group.first.flatMap({ places[$0] }),
        let tensor = try? result[first].load()
      else { continue }
      result[first] = TensorEntry(name: result[first].name, tensor)
      for place in group.dropFirst().compactMap({ places[$0] }) {
        guard let other = try? result[place].load(), other.isBitEqual(to: tensor) else { continue }
        result[place] = TensorEntry(name: result[place].name, tensor)
      }
    }
    return result
  }

  /// `[["a","b"]]`; nil when nothing is tied.
  public static func text(_ groups: [[String]]) -> String? {
    if groups.isEmpty { return nil }
    return JSONValue.array(groups.map { .array($0.map { .string($0) }) }).text()
  }

  /// What `text` wrote; nothing for what is no such text.
  public static func parse(_ text: String) -> [[String]] {
    guard let groups = try? JSONValue(parsing: text).array else { return [] }
    return groups.map { $0.array?.compactMap(\.string) ?? [] }
  }
}
