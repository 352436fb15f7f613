import Archives
import BinaryIO
import Formats
import JSON
import OrderedCollections
import Tensors

/// What `torch.save` writes: the ZIP archive, the legacy stream, and pickles alone.
public struct PyTorchFormat: ModelFormat {
  public let identifier = "pytorch"
  public let title = "PyTorch checkpoint"
  public let extensions = ["pth", "pt", "bin", "ckpt", "sav", "pkl"]

  public let holdsOptimizer = true

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool {
    if probe.isZip {
      return probe.entries.contains { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    }
    return PyTorchFormat.looksLikePickle(probe.bytes)
  }

  /// Protocols 2 to 5 say so; the two older ones are recognised by being read.
  private static func looksLikePickle(_ bytes: Bytes) -> Bool {
    guard bytes.count > 2 else { return false }
    if bytes[0] == 0x80 { return bytes[1] <= 5 && PickleOpcode(rawValue: bytes[2]) != nil }
    guard bytes.count <= 1 << 20, "(c}])lN".utf8.contains(bytes[0]) else { return false }
    var machine = PickleMachine(bytes)
    return (try? machine.run()) != nil && machine.position == bytes.count
  }

  public func read(_ path: String) throws -> Checkpoint {
    try namingFile(path) {
      let bytes = try MappedFile(path: path).bytes
      let file: PyTorchFile
      if bytes.starts(with: [0x50, 0x4B]) {
        file = try PyTorchFile(archive: try ZipArchive(bytes))
      } else if PyTorchFile.isLegacy(bytes) {
        file = try PyTorchFile(legacy: bytes)
      } else {
        file = try PyTorchFile(pickle: bytes)
      }
      return try checkpoint(file)
    }
  }

  private func checkpoint(_ file: PyTorchFile) throws -> Checkpoint {
    let builder = TensorBuilder(heap: file.heap, storages: file.storages)
    let reach = TensorReach(file.heap, from: file.root, isTensor: builder.isTensor)
    var security = PickleSecurity.findings(file.heap)
    if let code = file.code {
      // Its classes are the archive's own; what another loader would run is the code
      security.removeAll { PyTorchModule.isScripted($0.name) }
      security.append(SecurityFinding(kind: "torchscript-code", name: code))
    }
    let found = StateDictFinder(file.root, file.heap, reach, isTensor: builder.isTensor)
    var weights = StateDictWalker(builder, reach)
    if let parts = found.parts {
      for part in parts { try weights.add(part.value, prefix: part.name) }
    } else {
      try weights.add(found.weights)
    }
    guard !weights.entries.isEmpty || !security.isEmpty else {
      throw DataError(.malformed, "holds no tensors", expected: "a state dict")
    }
    var others = StateDictWalker(builder, reach)
    for entry in found.auxiliary { try others.add(entry.value, prefix: entry.name) }
    var checkpoint = Checkpoint(format: identifier, tensors: weights.entries)
    checkpoint.auxiliary = others.entries
    checkpoint.security = security
    checkpoint.notes = found.notes
    if file.code != nil {
      checkpoint.notes.append("a TorchScript archive: its weights are read, its code is not")
    }
    if weights.entries.isEmpty {
      checkpoint.notes.append("the file holds no tensors, only what another loader would run")
    }
    checkpoint.metadata = metadata(file, found)
    if let description = file.description { checkpoint.adoptDescription(description) }
    checkpoint.adoptOptimizer(of: file, found, builder, reach)
    return checkpoint
  }

  private func metadata(
    _ file: PyTorchFile, _ found: StateDictFinder
  ) -> OrderedDictionary<String, JSONValue> {
    var metadata: OrderedDictionary<String, JSONValue> = [:]
    var converter = PickleJSON(heap: file.heap)
    metadata["container"] = .string(file.container)
    if !found.path.isEmpty { metadata["wrapper"] = .string(found.path.joined(separator: ".")) }
    for entry in found.plain { metadata[entry.name] = converter.json(entry.value) }
    // Attributes of the state dict itself: the versions of its modules
    if let node = file.heap.node(found.weights), case .dictionary = node.kind,
      let state = node.state,
      let versions = file.heap.member(StateDictKeys.versions, of: state)
    {
      metadata[StateDictKeys.versions] = converter.json(versions)
    }
    return metadata
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    checkpoint.normalised.isEmpty
      ? DataError(.malformed, "holds no tensors to be converted") : obstacle(toBlocksOf: checkpoint)
  }

  public func remarks(on checkpoint: Checkpoint) -> [String] {
    guard let optimizer = checkpoint.optimizer else { return [] }
    var remarks: [String] = []
    if let layout = checkpoint.native as? PyTorchLayout, !layout.left.isEmpty {
      remarks.append(
        "left out, since they hold other tensors or objects: \(layout.left.joined(separator: ", "))"
      )
    }
    if optimizer.groups.contains(where: { $0.settings["uncorrected_eps"] != nil }) {
      remarks.append("PyTorch adds epsilon to a corrected root, Keras to the root as it is")
    }
    return remarks
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(to: checkpoint) { throw obstacle }
    let output = try AtomicFileWriter(path: path)
    let written = try StateDictWriter(checkpoint).write(to: output)
    try output.commit()
    return written
  }
}
