import BinaryIO
import Glibc
import Tensors

/// How much memory a program may ask for.
enum MemoryLimit {
  /// Four times what the machine has, and 64 GiB at most.
  static let standard: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    let (physical, overflow) = pages.multipliedReportingOverflow(by: size)
    guard pages > 0, size > 0, !overflow, physical < 1 << 40 else { return 1 << 36 }
    return min(4 * physical, 1 << 36)
  }()

  /// - Throws: `.limitExceeded` when one value alone is larger than `bytes`.
  static func check(_ shape: Shape, _ dataType: DataType, bytes: Int) throws {
    guard dataType.byteCount(of: shape.elementCount) <= bytes else {
      throw DataError(
        .limitExceeded, "a value of shape \(shape) would take more than \(bytes) bytes",
        remedy: "give smaller inputs")
    }
  }
}
