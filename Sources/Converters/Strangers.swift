import BinaryIO
import Formats

/// Files that people open by mistake, or that we cannot read: each is named for what it is.
enum Strangers {
  /// - Returns: `.unsupported` for models of other formats, `.unknownFormat` for what is no model.
  static func error(_ probe: FileProbe) -> DataError {
    if probe.isDirectory { return directory(probe.entries) }
    if probe.isZip { return archive(probe.entries) }
    let head = probe.bytes[0..<min(probe.bytes.count, 512)].array
    for kind in kinds where kind.matches(head) { return kind.error }
    if isText(head) { return text(head) }
    return DataError(
      .unknownFormat, "is of no known format (it begins with \(hexadecimal(head.prefix(8))))")
  }

  private struct Kind {
    let offset: Int
    let magic: [UInt8]
    let what: String
    let isModel: Bool

    init(_ what: String, _ magic: [UInt8], at offset: Int = 0, isModel: Bool = false) {
      self.what = what
      self.magic = magic
      self.offset = offset
      self.isModel = isModel
    }

    func matches(_ head: [UInt8]) -> Bool {
      head.count >= offset + magic.count && head[offset...].starts(with: magic)
    }

    var error: DataError {
      isModel
        ? DataError(.unsupported, "is \(what), which is not read yet")
        : DataError(.unknownFormat, "is \(what), not a model")
    }
  }

  private static let kinds: [Kind] = [
    Kind("a GGML file of an old kind", Array("lmgg".utf8), isModel: true),
    Kind("a TensorFlow Lite model", Array("TFL3".utf8), at: 4, isModel: true),
    Kind("an HDF5 file without Keras weights", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A]),
    Kind("a Flax msgpack checkpoint", [0x81, 0xA6] + Array("params".utf8), isModel: true),
    Kind("a Flax msgpack checkpoint", [0x82, 0xA6] + Array("params".utf8), isModel: true),
    Kind("a Core ML package's model", Array("bplist".utf8), isModel: true),
    Kind("a PNG picture", [0x89, 0x50, 0x4E, 0x47]),
    Kind("a JPEG picture", [0xFF, 0xD8, 0xFF]),
    Kind("a GIF picture", Array("GIF8".utf8)),
    Kind("a PDF document", Array("%PDF".utf8)),
    Kind("an executable", [0x7F, 0x45, 0x4C, 0x46]),
    Kind("a RAR archive", Array("Rar!".utf8)),
    Kind("a gzip archive (unpack it first)", [0x1F, 0x8B]),
    Kind("a bzip2 archive (unpack it first)", Array("BZh".utf8)),
    Kind("an xz archive (unpack it first)", [0xFD, 0x37, 0x7A, 0x58, 0x5A]),
    Kind("a Zstandard archive (unpack it first)", [0x28, 0xB5, 0x2F, 0xFD]),
    Kind("a 7-Zip archive (unpack it first)", [0x37, 0x7A, 0xBC, 0xAF]),
    Kind(
      "a tar archive (unpack it first; PyTorch before 0.1.10 wrote such files, which are not read)",
      Array("ustar".utf8), at: 257),
  ]

  private static func text(_ head: [UInt8]) -> DataError {
    let text = String(decoding: head, as: UTF8.self)
    let start = text.drop { $0.isWhitespace }.lowercased()
    if start.hasPrefix("version https://git-lfs") {
      return DataError(
        .unknownFormat, "is a Git LFS pointer, not the model itself", remedy: "run 'git lfs pull'")
    }
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
      return DataError(
        .unknownFormat, "is an HTML page, not a model",
        remedy: "was the download answered by a web page?")
    }
    if start.hasPrefix("<?xml") || start.hasPrefix("<net") {
      return DataError(.unsupported, "is an XML file (OpenVINO's graphs are not read)")
    }
    if start.hasPrefix("{") || start.hasPrefix("[") {
      return DataError(
        .unknownFormat, "is JSON text, not a model",
        remedy: "give the directory or the weights beside it")
    }
    return DataError(.unknownFormat, "is text, not a model")
  }

  private static func isText(_ head: [UInt8]) -> Bool {
    !head.isEmpty
      && head.allSatisfy { $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0D].contains($0) }
  }

  private static func archive(_ entries: [String]) -> DataError {
    func has(_ name: String) -> Bool { entries.contains { $0 == name || $0.hasSuffix("/\(name)") } }
    if has("archive_format") || has("serialized_exported_program.json") {
      return DataError(
        .unsupported, "is a torch.export program, which is not read yet",
        remedy: "save the state_dict with torch.save")
    }
    if has("MAR-INF/MANIFEST.json") {
      return DataError(.unsupported, "is a TorchServe archive", remedy: "unpack it first")
    }
    if has("saved_model.pb") {
      return DataError(
        .unsupported, "is a packed TensorFlow SavedModel, which is not read yet")
    }
    let models = [".pth", ".pt", ".safetensors", ".h5", ".keras", ".onnx", ".npz", ".bin"]
    if let inner = entries.first(where: { name in models.contains { name.hasSuffix($0) } }) {
      return DataError(
        .unknownFormat, "is a ZIP archive with '\(inner)' inside", remedy: "unpack it first")
    }
    return DataError(.unknownFormat, "is a ZIP archive without a model")
  }

  private static func directory(_ entries: [String]) -> DataError {
    if entries.contains("saved_model.pb") {
      return DataError(.unsupported, "is a TensorFlow SavedModel, which is not read yet")
    }
    if entries.contains("_CHECKPOINT_METADATA") || entries.contains("manifest.ocdbt") {
      return DataError(.unsupported, "is an Orbax checkpoint, which is not read yet")
    }
    if entries.contains(".metadata"), entries.contains(where: { $0.hasSuffix(".distcp") }) {
      return DataError(.unsupported, "is a distributed PyTorch checkpoint, which is not read yet")
    }
    return DataError(
      .unknownFormat, "is a directory without a model", expected: "config.json beside weights")
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}
