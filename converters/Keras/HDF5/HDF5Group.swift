import BinaryIO
import CHDF5

/// A group: a directory inside an HDF5 file.
struct HDF5Group {
  let file: HDF5File
  let handle: HDF5Handle
  /// The path in the file without a leading slash; empty for the root.
  let path: String

  /// What a name in a group leads to.
  enum Child {
    case group(HDF5Group)
    case dataset(HDF5Dataset)
  }

  init(file: HDF5File, parent: HDF5Handle, name: String, path: String) throws {
    self.file = file
    self.path = path
    handle = try HDF5Library.exclusively {
      try HDF5Handle(
        unsafe H5Gopen2(parent.id, name, mng_h5_default()), closedBy: { H5Gclose($0) },
        orThrow: "the group '\(path)' cannot be opened")
    }
  }

  /// Where the group's header lies: groups with one address are one group.
  func address() throws -> UInt64 { try HDF5Group.information(handle, ".", path).address }

  /// The names in the group, sorted.
  /// - Throws: `.malformed` when one is not UTF-8, `.limitExceeded` when there are too many.
  func names() throws -> [String] {
    var found = Names()
    let status = HDF5Library.exclusively {
      unsafe withUnsafeMutablePointer(to: &found) { found in
        var index: hsize_t = 0
        return unsafe H5Literate(
          handle.id, H5_INDEX_NAME, H5_ITER_INC, &index,
          { _, name, _, context in
            guard let name = unsafe name, let context = unsafe context else { return -1 }
            return unsafe context.assumingMemoryBound(to: Names.self).pointee.add(name)
          }, found)
      }
    }
    if let error = found.error { throw error.about(subject) }
    guard status >= 0 else {
      throw DataError(.malformed, "its members cannot be listed", subject: subject)
    }
    return found.names
  }

  /// What `name` leads to, which must lie in this file.
  /// - Throws: `.malformed` for a link to nothing, `.unsupported` for a link that leaves the file.
  func child(_ name: String) throws -> Child {
    let inside = path.isEmpty ? name : "\(path)/\(name)"
    return try HDF5Library.exclusively {
      var link = H5L_info_t()
      guard unsafe H5Lget_info(handle.id, name, &link, mng_h5_default()) >= 0 else {
        throw DataError(.malformed, "nothing of the name '\(name)'", subject: subject)
      }
      switch link.type {
      case H5L_TYPE_HARD: try file.check(objectAt: unsafe UInt64(link.u.address))
      case H5L_TYPE_SOFT: break
      case H5L_TYPE_EXTERNAL:
        throw DataError(.unsupported, "a link into another file", subject: "'\(inside)'")
      default: throw DataError(.unsupported, "a link of an unknown kind", subject: "'\(inside)'")
      }
      let object = try HDF5Group.information(handle, name, inside)
      switch object.type {
      case H5O_TYPE_GROUP:
        return .group(try HDF5Group(file: file, parent: handle, name: name, path: inside))
      case H5O_TYPE_DATASET:
        return .dataset(try HDF5Dataset(file: file, parent: handle, name: name, path: inside))
      default:
        throw DataError(.unsupported, "neither a group nor a dataset", subject: "'\(inside)'")
      }
    }
  }

  /// Whether the group has a member of that name, without looking where it leads.
  func contains(_ name: String) -> Bool {
    HDF5Library.exclusively { unsafe H5Lexists(handle.id, name, mng_h5_default()) > 0 }
  }

  /// The group of that name.
  func group(_ name: String) throws -> HDF5Group {
    guard case .group(let group) = try child(name) else {
      throw DataError(.malformed, "'\(name)' is no group", subject: subject)
    }
    return group
  }

  /// The dataset at a path below this group, one name after the other.
  func dataset(at path: String) throws -> HDF5Dataset {
    var place = self
    let parts = path.split(separator: "/").map(String.init)
    for (i, part) in parts.enumerated() {
      switch try place.child(part) {
      case .group(let group) where i < parts.count - 1: place = group
      case .dataset(let dataset) where i == parts.count - 1: return dataset
      default: throw DataError(.malformed, "'\(path)' is no dataset", subject: subject)
      }
    }
    throw DataError(.malformed, "no dataset has the name '\(path)'", subject: subject)
  }

  /// Its attributes.
  var attributes: HDF5Attributes { HDF5Attributes(owner: handle, subject: subject) }

  private var subject: String { path.isEmpty ? "the root group" : "group '\(path)'" }

  private static func information(_ handle: HDF5Handle, _ name: String, _ path: String) throws
    -> (address: UInt64, type: H5O_type_t)
  {
    var object = H5O_info_t()
    let status = HDF5Library.exclusively {
      unsafe H5Oget_info_by_name2(handle.id, name, &object, H5O_INFO_BASIC, mng_h5_default())
    }
    guard status >= 0 else {
      throw DataError(.malformed, "leads to nothing that can be read", subject: "'\(path)'")
    }
    return (UInt64(object.addr), object.type)
  }
}

/// The names that the library tells one by one.
private struct Names {
  var names: [String] = []
  var error: DataError?

  mutating func add(_ name: UnsafePointer<CChar>) -> herr_t {
    guard let text = unsafe String(validatingCString: name) else {
      error = DataError(.malformed, "a name that is not UTF-8")
      return -1
    }
    guard !text.isEmpty, text != ".", text != "..", !text.contains("/") else {
      error = DataError(.malformed, "the name '\(text)'")
      return -1
    }
    guard names.count < 1_000_000 else {
      error = DataError(.limitExceeded, "more than a million members")
      return -1
    }
    names.append(text)
    return 0
  }
}
