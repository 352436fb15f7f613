import JSON
import OrderedCollections

/// Plain values of a pickle as JSON, bounded in depth and number; what JSON has no word for is left out.
struct PickleJSON {
  let heap: PickleHeap
  /// Values that may still be made.
  private var budget = 20_000

  init(heap: PickleHeap) { self.heap = heap }

  /// Nil for what is no plain value, or when too many have been made.
  mutating func json(_ value: PickleValue, depth: Int = 0) -> JSONValue? {
    budget -= 1
    guard budget >= 0, depth < 32 else { return nil }
    switch value {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .float(let value): return .number(value)
    case .string(let value): return .string(value)
    case .node(let index): return json(heap[index], value, depth)
    }
  }

  private mutating func json(_ node: PickleNode, _ value: PickleValue, _ depth: Int) -> JSONValue? {
    switch node.kind {
    case .tuple, .list, .set:
      return .array(node.elements.compactMap { json($0, depth: depth + 1) })
    case .dictionary: return object(heap.items(node), depth)
    case .global(let name): return .string(name)
    case .bigInteger(let bytes): return .number(PickleJSON.double(bytes))
    case .bytes, .persistent: return nil
    case .object:
      if let scalar = NumPyObjects(heap: heap).scalar(value) { return scalar }
      if let call = heap.call(value), call.name == "torch.Size" || call.name == "torch.device",
        let first = call.arguments.first
      {
        return json(first, depth: depth + 1)
      }
      let members = heap.members(value)
      return members.isEmpty ? nil : object(members, depth)
    }
  }

  private mutating func object(
    _ items: [(key: PickleValue, value: PickleValue)], _ depth: Int
  ) -> JSONValue {
    var members: OrderedDictionary<String, JSONValue> = [:]
    for item in items {
      guard let key = heap.name(item.key), let value = json(item.value, depth: depth + 1) else {
        continue
      }
      members[key] = value
    }
    return .object(members)
  }

  private static func double(_ bytes: [UInt8]) -> Double {
    let isNegative = (bytes.last ?? 0) >= 0x80
    let magnitude = bytes.reversed().reduce(0.0) { $0 * 256 + Double(isNegative ? ~$1 : $1) }
    return isNegative ? -magnitude - 1 : magnitude
  }
}
