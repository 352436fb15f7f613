import Glibc

extension Bytes {
  /// How much of a mapped file is asked for at a time, so that no more of it need be resident at once.
  static let pagingStep = 32 << 20

  /// Asks the system for the pages of a mapped region all at once, which costs a tenth of touching them one by one.
  ///
  /// Memory of our own is left as it is, and so is everything on systems that do not know the request.
  public func prefault() {
    unsafe withUnsafeBytes { region in
      guard let base = region.baseAddress, region.count >= 1 << 20 else { return }
      let page = sysconf(Int32(_SC_PAGESIZE))
      guard page > 0 else { return }
      let start = UInt(bitPattern: base) / UInt(page) * UInt(page)
      let count = UInt(bitPattern: base) - start + UInt(region.count)
      // MADV_POPULATE_READ, Linux 5.14; the C library's headers may be older
      unsafe _ = madvise(UnsafeMutableRawPointer(bitPattern: start), Int(count), 22)
    }
  }

  /// Tells the system that a part of a mapped file is not needed for now: its pages leave this process's memory, and
  /// come back from the file when they are touched.
  ///
  /// Memory of our own is left as it is.
  public func releasePages() {
    guard owner is Mapping else { return }
    unsafe withUnsafeBytes { region in
      guard let base = region.baseAddress else { return }
      let page = sysconf(Int32(_SC_PAGESIZE))
      guard page > 0 else { return }
      // Only whole pages: neighbours may be needed.
      let mask = UInt(page) - 1
      let start = (UInt(bitPattern: base) + mask) & ~mask
      let end = (UInt(bitPattern: base) + UInt(region.count)) & ~mask
      guard start < end else { return }
      unsafe _ = madvise(
        UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }
  }

  /// Runs `body` on the region's parts in turn, each with its pages there.
  func forEachPagedPart(_ body: (Bytes) throws -> Void) rethrows {
    var start = 0
    while start < count {
      let end = Swift.min(start + Bytes.pagingStep, count)
      let part = self[start..<end]
      part.prefault()
      try body(part)
      start = end
    }
  }
}
