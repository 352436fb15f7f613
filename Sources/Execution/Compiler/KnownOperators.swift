import BinaryIO
import ModelGraph

extension Graph {
  /// - Throws: `.unsupported` with all operators that cannot be run, how often they occur, and why.
  func requireKnownOperators() throws {
    var order: [String] = []
    var found: [String: (count: Int, reason: String)] = [:]
    for node in nodes {
      guard let opaque = node.operator as? OpaqueOperator else { continue }
      let domain = opaque.domain.isEmpty ? "" : "\(opaque.domain)."
      let name = domain + opaque.type
      if found[name] == nil { order.append(name) }
      found[name] = ((found[name]?.count ?? 0) + 1, opaque.reason)
    }
    guard !order.isEmpty else { return }
    let list = order.map { name in
      let (count, reason) = found[name] ?? (0, "")
      return "\(count) × \(name)" + (reason.isEmpty ? "" : " (\(reason))")
    }
    throw DataError(
      .unsupported, "operators that cannot be run: " + list.joined(separator: ", "))
  }
}
