import BinaryIO
import JSON
import Formats
import OrderedCollections
import SafeTensorsConverter
import Tensors
import TestSupport
import Testing

private let goldens = (try? GoldenFile.all(in: "safetensors")) ?? [:]

private func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(header.utf8)
    + [UInt8](repeating: 0, count: data)
}

private func error(_ bytes: [UInt8]) throws -> DataError? {
  let scratch = ScratchDirectory()
  let path = try scratch.write("a.safetensors", bytes)
  do { _ = try SafeTensorsFormat().read(path) } catch let error as DataError { return error }
  return nil
}

@Suite struct SafeTensorsReading {
  @Test(arguments: ["state.safetensors", "names.safetensors", "nothing.safetensors"])
  func findsWhatTheReferenceFinds(_ name: String) throws {
    let golden = try #require(goldens[name])
    let checkpoint = try SafeTensorsFormat().read(Fixtures.path("safetensors/\(name)"))
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(golden.tensors.map(\.name)))
    for tensor in golden.tensors {
      let ours = try #require(checkpoint.tensors.first { $0.name == tensor.name })
      #expect(try ours.load().difference(from: tensor) == nil, "\(tensor.name)")
    }
    for (key, value) in golden.metadata?.object ?? [:] {
      #expect(checkpoint.metadata[key] == value)
    }
  }

  @Test func namesATypeThatIsNotRead() throws {
    let error = #expect(throws: DataError.self) {
      try SafeTensorsFormat().read(Fixtures.path("safetensors/dtypes.safetensors"))
    }
    #expect(error?.code == .unsupported)
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let code: DataError.Code
    var testDescription: String { name }

    init(
      _ name: String, _ header: String, data: Int = 64, length: UInt64? = nil,
      _ code: DataError.Code
    ) {
      self.name = name
      self.bytes = file(header, data: data, length: length)
      self.code = code
    }
  }

  private static func entry(_ name: String, _ type: String, _ shape: String, _ offsets: String)
    -> String
  {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static let broken: [Broken] = {
    let whole = entry("a", "F32", "[16]", "[0,64]")
    let half = entry("a", "F32", "[8]", "[0,32]")
    return [
      Broken("overlap", "{\(half),\(entry("b", "F32", "[12]", "[16,64]"))}", .malformed),
      Broken("gap", "{\(half),\(entry("b", "F32", "[4]", "[48,64]"))}", .malformed),
      Broken("rest", "{\(half)}", .malformed),
      Broken("beyond the end", "{\(entry("a", "F32", "[1000]", "[0,4000]"))}", .truncated),
      Broken("reversed", "{\(entry("a", "F32", "[16]", "[64,0]"))}", .malformed),
      Broken("negative", "{\(entry("a", "F32", "[16]", "[-64,0]"))}", .malformed),
      Broken("size", "{\(entry("a", "F32", "[5]", "[0,64]"))}", .malformed),
      Broken("fraction", "{\(entry("a", "F32", "[16.0]", "[0,64]"))}", .malformed),
      Broken(
        "shape overflows", "{\(entry("a", "F32", "[1099511627776,1099511627776]", "[0,64]"))}",
        .limitExceeded),
      Broken("shape negative", "{\(entry("a", "F32", "[-4,-4]", "[0,64]"))}", .malformed),
      Broken("unknown type", "{\(entry("a", "F33", "[16]", "[0,64]"))}", .malformed),
      Broken("type not read", "{\(entry("a", "F8_E8M0", "[64]", "[0,64]"))}", .unsupported),
      Broken("name twice", "{\(whole),\(whole)}", .malformed),
      Broken("no object", "[1]", .malformed),
      Broken("cut", "{\(whole)", .malformed),
      Broken("deep", #"{"a":\#(String(repeating: "[", count: 100_000))"#, .limitExceeded),
      Broken("length beyond the file", "{\(whole)}", length: 90_000_000, .truncated),
      Broken("length beyond the bound", "{\(whole)}", length: 100_000_001, .limitExceeded),
      Broken("length beyond integers", "{}", length: .max, .limitExceeded),
      Broken("metadata of numbers", #"{"__metadata__":{"a":1}}"#, data: 0, .malformed),
    ]
  }()

  @Test(arguments: broken) func refuses(_ broken: Broken) throws {
    #expect(try error(broken.bytes)?.code == broken.code)
  }

  @Test func refusesANameThatIsNotUTF8() throws {
    var bytes = file("{\(SafeTensorsReading.entry("AB", "F32", "[16]", "[0,64]"))}", data: 64)
    bytes[10] = 0xFF
    #expect(try error(bytes)?.code == .malformed)
  }

  @Test func survivesMutations() throws {
    let scratch = ScratchDirectory()
    var dice = Dice(seed: 1)
    for name in goldens.keys.sorted() {
      let bytes = try Fixtures.bytes("safetensors/\(name)").array
      for _ in 0..<500 {
        let path = try scratch.write("a", dice.mutation(of: bytes))
        do {
          for entry in try SafeTensorsFormat().read(path).tensors { _ = try entry.load().sha256 }
        } catch let error as DataError { #expect(error.path == path) }
      }
    }
  }
}

@Suite struct SafeTensorsWriting {
  @Test func returnsNamesOrderAndBits() throws {
    let scratch = ScratchDirectory()
    let before = try SafeTensorsFormat().read(Fixtures.path("safetensors/names.safetensors"))
    _ = try SafeTensorsFormat().write(before, to: scratch.file("a"))
    let after = try SafeTensorsFormat().read(scratch.file("a"))
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    #expect(after.metadata == before.metadata)
    for (old, new) in zip(before.tensors, after.tensors) {
      #expect(try old.load().isBitEqual(to: new.load()))
    }
  }

  @Test func restoresTiesWhoseBytesAgree() throws {
    let scratch = ScratchDirectory()
    let shared = Tensor([1, 2, 3] as [Float])
    let entries = [("a", shared), ("b", Tensor([1, 2, 3] as [Float])), ("c", shared)]
      .map { TensorEntry(name: $0.0, $0.1) }
    _ = try SafeTensorsFormat().write(
      Checkpoint(format: "test", tensors: entries), to: scratch.file("a"))
    let after = try SafeTensorsFormat().read(scratch.file("a"))
    #expect(TieRecords.groups(after.tensors) == [["a", "c"]])
    #expect(after.metadata["menagerie.ties"] == nil)
  }

  @Test func laysEveryTensorOnItsOwnBoundary() throws {
    let scratch = ScratchDirectory()
    let entries = [
      TensorEntry(name: "small", Tensor([1, 2, 3] as [UInt8])),
      TensorEntry(name: "wide", Tensor([1] as [Double])),
      TensorEntry(name: "half", Tensor([1, 2, 3] as [Float16])),
      TensorEntry(name: "float", Tensor([1] as [Float])),
    ]
    _ = try SafeTensorsFormat().write(
      Checkpoint(format: "test", tensors: entries), to: scratch.file("a"))
    for entry in try SafeTensorsFormat().read(scratch.file("a")).tensors {
      let tensor = try entry.load()
      #expect(tensor.storage.bytes.isAligned(to: tensor.dataType.byteCount), "\(entry.name)")
    }
  }
}
