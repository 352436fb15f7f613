import BinaryIO
import Tensors
import Formats

/// A model that lies in one file, or in several that are numbered: `model-00001-of-00003.gguf`.
struct GGUFParts {
  /// The metadata of the whole: those of the first part.
  var metadata: GGUFMetadata
  private(set) var tensors: [TensorEntry] = []

  /// The most parts that are opened.
  private static let maximumCount = 10_000
  /// Keys that say how a model was split, and nothing of the model.
  static let keys = ["split.no", "split.count", "split.tensors.count"]

  /// Reads the file and, where it is one of several, all the others.
  init(_ path: String) throws {
    let file = try namingFile(path) { try GGUFFile(try MappedFile(path: path).bytes) }
    metadata = file.metadata
    guard let count = file.metadata["split.count"]?.integer, count > 1 else {
      tensors = try namingFile(path) { try GGUFParts.entries(file) }
      return
    }
    guard count <= GGUFParts.maximumCount else {
      throw DataError(.limitExceeded, "is one of \(count) parts", path: path)
    }
    guard let stem = GGUFParts.stem(path, count: count) else {
      throw DataError(
        .malformed, "is one of \(count) parts, but its name does not say which",
        expected: "a name such as 'model-00001-of-\(GGUFParts.digits(count)).gguf'", path: path)
    }
    let paths = (1...count).map {
      "\(stem)-\(GGUFParts.digits($0))-of-\(GGUFParts.digits(count)).gguf"
    }
    let missing = paths.filter { System.isDirectory($0) != false }
    if let first = missing.first {
      throw DataError(
        .notFound,
        "\(missing.count) of \(count) parts are missing, "
          + "'\(System.lastComponent(first))' the first",
        path: path, remedy: "fetch all parts of the model")
    }
    var names: Set<String> = []
    for (index, path) in paths.enumerated() {
      try namingFile(path) {
        let part = try GGUFFile(try MappedFile(path: path).bytes)
        guard part.metadata["split.count"]?.integer == count,
          part.metadata["split.no"]?.integer == index
        else {
          throw DataError(.malformed, "is not part \(index + 1) of \(count), as its name says")
        }
        if index == 0 { metadata = part.metadata }
        for entry in try GGUFParts.entries(part) {
          guard names.insert(entry.name).inserted else {
            throw DataError(.malformed, "occurs in two parts", subject: "tensor '\(entry.name)'")
          }
          tensors.append(entry)
        }
      }
    }
    if let wanted = metadata["split.tensors.count"]?.integer, wanted != tensors.count {
      throw DataError(
        .malformed, "the parts hold \(tensors.count) tensors", expected: "\(wanted)", path: path)
    }
    for key in GGUFParts.keys { metadata[key] = nil }
  }

  /// What stands before the numbers in a part's name; nil when they are not there.
  private static func stem(_ path: String, count: Int) -> String? {
    let ending = "-of-\(digits(count)).gguf"
    guard path.hasSuffix(ending) else { return nil }
    let front = path.dropLast(ending.count)
    let number = front.suffix(5)
    guard number.count == 5, number.allSatisfy({ $0.isASCII && $0.isNumber }),
      front.dropLast(5).last == "-"
    else { return nil }
    return String(front.dropLast(6))
  }

  private static func digits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  /// The tensors, mapped where they lie.
  private static func entries(_ file: GGUFFile) throws -> [TensorEntry] {
    let unread = file.tensors.filter { $0.type.dataType == nil }
    if let first = unread.first {
      let names = Set(unread.map(\.type.name)).sorted().joined(separator: ", ")
      throw DataError(
        .unsupported, "holds blocks of \(names), which are not read (\(unread.count) tensors)",
        subject: "tensor '\(first.name)'")
    }
    return try file.tensors.compactMap { info in
      guard let dataType = info.type.dataType else { return nil }
      return try naming("tensor '\(info.name)'") {
        let bytes = file.bytes[info.range]
        // An odd alignment is allowed by the format, but numbers are viewed on their own boundaries only
        return TensorEntry(
          name: info.name,
          try Tensor(
            viewing: TensorStorage(bytes.isAligned(to: 8) ? bytes : bytes.copied()),
            dataType: dataType, shape: info.shape))
      }
    }
  }
}
