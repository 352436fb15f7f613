import Archives
import BinaryIO
import Formats
import PyTorchConverter
import TestSupport
import Tensors
import Testing

/// Pickles put together opcode by opcode.
enum Pickle {
  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }
  static func text(_ value: String) -> [UInt8] { text(Array(value.utf8)) }
  static func text(_ bytes: [UInt8]) -> [UInt8] { [0x58] + little(UInt32(bytes.count)) + bytes }
  static func integer(_ value: Int) -> [UInt8] {
    [0x8A, 8] + little(UInt64(bitPattern: Int64(value)))
  }
  static func tuple(_ items: [UInt8]...) -> [UInt8] { [0x28] + items.flatMap { $0 } + [0x74] }
  static func integers(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(integer) + [0x74] }
  static func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    Array([[UInt8]](repeating: bytes, count: count).joined())
  }

  static func tensor(
    size: [Int] = [3, 4], strides: [Int] = [4, 1], offset: Int = 0, count: [UInt8] = integer(12),
    key: String = "0", storage: String = "FloatStorage"
  ) -> [UInt8] {
    let reference =
      tuple(text("storage"), global("torch", storage), text(key), text("cpu"), count) + [0x51]
    return global("torch._utils", "_rebuild_tensor_v2")
      + tuple(
        reference, integer(offset), integers(size), integers(strides), [0x89],
        global("collections", "OrderedDict") + [0x29, 0x52]) + [0x52]
  }

  static func dictionary(_ entries: [([UInt8], [UInt8])]) -> [UInt8] {
    [0x7D, 0x28] + entries.flatMap { $0.0 + $0.1 } + [0x75]
  }
  static func list(_ items: [[UInt8]]) -> [UInt8] { [0x5D, 0x28] + items.flatMap { $0 } + [0x65] }

  static func state(_ entries: ([UInt8], [UInt8])...) -> [UInt8] {
    [0x80, 2, 0x7D, 0x28] + entries.flatMap { $0.0 + $0.1 } + [0x75, 0x2E]
  }

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * T($0))) }
  }
}

/// Reads a root pickle as an archive with one storage of twelve floats.
func read(_ root: [UInt8], in scratch: ScratchDirectory = ScratchDirectory()) throws -> Checkpoint {
  let output = try AtomicFileWriter(path: scratch.file("a.pth"))
  let archive = ZipWriter(output)
  try archive.add("archive/data.pkl", root)
  try archive.add("archive/data/0", [UInt8](repeating: 0, count: 48))
  try archive.finish()
  try output.commit(isLasting: false)
  return try PyTorchFormat().read(scratch.file("a.pth"))
}

private func code(_ root: [UInt8]) -> DataError.Code? {
  do { _ = try read(root) } catch { return (error as? DataError)?.code }
  return nil
}

@Suite struct CraftedPickles {
  private let good = Pickle.tensor()

  @Test func theGoodOneOpens() throws {
    let checkpoint = try read(Pickle.state((Pickle.text("w"), good)))
    #expect(checkpoint.tensors.map(\.shape) == [[3, 4]])
    #expect(checkpoint.security.isEmpty)
  }

  static let tensors: [(String, [UInt8], DataError.Code)] = [
    ("2^63 elements", Pickle.tensor(count: [0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0]), .malformed),
    (
      "more than the record",
      Pickle.tensor(size: [1 << 20], strides: [1], count: Pickle.integer(1 << 20)), .truncated
    ),
    (
      "a size that overflows",
      Pickle.tensor(size: [1 << 31, 1 << 31, 1 << 31], strides: [1 << 62, 1 << 31, 1]),
      .limitExceeded
    ),
    ("a negative size", Pickle.tensor(size: [-3, 4]), .malformed),
    ("strides past the end", Pickle.tensor(strides: [400, 1]), .truncated),
    ("strides that overflow", Pickle.tensor(strides: [.max, .max]), .malformed),
    ("a negative stride", Pickle.tensor(strides: [-4, 1]), .malformed),
    ("an offset past the end", Pickle.tensor(offset: 11), .truncated),
    ("a negative offset", Pickle.tensor(offset: -4), .malformed),
    ("fewer strides than axes", Pickle.tensor(strides: [4]), .malformed),
    (
      "a hundred thousand axes",
      Pickle.tensor(size: [Int](repeating: 1, count: 100_000), strides: [1]), .limitExceeded
    ),
    ("a record that is missing", Pickle.tensor(key: "7"), .malformed),
    ("a record up the tree", Pickle.tensor(key: "../../../etc/passwd"), .malformed),
    ("an unknown storage", Pickle.tensor(storage: "PwnedStorage"), .malformed),
    ("more than the storage is said to have", Pickle.tensor(count: Pickle.integer(6)), .truncated),
  ]

  @Test(arguments: tensors.indices) func refusesTensor(_ index: Int) {
    let (name, tensor, expected) = CraftedPickles.tensors[index]
    #expect(code(Pickle.state((Pickle.text("w"), tensor))) == expected, "\(name)")
  }

  static let roots: [(String, [UInt8], DataError.Code)] = [
    (
      "nested tuples",
      [0x80, 2] + Pickle.repeated([0x28], 1_000_000) + Pickle.repeated([0x74], 1_000_000) + [0x2E],
      .limitExceeded
    ),
    (
      "nested lists",
      [0x80, 2] + Pickle.repeated([0x5D], 200_000) + Pickle.repeated([0x61], 199_999) + [0x2E],
      .malformed
    ),
    ("an empty stack", [0x80, 2, 0x74, 0x52, 0x75, 0x2E], .malformed),
    ("no stop", [0x80, 2, 0x7D], .truncated),
    ("a text of 4 GB", [0x80, 2, 0x58, 255, 255, 255, 255, 0x61], .truncated),
    ("an empty memo", [0x80, 2, 0x68, 5, 0x2E], .malformed),
    ("no tensors", [0x80, 2, 0x4E, 0x2E], .malformed),
    ("an unknown opcode", [0x80, 2, 0xFF, 0x2E], .malformed),
    ("protocol 9", [0x80, 9, 0x4E, 0x2E], .malformed),
  ]

  @Test(arguments: roots.indices) func refusesRoot(_ index: Int) {
    let (name, root, expected) = CraftedPickles.roots[index]
    #expect(code(root) == expected, "\(name)")
  }

  @Test func refusesNamesThatAreNotUTF8OrOccurTwice() {
    #expect(code(Pickle.state((Pickle.text([0x77, 0xFF, 0xFE]), good))) == .malformed)
    #expect(code(Pickle.state((Pickle.text("w"), good), (Pickle.text("w"), good))) == .malformed)
  }

  /// Each level holds the one below twice: 2^60 ways to the bottom.
  @Test(arguments: [false, true]) func sharedStructureIsNotWalkedTwice(_ holdsTensor: Bool) {
    let bottom = holdsTensor ? Pickle.tensor() : [0x7D]
    let levels = (0..<60).flatMap {
      [0x68, UInt8($0), 0x68, UInt8($0), 0x86, 0x71, UInt8($0 + 1)] as [UInt8]
    }
    #expect(
      code([0x80, 2] + bottom + [0x71, 0] + levels + [0x2E])
        == (holdsTensor ? .limitExceeded : .malformed))
  }

  @Test func aValueThatHoldsItselfIsNotFollowedForEver() {
    // x = [tensor]; x.append(x)
    let root: [UInt8] = [0x80, 2, 0x5D, 0x71, 0] + good + [0x61, 0x68, 0, 0x61, 0x2E]
    #expect(code(root) == .limitExceeded)
  }

  static let attacks: [(String, [UInt8])] = {
    let argument = Pickle.text("touch pwned")
    let system = Pickle.global("os", "system")
    return [
      ("os.system", system + Pickle.tuple(argument) + [0x52]),
      (
        "os.system",
        [0x80, 4] + Pickle.text("os") + Pickle.text("system") + [0x93] + Pickle.tuple(argument) + [
          0x52
        ]
      ),
      ("os.system", [0x28] + argument + Array("ios\nsystem\n".utf8)),
      ("os.system", [0x28] + system + argument + [0x6F]),
      ("subprocess.Popen", Pickle.global("subprocess", "Popen") + Pickle.tuple(argument) + [0x81]),
      ("builtins.eval", Pickle.global("builtins", "eval") + Pickle.tuple(argument) + [0x52]),
      (
        "torch.serialization.os.system",
        [0x80, 4] + Pickle.text("torch") + Pickle.text("serialization.os.system") + [0x93]
          + Pickle.tuple(argument) + [0x52]
      ),
      ("os.system", Pickle.global("torch._utils", "_rebuild_tensor_v2") + system + [0x85, 0x62]),
      (
        "torch.serialization.load",
        Pickle.global("torch.serialization", "load") + Pickle.tuple(argument) + [0x52]
      ),
      ("copyreg.extension.7", [0x82, 7] + Pickle.tuple(argument) + [0x52]),
    ]
  }()

  @Test(arguments: attacks.indices) func namesWhatAnotherLoaderWouldRun(_ index: Int) throws {
    let (name, attack) = CraftedPickles.attacks[index]
    let alone = try read([0x80, 2] + attack + [0x2E])
    #expect(alone.tensors.isEmpty)
    #expect(alone.security.map(\.name) == [name])
    #expect(PyTorchFormat().obstacle(to: alone)?.code == .malformed)
    let inside = try read(Pickle.state((Pickle.text("x"), attack), (Pickle.text("w"), good)))
    #expect(inside.tensors.map(\.name) == ["w"])
    #expect(inside.security.map(\.name) == [name])
  }
}

@Suite struct BrokenFiles {
  @Test func goldensAreThere() throws {
    #expect(try GoldenFile.all(in: "pytorch").count > 20)
  }

  /// Whatever is wrong with a file, reading it ends in tensors or in an error that names the file.
  @Test func mutationsOfEachGoldenCrashNothing() throws {
    let scratch = ScratchDirectory()
    var dice = Dice(seed: 3)
    let names = System.names(in: Fixtures.path("pytorch")).filter { !$0.hasSuffix(".json") }
    for name in names {
      let bytes = try Fixtures.bytes("pytorch/\(name)").array
      for _ in 0..<60 {
        let path = try scratch.write("a.pth", dice.mutation(of: bytes))
        do {
          let checkpoint = try PyTorchFormat().read(path)
          for entry in checkpoint.tensors + checkpoint.auxiliary {
            _ = try entry.load().contiguousBytes
          }
        } catch let error as DataError {
          #expect(error.path == path, "\(error)")
        }
      }
    }
  }
}
