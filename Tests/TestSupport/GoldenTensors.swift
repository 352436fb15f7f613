import BinaryIO
import JSON
import OrderedCollections
import Tensors

/// What a framework found in a file of its own: `Tests/Fixtures/<area>/expected.json`.
public struct GoldenFile: Sendable {
  public struct Entry: Sendable {
    public let name: String
    public let dataType: String
    public let shape: [Int]
    public let sha256: String
  }

  public let name: String
  public let tensors: [Entry]
  /// Groups of names that are one tensor.
  public let ties: [[String]]
  /// The key under which the weights lie.
  public let wrapper: String?
  public let metadata: JSONValue?

  /// The files of an area, by name.
  public static func all(in area: String) throws -> [String: GoldenFile] {
    let json = try JSONValue(parsing: try Fixtures.bytes("\(area)/expected.json"))
    var files: [String: GoldenFile] = [:]
    for (name, file) in json.object ?? [:] {
      let tensors = (file["tensors"]?.object ?? [:]).map { name, tensor in
        Entry(
          name: name, dataType: tensor["dtype"]?.string ?? "",
          shape: tensor["shape"]?.integers ?? [],
          sha256: tensor["sha256"]?.string ?? "")
      }
      files[name] = GoldenFile(
        name: name, tensors: tensors,
        ties: file["ties"]?.array?.map { $0.array?.compactMap(\.string) ?? [] } ?? [],
        wrapper: file["wrapper"]?.string, metadata: file["metadata"])
    }
    return files
  }
}

extension Tensor {
  /// What differs from the framework's tensor, or nil.
  public func difference(from golden: GoldenFile.Entry) -> String? {
    if dataType.rawValue != golden.dataType { return "\(dataType), not \(golden.dataType)" }
    if shape.dimensions != golden.shape { return "\(shape), not \(golden.shape)" }
    return sha256 == golden.sha256 ? nil : "other bytes"
  }
}

/// A small generator of reproducible numbers, for tests that break files.
public struct Dice {
  private var state: UInt64

  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// A number below `bound` (xorshift64*).
  public mutating func roll(_ bound: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % max(bound, 1)
  }

  /// A copy that is cut short, or in which a few bits are flipped.
  public mutating func mutation(of bytes: [UInt8]) -> [UInt8] {
    if roll(4) == 0 { return Array(bytes.prefix(roll(bytes.count))) }
    var broken = bytes
    // Headers and directories are where mistakes hurt: half of the flips go there
    for _ in 0...roll(6) {
      let region = roll(2) == 0 ? bytes.count : min(bytes.count, 2048)
      let at = roll(3) == 0 ? bytes.count - 1 - roll(region) : roll(region)
      broken[at] ^= 1 << UInt8(roll(8))
    }
    return broken
  }
}
