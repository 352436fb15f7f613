import Formats
import JSON
import ModelGraph
import OrderedCollections
import Tensors

/// Which tensors become initializers, and which are only noted in the metadata: ties, and small ones that no node uses.
struct WeightPlan {
  /// The initializers, in order.
  private(set) var written: OrderedDictionary<String, TensorEntry> = [:]
  /// For each weight the initializer that nodes read instead of it: itself, or the one it is tied to.
  private(set) var names: [String: String] = [:]
  /// What the metadata says of the others; each with its place among all.
  private(set) var extras: [JSONValue] = []
  private(set) var report: [WrittenTensor] = []

  /// An unused tensor of at most so many bytes goes into the metadata: runtimes complain of unused initializers.
  static let largestExtra = 64

  init(_ entries: [TensorEntry], used graph: Graph) {
    let used = Set(
      graph.parameters.map { graph[$0].name } + graph.constants.keys.map { graph[$0].name })
    var seen: [TensorIdentity: String] = [:]
    for (place, entry) in entries.enumerated() {
      let name = entry.name
      if let identity = entry.identity, let first = seen[identity], entry.byteCount > 0 {
        names[name] = first
        extras.append(["name": .string(name), "at": .integer(place), "tie": .string(first)])
        report.append(
          WrittenTensor(source: name, target: name, written: entry, note: "tied to '\(first)'"))
        continue
      }
      if !used.contains(name), entry.byteCount <= WeightPlan.largestExtra,
        let tensor = try? entry.load()
      {
        extras.append([
          "name": .string(name), "at": .integer(place), "dtype": .string(entry.dataType.rawValue),
          "shape": .array(entry.shape.map { .integer($0) }),
          "data": .string(tensor.contiguousBytes.hexadecimal),
        ])
        report.append(
          WrittenTensor(source: name, target: name, written: entry, note: "in the metadata"))
        continue
      }
      if let identity = entry.identity { seen[identity] = name }
      names[name] = name
      written[name] = entry
      report.append(WrittenTensor(source: name, target: name, written: entry))
    }
  }
}
