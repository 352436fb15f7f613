import CDeflate
import CNettle

/// SHA-256 of a run of bytes that may come in pieces.
///
/// - Source: FIPS 180-4; computed by nettle.
public struct SHA256 {
  private var context = sha256_ctx()

  public init() { unsafe nettle_sha256_init(&context) }

  public mutating func update(_ bytes: Bytes) {
    bytes.forEachPagedPart { part in
      unsafe part.withUnsafeBytes {
        unsafe nettle_sha256_update(&context, $0.count, $0.bindMemory(to: UInt8.self).baseAddress)
      }
    }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  public mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe nettle_sha256_digest(&context, digest.count, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  public static func hex(of bytes: Bytes) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}

/// CRC-32 as ZIP uses it (ISO-HDLC); computed by libdeflate.
public func crc32(_ bytes: Bytes, continuing crc: UInt32 = 0) -> UInt32 {
  var crc = crc
  bytes.forEachPagedPart { part in
    crc = unsafe part.withUnsafeBytes { unsafe libdeflate_crc32(crc, $0.baseAddress, $0.count) }
  }
  return crc
}

/// CRC-32C (Castagnoli), as iSCSI and record files use it.
///
/// - Source: RFC 3720, appendix B.4.
public func crc32c(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { crc, byte in
    (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1
    }
  }
}
