import Formats
import Archives
import BinaryIO

/// A pickle and the storages that it refers to, whatever container they came in.
struct PyTorchFile {
  var heap: PickleHeap
  var root: PickleValue
  var storages: StorageSource
  /// `zip`, `torchscript`, `legacy` or `pickle`.
  var container: String
  /// The first entry of a TorchScript archive that is code; it is not read.
  var code: String?
  /// Our own description of the model, if the file has one.
  var description: String?
}

extension PyTorchFile {
  /// What `torch.save` writes since 1.6: `*/data.pkl` and a record for each storage.
  init(archive: ZipArchive) throws {
    let suffix = "data.pkl"
    let pickles = archive.entries.filter {
      $0.name == suffix || $0.name.hasSuffix("/\(suffix)")
    }.sorted { $0.name.utf8.count < $1.name.utf8.count }
    guard let pickle = pickles.first else {
      throw DataError(
        .malformed, "a ZIP archive without 'data.pkl'", expected: "what torch.save writes")
    }
    let folder = String(pickle.name.dropLast(suffix.count))
    code = archive.entries.first { $0.name.hasPrefix("\(folder)code/") }?.name
    let isBigEndian = try archive["\(folder)byteorder"].map {
      try archive.bytes(of: $0, limit: 64).elementsEqual(Bytes("big".utf8))
    }
    let bytes = try archive.bytes(of: pickle)
    var machine = PickleMachine(bytes)
    root = try naming("entry '\(pickle.name)'") { try machine.run() }
    heap = machine.heap
    container = code == nil ? "zip" : "torchscript"
    description = try archive["\(folder)\(Checkpoint.descriptionName)"].map {
      try archive.bytes(of: $0, limit: Checkpoint.descriptionLimit).utf8()
    }
    storages = StorageSource(isBigEndian: isBigEndian ?? false) { key in
      try archive["\(folder)data/\(key)"].map { try archive.bytes(of: $0, limit: 1 << 33) }
    }
  }

  /// The magic number of the legacy stream, as a pickle of any protocol begins with it.
  static let legacyMagic: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]

  static func isLegacy(_ bytes: Bytes) -> Bool {
    bytes.count > 16 && bytes[0] == 0x80 && bytes[2..<14].elementsEqual(Bytes(legacyMagic))
  }

  /// What `torch.save` wrote from 0.1.10 to 1.5: pickles one after the other, then the storages.
  init(legacy bytes: Bytes) throws {
    var position = 0
    func next() throws -> (heap: PickleHeap, root: PickleValue) {
      var machine = PickleMachine(bytes, at: position)
      let root = try machine.run()
      position = machine.position
      return (machine.heap, root)
    }
    _ = try next()
    guard try next().root == .integer(1001) else {
      throw DataError(.unsupported, "a legacy stream of an unknown version", offset: position)
    }
    let system = try next()
    let isBigEndian = system.heap.member("little_endian", of: system.root) == .bool(false)
    (heap, root) = try next()
    let keys = try next()
    guard let list = keys.heap.sequence(keys.root) else {
      throw DataError(
        .malformed, "a legacy stream without the list of its storages", offset: position)
    }
    let records = try LegacyStorages(heap, list, keys.heap, bytes, at: position, isBigEndian)
    container = "legacy"
    storages = StorageSource(isBigEndian: isBigEndian) { records.bytes[$0] }
  }

  /// A pickle alone: it may name what another loader would run, but has no storages.
  init(pickle bytes: Bytes) throws {
    var machine = PickleMachine(bytes)
    root = try machine.run()
    heap = machine.heap
    container = "pickle"
    storages = StorageSource(isBigEndian: false) { _ in nil }
  }
}
