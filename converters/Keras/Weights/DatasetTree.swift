import BinaryIO
import Formats
import OrderedCollections

/// Every dataset of an HDF5 file under its path, and every group.
struct DatasetTree {
  private(set) var datasets: OrderedDictionary<String, HDF5Dataset> = [:]
  private(set) var groups: OrderedDictionary<String, HDF5Group> = [:]
  private(set) var notes: [String] = []

  /// Walks the whole file. A group that was met before is not entered again, so that no circle is walked for ever.
  /// - Throws: what a broken, foreign or unknown object throws.
  init(_ file: HDF5File) throws {
    var seen: Set<UInt64> = []
    var waiting = [try file.root()]
    while let group = waiting.popLast() {
      guard seen.insert(try group.address()).inserted else {
        notes.append("the group '\(group.path)' is another name of a group that was read already")
        continue
      }
      groups[group.path] = group
      guard group.path.utf8.count < 1 << 14, groups.count < 1_000_000 else {
        throw DataError(
          .limitExceeded, "groups nested without end", subject: "group '\(group.path.prefix(80))'")
      }
      var inner: [HDF5Group] = []
      for name in try group.names() {
        switch try group.child(name) {
        case .group(let child): inner.append(child)
        case .dataset(let dataset): datasets[dataset.path] = dataset
        }
      }
      waiting += inner.reversed()
    }
  }

  /// The datasets below a path, in the walk's order.
  func paths(under prefix: String) -> [String] {
    datasets.keys.filter { $0.hasPrefix(prefix + "/") }
  }
}
