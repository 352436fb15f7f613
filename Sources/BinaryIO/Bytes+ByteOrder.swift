extension Bytes {
  /// A copy in which every `width` bytes stand in reverse order; a rest that fills no group stays as it is.
  public func byteSwapped(width: Int) -> Bytes {
    precondition(width > 0, "groups of \(width) bytes")
    return unsafe Bytes(byteCount: count) { target in
      unsafe withUnsafeBytes { source in
        unsafe target.copyMemory(from: source)
        for start in stride(from: 0, to: count - count % width, by: width) {
          unsafe target[start..<(start + width)].reverse()
        }
      }
    }
  }
}
