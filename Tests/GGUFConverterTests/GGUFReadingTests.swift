import BinaryIO
import Formats
import GGUFConverter
import JSON
import OrderedCollections
import Tensors
import TestSupport
import Testing

private let goldens = (try? GoldenFile.all(in: "gguf")) ?? [:]

/// Files that are crafted value by value.
struct CraftedFile {
  var bytes = Array("GGUF".utf8)

  init(version: UInt32 = 3, tensors: UInt64 = 0, pairs: UInt64 = 0) {
    add(version)
    add(tensors)
    add(pairs)
  }

  mutating func add<T: FixedWidthInteger>(_ value: T) {
    bytes += (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * T($0))) }
  }

  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    bytes += Array(text.utf8)
  }

  mutating func add(pair key: String, _ value: UInt32) {
    add(key)
    add(UInt32(4))
    add(value)
  }

  /// A tensor's line.
  mutating func add(
    tensor name: String, _ extents: [UInt64] = [4], type: UInt32 = 0, at offset: UInt64 = 0
  ) {
    add(name)
    add(UInt32(extents.count))
    for extent in extents { add(extent) }
    add(type)
    add(offset)
  }

  mutating func pad(data: Int, to alignment: Int = 32) {
    while bytes.count % alignment != 0 { bytes.append(0) }
    bytes += (0..<data).map { UInt8(truncatingIfNeeded: $0) }
  }
}

@Suite struct GGUFReading {
  private static func error(_ bytes: [UInt8], _ name: String = "a.gguf") throws -> DataError? {
    let scratch = ScratchDirectory()
    let path = try scratch.write(name, bytes)
    do { _ = try GGUFFormat().read(path) } catch let error as DataError { return error }
    return nil
  }

  @Test(arguments: ["types.gguf", "blocks.gguf", "llama.gguf", "version2.gguf"])
  func findsWhatTheReferenceFinds(_ name: String) throws {
    let golden = try #require(goldens[name])
    let checkpoint = try GGUFFormat().read(Fixtures.path("gguf/\(name)"))
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(golden.tensors.map(\.name)))
    for tensor in golden.tensors {
      let ours = try #require(checkpoint.tensors.first { $0.name == tensor.name })
      #expect(try ours.load().difference(from: tensor) == nil, "\(tensor.name)")
    }
  }

  @Test func readsEveryTypeOfValue() throws {
    let checkpoint = try GGUFFormat().read(Fixtures.path("gguf/types.gguf"))
    let values: [String: JSONValue] = [
      "uint8": 200, "int8": -100, "uint16": 60_000, "int16": -30_000, "uint32": 4_000_000_000,
      "int32": -2_000_000_000, "int64": .integer(-(1 << 60)), "float32": 1e-05,
      "uint64": .number(Double(UInt64(1) << 63 + 5)), "float64": .number(1.0 / 3), "bool": true,
      "string": "größe 重み",
    ]
    for (name, value) in values { #expect(checkpoint.metadata["value.\(name)"] == value) }
    #expect(checkpoint.metadata["array.numbers"] == [0, 1, 2, 3, 4])
    #expect(checkpoint.metadata["array.texts"] == ["a", "", "ß"])
    #expect(checkpoint.metadata["array.nested"] == [[1, 2], [3], [-4, 5, 6]])
    #expect(checkpoint.metadata["array.long"]?["count"] == 1000)
    let long = try #require(checkpoint.gguf?["array.long"])
    #expect(try long.strings().last == "token 999")
    #expect(throws: DataError.self) { try long.integers() }
  }

  @Test(arguments: 1...3) func opensTheWholeByAnyPart(_ part: Int) throws {
    let name = "gguf/parts-0000\(part)-of-00003.gguf"
    let checkpoint = try GGUFFormat().read(Fixtures.path(name))
    #expect(checkpoint.tensors.map(\.name) == ["t0", "t1", "t2", "t3", "t4"])
    #expect(!checkpoint.metadata.keys.contains { $0.hasPrefix("split.") })
    for part in 1...3 {
      for tensor in try #require(goldens["parts-0000\(part)-of-00003.gguf"]).tensors {
        let ours = try #require(checkpoint.tensors.first { $0.name == tensor.name })
        #expect(try ours.load().difference(from: tensor) == nil, "\(tensor.name)")
      }
    }
  }

  @Test func namesTheFirstPartThatIsMissing() throws {
    let scratch = ScratchDirectory()
    let part = "parts-00002-of-00003.gguf"
    let path = try scratch.write(part, Fixtures.bytes("gguf/\(part)").array)
    let error = #expect(throws: DataError.self) { try GGUFFormat().read(path) }
    #expect(error?.code == .notFound)
    #expect(error?.found == "2 of 3 parts are missing, 'parts-00001-of-00003.gguf' the first")
    let other = try scratch.write("renamed.gguf", Fixtures.bytes("gguf/\(part)").array)
    #expect(throws: DataError.self) { try GGUFFormat().read(other) }
  }

  @Test func survivesMutations() throws {
    let scratch = ScratchDirectory()
    var dice = Dice(seed: 3)
    for name in goldens.keys.sorted() where !name.hasPrefix("parts") {
      let bytes = try Fixtures.bytes("gguf/\(name)").array
      for _ in 0..<300 {
        let path = try scratch.write("a", dice.mutation(of: bytes))
        do {
          let checkpoint = try GGUFFormat().read(path)
          for entry in checkpoint.tensors { _ = try entry.load().sha256 }
          for companion in checkpoint.companions.values { _ = try? companion.bytes() }
        } catch let error as DataError { #expect(error.path == path) }
      }
    }
  }

  @Test func readsAFileByHand() throws {
    var file = CraftedFile(version: 2, tensors: 2, pairs: 2)
    file.add(pair: "general.alignment", 64)
    file.add("nested")
    file.add(UInt32(9))
    file.add(UInt32(9))
    file.add(UInt64(2))
    for text in ["a", "ß"] {
      file.add(UInt32(8))
      file.add(UInt64(1))
      file.add(text)
    }
    file.add(tensor: "matrix", [3, 2], at: 64)
    file.add(tensor: "bytes", [5], type: 24)
    file.pad(data: 64 + 24, to: 64)
    let scratch = ScratchDirectory()
    let checkpoint = try GGUFFormat().read(try scratch.write("a.gguf", file.bytes))
    #expect(checkpoint.metadata["nested"] == [["a"], ["ß"]])
    #expect(checkpoint.metadata["general.alignment"] == 64)
    #expect(checkpoint.tensors.map(\.name) == ["matrix", "bytes"])
    #expect(checkpoint.tensors[0].shape == [2, 3])
    #expect(try checkpoint.tensors[1].load().values(as: Int8.self) == [0, 1, 2, 3, 4])
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    let name: String
    let code: DataError.Code
    let bytes: [UInt8]
    var testDescription: String { name }

    init(_ name: String, _ code: DataError.Code, _ file: CraftedFile) {
      self.name = name
      self.code = code
      bytes = file.bytes
    }

    init(
      _ name: String, _ code: DataError.Code, pairs: UInt64 = 1, _ fill: (inout CraftedFile) -> Void
    ) {
      var file = CraftedFile(pairs: pairs)
      fill(&file)
      self.init(name, code, file)
    }

    init(
      _ name: String, _ code: DataError.Code, tensors: UInt64, data: Int = 64,
      _ fill: (inout CraftedFile) -> Void
    ) {
      var file = CraftedFile(tensors: tensors)
      fill(&file)
      file.pad(data: data)
      self.init(name, code, file)
    }
  }

  static let broken: [Broken] = [
    Broken("version 1", .unsupported, CraftedFile(version: 1)),
    Broken("version 4", .unsupported, CraftedFile(version: 4)),
    Broken("big-endian", .unsupported, CraftedFile(version: UInt32(3).byteSwapped)),
    Broken("2^60 keys", .truncated, CraftedFile(pairs: 1 << 60)),
    Broken("2^60 tensors", .truncated, CraftedFile(tensors: 1 << 60)),
    Broken("2^64 - 1 tensors", .truncated, CraftedFile(tensors: .max)),
    Broken("key past the end", .truncated) { $0.add(UInt64(1) << 40) },
    Broken("key of 2^64 - 1 bytes", .truncated) {
      $0.add(UInt64.max); $0.add(UInt64(0))
    },
    Broken("key twice", .malformed, pairs: 2) {
      $0.add(pair: "a", 1)
      $0.add(pair: "a", 1)
    },
    Broken("unknown type", .malformed) {
      $0.add("a")
      $0.add(UInt32(13))
      $0.add(UInt64(0))
    },
    Broken("text past the end", .truncated) {
      $0.add("a")
      $0.add(UInt32(8))
      $0.add(UInt64(9))
    },
    Broken("array of 2^60 numbers", .truncated) {
      $0.add("a")
      $0.add(UInt32(9))
      $0.add(UInt32(4))
      $0.add(UInt64(1) << 60)
    },
    Broken("array of 2^60 arrays", .truncated) {
      $0.add("a")
      $0.add(UInt32(9))
      $0.add(UInt32(9))
      $0.add(UInt64(1) << 60)
    },
    Broken("arrays in arrays without end", .limitExceeded) {
      $0.add("a")
      $0.add(UInt32(9))
      for _ in 0..<10_000 {
        $0.add(UInt32(9))
        $0.add(UInt64(1))
      }
    },
    Broken("truth value 2", .malformed) {
      $0.add("a")
      $0.add(UInt32(7))
      $0.add(UInt8(2))
      $0.add(UInt64(0))
    },
    Broken("alignment 0", .malformed) { $0.add(pair: "general.alignment", 0) },
    Broken("alignment 3", .malformed) { $0.add(pair: "general.alignment", 3) },
    Broken("alignment 2^31", .malformed) { $0.add(pair: "general.alignment", 1 << 31) },
    Broken("rank 5", .malformed, tensors: 1) { $0.add(tensor: "a", [1, 1, 1, 1, 1]) },
    Broken("rank 2^32 - 1", .malformed, tensors: 1) {
      $0.add("a")
      $0.add(UInt32.max)
    },
    Broken("unknown elements", .malformed, tensors: 1) { $0.add(tensor: "a", type: 4) },
    Broken("elements that are not read", .unsupported, tensors: 1) {
      $0.add(tensor: "a", [256], type: 19)
    },
    Broken("half a block", .malformed, tensors: 1) { $0.add(tensor: "a", [31, 32], type: 8) },
    Broken("shape that overflows", .limitExceeded, tensors: 1) {
      $0.add(tensor: "a", [1 << 40, 1 << 40])
    },
    Broken("extent beyond integers", .limitExceeded, tensors: 1) { $0.add(tensor: "a", [.max]) },
    Broken("beyond the end", .truncated, tensors: 1) { $0.add(tensor: "a", [17]) },
    Broken("offset beyond the end", .truncated, tensors: 1) { $0.add(tensor: "a", at: 1 << 62) },
    Broken("offset beyond integers", .truncated, tensors: 1) {
      $0.add(tensor: "a", at: .max - 31)
    },
    Broken("offset between boundaries", .malformed, tensors: 1) { $0.add(tensor: "a", at: 4) },
    Broken("overlap", .malformed, tensors: 2) {
      $0.add(tensor: "a", [16])
      $0.add(tensor: "b", at: 32)
    },
    Broken("name twice", .malformed, tensors: 2) {
      $0.add(tensor: "a")
      $0.add(tensor: "a", at: 32)
    },
  ]

  @Test(arguments: broken) func refuses(_ broken: Broken) throws {
    let error = try #require(try Self.error(broken.bytes))
    #expect(error.code == broken.code)
    #expect(error.offset != nil || error.subject != nil || error.code == .unsupported)
  }
}
