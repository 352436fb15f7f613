import BinaryIO
import CHDF5

/// The attributes of a group or a dataset: small values under names.
struct HDF5Attributes {
  let owner: HDF5Handle
  let subject: String

  /// Bytes that one attribute may have.
  private static let limit = 256 << 20

  func contains(_ name: String) -> Bool {
    HDF5Library.exclusively { unsafe H5Aexists(owner.id, name) > 0 }
  }

  /// The text of that name, of fixed or variable length; nil when there is none.
  /// - Throws: `.malformed` when it is no text or not UTF-8.
  func text(_ name: String) throws -> String? {
    guard let texts = try texts(name) else { return nil }
    guard texts.count == 1 else {
      throw DataError(.malformed, "the attribute '\(name)' is no text", subject: subject)
    }
    return texts[0]
  }

  /// The texts of that name; nil when there are none. A list of nothing may have any type.
  func texts(_ name: String) throws -> [String]? {
    guard contains(name) else { return nil }
    return try naming(subject) { try HDF5Library.exclusively { try read(name) } }
  }

  /// The texts of an attribute that is written in pieces when it is too long for one: `name`, or `name0`, `name1` …
  func chunkedTexts(_ name: String) throws -> [String]? {
    if let whole = try texts(name) { return whole }
    guard var all = try texts("\(name)0") else { return nil }
    var index = 1
    while let more = try texts("\(name)\(index)") {
      all += more
      index += 1
    }
    return all
  }

  private func read(_ name: String) throws -> [String] {
    let broken = "the attribute '\(name)' cannot be read"
    let attribute = try HDF5Handle(
      unsafe H5Aopen(owner.id, name, mng_h5_default()), closedBy: { H5Aclose($0) }, orThrow: broken)
    let space = try HDF5Handle(
      H5Aget_space(attribute.id), closedBy: { H5Sclose($0) }, orThrow: broken)
    let type = try HDF5Handle(
      H5Aget_type(attribute.id), closedBy: { H5Tclose($0) }, orThrow: broken)
    let count = H5Sget_simple_extent_npoints(space.id)
    guard count >= 0, count <= 10_000_000 else {
      throw DataError(.limitExceeded, "the attribute '\(name)' has \(count) elements")
    }
    if count == 0 { return [] }
    guard H5Tget_class(type.id) == H5T_STRING else {
      throw DataError(.malformed, "the attribute '\(name)' is no text")
    }
    return H5Tis_variable_str(type.id) > 0
      ? try variableTexts(attribute, type, space, Int(count), name)
      : try fixedTexts(attribute, type, Int(count), name)
  }

  private func fixedTexts(
    _ attribute: HDF5Handle, _ type: HDF5Handle, _ count: Int, _ name: String
  ) throws -> [String] {
    let size = H5Tget_size(type.id)
    let (total, overflow) = size.multipliedReportingOverflow(by: count)
    guard size > 0, !overflow, total <= HDF5Attributes.limit else {
      throw DataError(.limitExceeded, "the attribute '\(name)' has texts of \(size) bytes")
    }
    let bytes = try unsafe Bytes(byteCount: total) { target in
      guard unsafe H5Aread(attribute.id, type.id, target.baseAddress) >= 0 else {
        throw DataError(.malformed, "the attribute '\(name)' cannot be read")
      }
    }
    return try (0..<count).map { i in
      var end = 0
      while end < size, bytes[i * size + end] != 0 { end += 1 }
      return try naming("the attribute '\(name)'") {
        try bytes[(i * size)..<(i * size + end)].utf8()
      }
    }
  }

  private func variableTexts(
    _ attribute: HDF5Handle, _ type: HDF5Handle, _ space: HDF5Handle, _ count: Int, _ name: String
  ) throws -> [String] {
    var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    defer { unsafe _ = H5Dvlen_reclaim(type.id, space.id, mng_h5_default(), &pointers) }
    guard unsafe H5Aread(attribute.id, type.id, &pointers) >= 0 else {
      throw DataError(.malformed, "the attribute '\(name)' cannot be read")
    }
    return try unsafe pointers.map { pointer in
      guard let pointer = unsafe pointer else { return "" }
      guard let text = unsafe String(validatingCString: pointer) else {
        throw DataError(.malformed, "text that is not UTF-8", subject: "the attribute '\(name)'")
      }
      return text
    }
  }
}
