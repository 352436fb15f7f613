import BinaryIO
import CHDF5

/// Lets libhdf5 read a file that is in memory already: a mapped file, or an entry of a mapped archive.
///
/// Nothing is copied but what the library asks for, and it is never given a byte outside the file.
enum HDF5MemoryDriver {
  /// What the library carries from the caller to `open`.
  struct Image {
    /// The address of the first byte.
    var base: UInt
    var count: UInt
  }

  /// Where the parts lie of what the library knows as an open file: its own fields, then ours.
  private static let imageOffset =
    unsafe (MemoryLayout<H5FD_t>.size + MemoryLayout<Image>.alignment - 1)
    / MemoryLayout<Image>.alignment * MemoryLayout<Image>.alignment
  private static let endOffset = imageOffset + MemoryLayout<Image>.stride
  private static let fileSize = endOffset + MemoryLayout<haddr_t>.stride

  private static func image(_ file: UnsafePointer<H5FD_t>) -> Image {
    unsafe (UnsafeRawPointer(file) + imageOffset).load(as: Image.self)
  }

  private static func end(_ file: UnsafePointer<H5FD_t>) -> haddr_t {
    unsafe (UnsafeRawPointer(file) + endOffset).load(as: haddr_t.self)
  }

  /// Makes the driver known to the library.
  static func register() -> hid_t {
    var driver = unsafe H5FD_class_t()
    unsafe driver.name = mng_h5_driver_name()
    unsafe driver.maxaddr = haddr_t(Int64.max)
    unsafe driver.fc_degree = H5F_CLOSE_STRONG
    unsafe driver.fapl_size = MemoryLayout<Image>.size
    unsafe driver.open = { _, _, access, _ in unsafe HDF5MemoryDriver.open(access) }
    unsafe driver.close = { file in
      unsafe UnsafeMutableRawPointer(file)?.deallocate()
      return 0
    }
    unsafe driver.query = { _, flags in
      unsafe flags?.pointee = UInt(H5FD_FEAT_DATA_SIEVE)
      return 0
    }
    unsafe driver.get_eoa = { file, _ in unsafe file.map { unsafe HDF5MemoryDriver.end($0) } ?? 0 }
    unsafe driver.set_eoa = { file, _, address in
      guard let file = unsafe file else { return -1 }
      unsafe (UnsafeMutableRawPointer(file) + HDF5MemoryDriver.endOffset)
        .storeBytes(of: address, as: haddr_t.self)
      return 0
    }
    unsafe driver.get_eof = { file, _ in
      unsafe file.map { unsafe HDF5MemoryDriver.image($0).count } ?? 0
    }
    unsafe driver.read = { file, _, _, address, size, buffer in
      guard let file = unsafe file, let buffer = unsafe buffer else { return -1 }
      let image = unsafe HDF5MemoryDriver.image(file)
      guard address <= image.count, UInt(size) <= image.count - address,
        let base = unsafe UnsafeRawPointer(bitPattern: image.base)
      else { return -1 }
      unsafe buffer.copyMemory(from: base + Int(address), byteCount: size)
      return 0
    }
    unsafe driver.write = { _, _, _, _, _, _ in -1 }
    return unsafe H5FDregister(&driver)
  }

  private static func open(_ access: hid_t) -> UnsafeMutablePointer<H5FD_t>? {
    guard let info = unsafe H5Pget_driver_info(access) else { return nil }
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: fileSize, alignment: MemoryLayout<Image>.alignment)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: fileSize)
    unsafe (memory + imageOffset).storeBytes(of: info.load(as: Image.self), as: Image.self)
    return unsafe memory.bindMemory(to: H5FD_t.self, capacity: 1)
  }
}
