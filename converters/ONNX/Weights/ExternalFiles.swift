import BinaryIO
import Formats
import Tensors

/// Where a tensor lies in a file beside, as the model says.
struct ExternalData {
  var location = ""
  var offset = "0"
  var length: String?

  init(_ entries: [EntryMessage]) {
    for entry in entries {
      switch entry.key {
      case "location": location = entry.value
      case "offset": offset = entry.value
      case "length": length = entry.value
      default: break  // `checksum` and what others add
      }
    }
  }
}

/// The files beside a model that hold its tensors. Each is mapped once.
///
/// - Source: the standard's page on external data. Paths are relative to the model and stay below its folder; links are
///   refused, because a model from a stranger would reach any file by them.
final class ExternalFiles {
  private let directory: String
  private var files: [String: Result<Bytes, DataError>] = [:]
  /// Paths that lead out of the model's folder.
  private(set) var findings: [SecurityFinding] = []

  init(directory: String) { self.directory = directory }

  /// The tensor; when its file is not there or not allowed, asking for its elements throws.
  func entry(
    _ name: String, _ dataType: DataType, _ shape: Shape, _ place: ExternalData
  ) -> TensorEntry {
    do {
      return try TensorMessage.entry(name, dataType, shape, bytes(of: place, shape, dataType))
    } catch {
      return TensorEntry(name: name, dataType: dataType, shape: shape) { throw error }
    }
  }

  private func bytes(
    of place: ExternalData, _ shape: Shape, _ dataType: DataType
  ) throws -> Bytes {
    let file = try file(place.location).get()
    let wanted = shape.elementCount * dataType.byteCount
    guard let offset = Int(place.offset), let length = Int(place.length ?? String(wanted)),
      offset >= 0, length >= 0
    else {
      throw DataError(
        .malformed, "offset \(place.offset) and length \(place.length ?? "?") in a file beside")
    }
    return try naming("file '\(place.location)'") { try file.slice(at: offset, count: length) }
  }

  private func file(_ location: String) -> Result<Bytes, DataError> {
    if let known = files[location] { return known }
    let result: Result<Bytes, DataError>
    do {
      result = .success(try MappedFile(contained: location, in: directory).bytes)
    } catch var error as DataError {
      // What is named is the model, which a person gave; the file beside it is what is wrong with it
      error.path = nil
      error.found = "the file '\(location)' beside it: \(error.found)"
      result = .failure(error)
      if error.code != .notFound {
        findings.append(SecurityFinding(kind: "external-path", name: location))
      }
    } catch {
      result = .failure(DataError(.unreadable, "cannot be opened"))
    }
    files[location] = result
    return result
  }
}
