import BinaryIO
import Formats
import JSON
import OrderedCollections
import PyTorchConverter
import SafeTensorsConverter
import Tensors

/// The files of a directory that hold its weights.
struct WeightFiles {
  private enum Kind { case single(String), sharded(index: String), parallel(ParallelParts) }

  private let kind: Kind
  private let names: [String]

  /// Nil when there are none, or several that nobody puts in order.
  init?(names: [String]) {
    self.names = names
    // What the libraries look for, in their order
    for stem in ["model.safetensors", "pytorch_model.bin"] {
      if names.contains(stem) {
        kind = .single(stem)
        return
      }
      if names.contains("\(stem).index.json") {
        kind = .sharded(index: "\(stem).index.json")
        return
      }
    }
    if let parts = ParallelParts(among: names) {
      kind = .parallel(parts)
      return
    }
    let others = names.filter { name in
      [".safetensors", ".bin", ".pth", ".pt"].contains { name.hasSuffix($0) }
    }
    let tensors = others.filter { $0.hasSuffix(".safetensors") }
    guard let only = tensors.count == 1 ? tensors.first : others.count == 1 ? others.first : nil
    else {
      return nil
    }
    kind = .single(only)
  }

  /// Whether the file of that name is all the weights there are.
  func isOnly(_ name: String) -> Bool {
    switch kind {
    case .single(let only): only == name
    case .parallel(let parts): parts.names == [name]
    case .sharded: false
    }
  }

  func read(in folder: String) throws -> Checkpoint {
    switch kind {
    case .single(let name): try WeightFiles.format(name).read("\(folder)/\(name)")
    case .sharded(let index): try shards(index, in: folder)
    case .parallel(let parts): try parts.read(in: folder)
    }
  }

  private static func format(_ name: String) -> any ModelFormat {
    name.hasSuffix(".safetensors") ? SafeTensorsFormat() : PyTorchFormat()
  }

  /// All shards that the index names; every tensor of the index must be in its own.
  private func shards(_ index: String, in folder: String) throws -> Checkpoint {
    let path = "\(folder)/\(index)"
    let map = try namingFile(path) { () throws -> [(tensor: String, file: String)] in
      guard let map = try JSONFiles.read(path)["weight_map"]?.object else {
        throw DataError(.malformed, "an index without 'weight_map'")
      }
      return try map.map { tensor, file in
        guard let file = file.string, JSONFiles.isPlainName(file) else {
          throw DataError(.malformed, "the index names no file", subject: "tensor '\(tensor)'")
        }
        return (tensor, file)
      }
    }
    let files = OrderedSet(map.map(\.file))
    let missing = files.filter { !names.contains($0) }
    if let first = missing.first {
      throw DataError(
        .notFound, "\(missing.count) of \(files.count) shards are missing, '\(first)' the first",
        path: path, remedy: "fetch all files of the model")
    }
    var whole = Checkpoint(format: "huggingface", tensors: [])
    var tensors: OrderedDictionary<String, TensorEntry> = [:]
    for file in files {
      let shard = try WeightFiles.format(file).read("\(folder)/\(file)")
      for entry in shard.tensors {
        guard tensors.updateValue(entry, forKey: entry.name) == nil else {
          throw DataError(
            .malformed, "occurs in two shards", subject: "tensor '\(entry.name)'", path: path)
        }
      }
      whole.metadata.merge(shard.metadata) { first, _ in first }
      whole.security += shard.security
      whole.notes += shard.notes
    }
    let absent = map.filter { tensors[$0.tensor] == nil }
    if let first = absent.first {
      throw DataError(
        .malformed, "'\(first.file)' does not hold it, though the index says so",
        subject: "tensor '\(first.tensor)'", path: path)
    }
    whole.tensors = Array(tensors.values)
    whole.normalised = whole.tensors.map { NormalisedTensor($0) }
    return whole
  }
}
