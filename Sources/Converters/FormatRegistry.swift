import BinaryIO
import Formats
import GGUFConverter
import HuggingFaceConverter
import KerasConverter
import NumPyConverter
import ONNXConverter
import PyTorchConverter
import SafeTensorsConverter

/// Every format that Menagerie knows; a new one is a line here and a line in `Package.swift`.
public enum FormatRegistry {
  public static let all: [any ModelFormat] = [
    PyTorchFormat(),
    SafeTensorsFormat(),
    NPZFormat(),
    NPYFormat(),
    HuggingFaceFormat(),
    KerasHubPresetFormat(),
    KerasWeightsFormat(),
    KerasHDF5Format(),
    KerasArchiveFormat(),
    ONNXFormat(),
    GGUFFormat(),
  ]

  /// The format with this identifier.
  /// - Throws: `.unsupported` with the identifiers that there are.
  public static func format(named identifier: String) throws -> any ModelFormat {
    guard let format = all.first(where: { $0.identifier == identifier }) else {
      throw DataError(
        .unsupported, "no format is called '\(identifier)'",
        expected: all.map(\.identifier).joined(separator: ", "))
    }
    return format
  }

  /// The format that a file of this name is to have: by its extension, or a name ending in `/`.
  /// - Throws: `.unsupported` when the name says nothing.
  public static func format(forOutput path: String) throws -> any ModelFormat {
    let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let isDirectory = path.hasSuffix("/") || System.isDirectory(path) == true
    // A longer ending comes first in the list: .weights.h5 before .h5
    let format = all.first { format in
      format.extensions.contains {
        $0 == "/" ? isDirectory : !isDirectory && name.hasSuffix(".\($0)")
      }
    }
    guard let format else {
      var known: [String] = []
      for ending in all.flatMap({ $0.extensions.prefix(1) }) where !known.contains(ending) {
        known.append(ending)
      }
      throw DataError(
        .unsupported, "the name of '\(path)' says no format",
        expected: known.map { $0 == "/" ? "a name ending in '/'" : ".\($0)" }
          .joined(separator: ", "),
        remedy: "or say it with --to")
    }
    return format
  }

  /// The format of a file that is there, by its content.
  /// - Throws: `.unknownFormat` or `.unsupported`, saying what the file is where we can tell.
  public static func format(of path: String) throws -> any ModelFormat {
    try FormatDetector.format(of: path, among: all)
  }

  /// Reads a file of any known format.
  public static func read(_ path: String) throws -> Checkpoint {
    try format(of: path).read(path)
  }
}
