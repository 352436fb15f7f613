import Formats
import JSON
import OrderedCollections

/// The `_metadata` of a state dict: for each module the version of its layout.
///
/// BatchNorm is at version 2 since it counts batches; without it, older loaders expect no counter.
struct StateDictVersions {
  /// Module paths with their versions, the root first.
  private(set) var versions: OrderedDictionary<String, Int> = [:]

  /// Those of the file that the checkpoint came from, as far as they fit its tensors; else the usual ones.
  init(_ checkpoint: Checkpoint) {
    var usual: OrderedDictionary<String, Int> = ["": 1]
    for tensor in checkpoint.normalised {
      let parts = tensor.entry.name.split(separator: ".", omittingEmptySubsequences: false)
      for count in 1..<max(parts.count, 1) where count < parts.count {
        let path = parts[..<count].joined(separator: ".")
        usual[path] = usual[path] ?? 1
      }
      if parts.last == "num_batches_tracked" {
        usual[parts.dropLast().joined(separator: ".")] = 2
      }
    }
    versions = usual
    guard let found = checkpoint.metadata[StateDictKeys.versions],
      let known = found.object ?? found.string.flatMap({ try? JSONValue(parsing: $0).object }),
      usual.keys.allSatisfy({ known[$0] != nil })
    else { return }
    var kept: OrderedDictionary<String, Int> = [:]
    for (path, module) in known { kept[path] = module["version"]?.integer ?? 1 }
    versions = kept
  }
}
