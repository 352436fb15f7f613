import BinaryIO
import Formats
import JSON
import OrderedCollections
import PyTorchConverter
import SafeTensorsConverter
import Tensors

/// Writes the files of a model into a directory that is there and empty.
struct DirectoryWriter {
  private let checkpoint: Checkpoint
  private let folder: String

  init(_ checkpoint: Checkpoint, to folder: String) {
    var checkpoint = checkpoint
    let isMetas = ParallelParts.fits(checkpoint)
    if isMetas {
      // Its tensors are not those that a config.json beside them would promise
      checkpoint.sidecars[CompanionFiles.configuration] = nil
      checkpoint.companions[CompanionFiles.configuration] = nil
    }
    // What our description says of the configuration stands in config.json
    if !isMetas, var members = checkpoint.sidecars[Checkpoint.descriptionName]?.object {
      members["config"] = nil
      checkpoint.sidecars[Checkpoint.descriptionName] = members.isEmpty ? nil : .object(members)
    }
    let config = checkpoint.sidecars[CompanionFiles.configuration]
    checkpoint.sidecars[CompanionFiles.configuration] = config.map {
      DirectoryWriter.naming(DirectoryWriter.type(of: checkpoint), in: $0)
    }
    // What Meta's file says stands there too
    if config != nil { checkpoint.sidecars[ParallelParts.parameters] = nil }
    self.checkpoint = checkpoint
    self.folder = folder
  }

  /// The type that most of the matrices' numbers have.
  private static func type(of checkpoint: Checkpoint) -> DataType? {
    var counts: [DataType: Int] = [:]
    for entry in checkpoint.normalised.map(\.entry)
    where entry.shape.rank > 1 && entry.dataType.isFloatingPoint {
      counts[entry.dataType, default: 0] += entry.shape.elementCount
    }
    return counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
  }

  /// The configuration with the weights' type under the key that it has for that; float32 goes without saying.
  private static func naming(_ type: DataType?, in config: JSONValue) -> JSONValue {
    guard let type, var members = config.object else { return config }
    let keys = ["dtype", "torch_dtype"].filter { members[$0] != nil }
    for key in keys { members[key] = .string(type.rawValue) }
    if keys.isEmpty, type != .float32 { members["torch_dtype"] = .string(type.rawValue) }
    return .object(members)
  }

  /// The configuration, and all that travels with the weights. A file that came as it is goes as it is.
  func writeCompanions() throws {
    var companions = checkpoint.companions
    for (name, value) in checkpoint.sidecars {
      if let original = try companions[name]?.bytes() {
        // A file that says the same goes as it is written
        if try JSONValue(parsing: original) == value { continue }
        companions[name] = nil
      }
      guard JSONFiles.isPlainName(name) else { throw unfit(name) }
      try write(name) { try $0.write(value.text(indented: true) + "\n") }
    }
    for (name, companion) in companions {
      guard Companion.isContained(name) else { throw unfit(name) }
      try makeFolders(of: name)
      try write(name) { try $0.write(try companion.bytes()) }
    }
  }

  private func unfit(_ name: String) -> DataError {
    DataError(.unwritable, "'\(name)' is no name for a file beside the weights", path: folder)
  }

  private func write(_ name: String, _ body: (AtomicFileWriter) throws -> Void) throws {
    let file = try AtomicFileWriter(path: "\(folder)/\(name)")
    try body(file)
    try file.commit()
  }

  private func makeFolders(of name: String) throws {
    var path = folder
    for part in name.split(separator: "/").dropLast() {
      path += "/\(part)"
      if System.isDirectory(path) == nil { try System.createDirectory(path) }
    }
  }

  /// The weights as Meta's program takes them on one device.
  func writeOnePart() throws -> [WrittenTensor] {
    try PyTorchFormat().write(checkpoint, to: "\(folder)/\(ParallelParts.firstPart)")
  }

  /// The weights in one file, or in several with an index.
  func writeWeights(shardByteCount: Int) throws -> [WrittenTensor] {
    let shards = shards(of: shardByteCount)
    guard shards.count > 1 else {
      return try SafeTensorsFormat().write(
        checkpoint, to: "\(folder)/\(HuggingFaceFormat.weights)")
    }
    var written: [WrittenTensor] = []
    var places: [String: JSONValue] = [:]
    for (index, range) in shards.enumerated() {
      let name = "model-\(digits(index + 1))-of-\(digits(shards.count)).safetensors"
      var shard = checkpoint
      shard.normalised = Array(checkpoint.normalised[range])
      if index > 0 { shard.sidecars = [:] }
      written += try SafeTensorsFormat().write(shard, to: "\(folder)/\(name)")
      for tensor in shard.normalised { places[tensor.entry.name] = .string(name) }
    }
    guard places.count == checkpoint.normalised.count else {
      throw DataError(.unsupported, "two tensors have one name", path: folder)
    }
    let total = checkpoint.normalised.reduce(0) { $0 + $1.entry.byteCount }
    let map = OrderedDictionary(uniqueKeysWithValues: places.sorted { $0.key < $1.key })
    let index: JSONValue = [
      "metadata": ["total_size": .integer(total)], "weight_map": .object(map),
    ]
    try write("\(HuggingFaceFormat.weights).index.json") {
      try $0.write(index.text(indented: true) + "\n")
    }
    return written
  }

  /// Which tensors lie in which file: in order, each file as full as it may be.
  private func shards(of limit: Int) -> [Range<Int>] {
    var shards: [Range<Int>] = []
    var (start, size) = (0, 0)
    for (index, tensor) in checkpoint.normalised.enumerated() {
      let count = tensor.entry.byteCount
      if index > start, size + count > limit {
        shards.append(start..<index)
        (start, size) = (index, 0)
      }
      size += count
    }
    return shards + [start..<checkpoint.normalised.count]
  }

  private func digits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
