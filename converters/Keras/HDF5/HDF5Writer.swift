import BinaryIO
import CHDF5
import Formats
import Tensors

/// Writes an HDF5 file: groups, contiguous datasets and texts as attributes.
///
/// No times are stored, so that the same calls give the same bytes; datasets lie on boundaries that allow them to be mapped.
final class HDF5Writer {
  private let file: HDF5Handle
  private let path: String

  /// Bytes of an object's header that attributes may take.
  ///
  /// - Source: Keras's `HDF5_OBJECT_HEADER_LIMIT`, a little below HDF5's own 64 KiB.
  static let headerLimit = 64_512

  /// Replaces what is at `path`.
  init(path: String) throws {
    self.path = path
    file = try HDF5Library.exclusively {
      let access = try HDF5Handle(
        H5Pcreate(mng_h5_file_access()), closedBy: { H5Pclose($0) }, orThrow: "no property list")
      H5Pset_alignment(access.id, 256, 64)
      let id = unsafe H5Fcreate(path, mng_h5_truncate(), mng_h5_default(), access.id)
      guard id >= 0 else {
        throw DataError(.unwritable, "the HDF5 library cannot create it", path: path)
      }
      return try HDF5Handle(id, closedBy: { H5Fclose($0) }, orThrow: "no file")
    }
  }

  /// Writes everything out; the file may be used when the writer is gone.
  func finish() throws {
    try HDF5Library.exclusively {
      try check(H5Fflush(file.id, H5F_SCOPE_LOCAL), "the file cannot be written")
    }
  }

  /// Makes a group and the groups around it, where they are not there yet.
  func group(_ path: String) throws {
    try HDF5Library.exclusively {
      var place = ""
      for part in path.split(separator: "/") {
        place += "/\(part)"
        if unsafe H5Lexists(file.id, place, mng_h5_default()) > 0 { continue }
        let id = unsafe H5Gcreate2(
          file.id, place, mng_h5_default(), mng_h5_default(), mng_h5_default())
        _ = try HDF5Handle(
          id, closedBy: { H5Gclose($0) }, orThrow: "the group '\(place)' cannot be written")
      }
    }
  }

  /// Writes a tensor, and the groups around it.
  func dataset(_ path: String, _ entry: TensorEntry) throws {
    if let slash = path.lastIndex(of: "/") { try group(String(path[..<slash])) }
    try naming("dataset '\(path)'") {
      let bytes = try entry.load().contiguousBytes
      try HDF5Library.exclusively {
        let type = try HDF5ElementType.stored(entry.dataType)
        let space = try space(entry.shape)
        let creation = try HDF5Handle(
          H5Pcreate(mng_h5_dataset_create()), closedBy: { H5Pclose($0) },
          orThrow: "no property list")
        H5Pset_obj_track_times(creation.id, false)
        H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER)
        let id = unsafe H5Dcreate2(
          file.id, path, type.id, space.id, mng_h5_default(), creation.id, mng_h5_default())
        let dataset = try HDF5Handle(id, closedBy: { H5Dclose($0) }, orThrow: "cannot be written")
        if !bytes.isEmpty {
          let status = unsafe bytes.withUnsafeBytes {
            unsafe H5Dwrite(
              dataset.id, type.id, mng_h5_all(), mng_h5_all(), mng_h5_default(), $0.baseAddress)
          }
          try check(status, "cannot be written")
        }
        // What NumPy has no type for is opaque, and says in words what it is
        if H5Tget_class(type.id) == H5T_OPAQUE {
          try attribute("dtype", of: dataset, text: entry.dataType.rawValue)
        }
      }
    }
  }

  /// A text of any length as an attribute of a group.
  func attribute(_ name: String, of group: String, text: String) throws {
    try opened(group) { try attribute(name, of: $0, text: text) }
  }

  /// A list of texts as an attribute of a group, in pieces when it is too long for one.
  func attribute(_ name: String, of group: String, texts: [String]) throws {
    try opened(group) { group in
      let width = max(texts.map(\.utf8.count).max() ?? 1, 1)
      let most = max(HDF5Writer.headerLimit / width, 1)
      guard texts.count > most else { return try fixed(name, of: group, texts, width) }
      let pieces = (texts.count + most - 1) / most
      for i in 0..<pieces {
        let part = Array(texts[(texts.count * i / pieces)..<(texts.count * (i + 1) / pieces)])
        try fixed("\(name)\(i)", of: group, part, width)
      }
    }
  }

  private func attribute(_ name: String, of owner: HDF5Handle, text: String) throws {
    let type = try HDF5Handle(
      H5Tcopy(mng_h5_c_string()), closedBy: { H5Tclose($0) }, orThrow: "no datatype")
    H5Tset_size(type.id, mng_h5_variable())
    H5Tset_cset(type.id, H5T_CSET_UTF8)
    let space = try HDF5Handle(
      H5Screate(H5S_SCALAR), closedBy: { H5Sclose($0) }, orThrow: "no dataspace")
    try unsafe text.withCString { characters in
      var pointer: UnsafePointer<CChar>? = unsafe characters
      try unsafe write(name, owner, type, space, &pointer)
    }
  }

  private func fixed(_ name: String, of owner: HDF5Handle, _ texts: [String], _ width: Int) throws {
    let type = try HDF5Handle(
      H5Tcopy(mng_h5_c_string()), closedBy: { H5Tclose($0) }, orThrow: "no datatype")
    H5Tset_size(type.id, width)
    H5Tset_strpad(type.id, H5T_STR_NULLPAD)
    H5Tset_cset(type.id, H5T_CSET_UTF8)
    let space = try space([texts.count])
    var bytes = [UInt8](repeating: 0, count: max(texts.count * width, 1))
    for (i, text) in texts.enumerated() {
      bytes.replaceSubrange((i * width)..<(i * width + text.utf8.count), with: text.utf8)
    }
    try unsafe write(name, owner, type, space, &bytes)
  }

  private func write(
    _ name: String, _ owner: HDF5Handle, _ type: HDF5Handle, _ space: HDF5Handle,
    _ value: UnsafeRawPointer
  ) throws {
    let id = unsafe H5Acreate2(
      owner.id, name, type.id, space.id, mng_h5_default(), mng_h5_default())
    let attribute = try HDF5Handle(
      id, closedBy: { H5Aclose($0) }, orThrow: "the attribute '\(name)' cannot be written")
    try check(
      unsafe H5Awrite(attribute.id, type.id, value), "the attribute '\(name)' cannot be written")
  }

  private func space(_ shape: Shape) throws -> HDF5Handle {
    let extents = shape.dimensions.map { hsize_t($0) }
    let id =
      shape.isScalar
      ? H5Screate(H5S_SCALAR) : unsafe H5Screate_simple(Int32(shape.rank), extents, nil)
    return try HDF5Handle(id, closedBy: { H5Sclose($0) }, orThrow: "no dataspace")
  }

  private func opened(_ group: String, _ body: (HDF5Handle) throws -> Void) throws {
    try HDF5Library.exclusively {
      let name = group.isEmpty ? "/" : group
      try body(
        try HDF5Handle(
          unsafe H5Gopen2(file.id, name, mng_h5_default()), closedBy: { H5Gclose($0) },
          orThrow: "the group '\(group)' cannot be opened"))
    }
  }

  private func check(_ status: herr_t, _ found: String) throws {
    guard status >= 0 else { throw DataError(.unwritable, found, remedy: "is the disk full?") }
  }
}
