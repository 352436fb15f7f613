import BinaryIO
import CHDF5
import Synchronization

/// An HDF5 file in memory, open for reading.
///
/// - Source: the HDF5 file format specification, version 3.0; read by libhdf5 through a driver that gives it nothing but
///   these bytes.
final class HDF5File: Sendable {
  /// The bytes that the file is made of; datasets are mapped out of them.
  let bytes: Bytes
  let handle: HDF5Handle
  private let structure: Mutex<HDF5Structure>

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// - Throws: `.malformed` when it is no HDF5 file or a broken one, `.truncated` when its end is missing.
  init(_ bytes: Bytes) throws {
    guard bytes.starts(with: HDF5File.signature) else {
      throw DataError(.malformed, "no HDF5 signature", expected: "an HDF5 file")
    }
    try HDF5File.checkSuperblock(bytes)
    structure = Mutex(try HDF5Structure(checking: bytes))
    self.bytes = bytes
    handle = try HDF5Library.exclusively {
      let access = try HDF5Handle(
        H5Pcreate(mng_h5_file_access()), closedBy: { H5Pclose($0) }, orThrow: "no property list")
      let id = unsafe bytes.withUnsafeBytes { memory in
        var image = HDF5MemoryDriver.Image(
          base: UInt(bitPattern: memory.baseAddress), count: UInt(memory.count))
        unsafe H5Pset_driver(access.id, HDF5Library.memoryDriver, &image)
        return unsafe H5Fopen("memory", mng_h5_read_only(), access.id)
      }
      return try HDF5Handle(
        id, closedBy: { H5Fclose($0) }, orThrow: "the HDF5 file cannot be opened: broken superblock"
      )
    }
  }

  /// The group that holds everything.
  func root() throws -> HDF5Group { try HDF5Group(file: self, parent: handle, name: "/", path: "") }

  /// Checks an object before the library looks at it; nothing is checked twice.
  func check(objectAt address: UInt64) throws {
    try structure.withLock { try $0.check(object: address) }
  }

  /// The library believes the superblock; we do not.
  private static func checkSuperblock(_ bytes: Bytes) throws {
    let version: UInt8 = try bytes.load(at: 8)
    let sizes = version < 2 ? 13 : 9
    let end: Int
    switch version {
    case 0: end = 24 + 16
    case 1: end = 28 + 16
    case 2, 3: end = 12 + 16
    default:
      throw DataError(
        .unsupported, "superblock version \(version)",
        expected: "HDF5 with a superblock of version 0 to 3",
        offset: 8)
    }
    let offsetSize: UInt8 = try bytes.load(at: sizes)
    let lengthSize: UInt8 = try bytes.load(at: sizes + 1)
    guard offsetSize == 8, lengthSize == 8 else {
      throw DataError(
        .unsupported, "addresses of \(offsetSize) and lengths of \(lengthSize) bytes",
        expected: "8",
        offset: sizes)
    }
    let base: UInt64 = try bytes.load(at: end - 16)
    guard base == 0 else {
      throw DataError(.unsupported, "an HDF5 file that begins at byte \(base)", offset: end - 16)
    }
    // Version 0 and 1: base, free space, end of file, driver. Version 2 and 3: base, extension, end of file
    let endOfFile: UInt64 = try bytes.load(at: end)
    guard endOfFile <= UInt64(bytes.count) else {
      throw DataError(
        .truncated, "\(bytes.count) bytes of an HDF5 file that has \(endOfFile)", offset: end,
        remedy: "is the file cut short?")
    }
  }
}
