import BinaryIO
import Formats
import NumPyConverter
import Tensors
import TestSupport
import Testing

private let goldens = (try? GoldenFile.all(in: "numpy")) ?? [:]

@Suite struct NumPyReading {
  @Test(arguments: goldens.keys.sorted().filter { $0 != "bfloat16.npy" && $0 != "dtypes.npz" })
  func findsWhatNumPyFinds(_ name: String) throws {
    let golden = try #require(goldens[name])
    let entries = try NPZ.read(Fixtures.path("numpy/\(name)"))
    let expected = golden.tensors.map { $0.name.isEmpty ? "arr_0" : $0.name }
    #expect(entries.map(\.name) == expected)
    for (entry, tensor) in zip(entries, golden.tensors) {
      #expect(try entry.load().difference(from: tensor) == nil, "\(tensor.name)")
    }
  }

  @Test func readsTwoBytesOfNoTypeAsBfloat16() throws {
    let golden = try #require(goldens["bfloat16.npy"]?.tensors.first)
    let checkpoint = try NPYFormat().read(Fixtures.path("numpy/bfloat16.npy"))
    let tensor = try checkpoint.tensors[0].load()
    #expect(tensor.dataType == .bfloat16)
    #expect(tensor.sha256 == golden.sha256)
    #expect(checkpoint.notes.count == 1)
  }

  @Test func leavesStrangersInAnArchiveAlone() throws {
    let checkpoint = try NPZFormat().read(Fixtures.path("numpy/stranger.npz"))
    #expect(checkpoint.tensors.map(\.name) == ["contiguous"])
    #expect(checkpoint.notes.contains { $0.contains("readme.txt") })
  }

  @Test(arguments: ["objects.npy", "text.npy", "dtypes.npz"])
  func refusesWhatIsNoNumber(_ name: String) throws {
    let error = #expect(throws: DataError.self) { try NPZ.read(Fixtures.path("numpy/\(name)")) }
    #expect(error?.code == .unsupported)
  }

  static let headers: [(String, DataError.Code)] = [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 5), }", .truncated),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-16,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", .limitExceeded),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", .limitExceeded
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os'),), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (16,), 'shape': (16,)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (16,)}", .malformed),
    ("{'descr': '<f4', 'shape': (16,)}", .malformed),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (16,)}", .unsupported),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (16,)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (16,)", .malformed),
    ("", .malformed),
  ]

  @Test(arguments: headers.indices) func refusesAHeader(_ index: Int) throws {
    let (text, code) = NumPyReading.headers[index]
    let scratch = ScratchDirectory()
    let header =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
    let path = try scratch.write("a.npy", header + [UInt8](repeating: 0, count: 64))
    let error = #expect(throws: DataError.self) { try NPZ.read(path) }
    #expect(error?.code == code, "\(text): \(error?.description ?? "")")
  }

  @Test func refusesAHeaderLongerThanTheFile() throws {
    let scratch = ScratchDirectory()
    let path = try scratch.write(
      "a.npy", [0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255, 0x7B])
    let error = #expect(throws: DataError.self) { try NPZ.read(path) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func survivesMutations() throws {
    let scratch = ScratchDirectory()
    var dice = Dice(seed: 2)
    for name in goldens.keys.sorted() {
      let bytes = try Fixtures.bytes("numpy/\(name)").array
      for _ in 0..<200 {
        let path = try scratch.write("a", dice.mutation(of: bytes))
        do {
          for entry in try NPZ.read(path) { _ = try entry.load().sha256 }
        } catch is DataError {}
      }
    }
  }
}

@Suite struct NumPyWriting {
  @Test(arguments: ["state.npz", "compressed.npz", "unnamed.npz"])
  func returnsNamesOrderAndBits(_ name: String) throws {
    let scratch = ScratchDirectory()
    let before = try NPZ.read(Fixtures.path("numpy/\(name)"))
    try NPZ.write(before, to: scratch.file("a.npz"))
    let after = try NPZ.read(scratch.file("a.npz"))
    #expect(after.map(\.name) == before.map(\.name))
    for (old, new) in zip(before, after) { #expect(try old.load().isBitEqual(to: new.load())) }
  }

  @Test func restoresTies() throws {
    let scratch = ScratchDirectory()
    let shared = Tensor([1, 2] as [Float])
    let entries = [("a", shared), ("b", Tensor([1, 2] as [Float])), ("c", shared)]
      .map { TensorEntry(name: $0.0, $0.1) }
    try NPZ.write(entries, to: scratch.file("a.npz"))
    #expect(TieRecords.groups(try NPZ.read(scratch.file("a.npz"))) == [["a", "c"]])
  }

  @Test func writesASingleArray() throws {
    let scratch = ScratchDirectory()
    let tensor = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Int16])
    let checkpoint = Checkpoint(format: "test", tensors: [TensorEntry(name: "x", tensor)])
    _ = try NPYFormat().write(checkpoint, to: scratch.file("a.npy"))
    #expect(try NPZ.read(scratch.file("a.npy"))[0].load().isBitEqual(to: tensor))
    #expect(try MappedFile(path: scratch.file("a.npy")).byteCount % 64 == 12)
  }

  @Test(arguments: [DataType.bfloat16, .float8E4M3, .float8E5M2])
  func refusesTypesThatNumPyHasNoNameFor(_ type: DataType) {
    let entry = TensorEntry(name: "w", Tensor(zeros: [2], dataType: type))
    let error = NPZFormat().obstacle(to: Checkpoint(format: "test", tensors: [entry]))
    #expect(error?.code == .unsupported)
    #expect(error?.remedy?.contains("--dtype float32") == true)
  }

  @Test func writesEveryOtherType() throws {
    let scratch = ScratchDirectory()
    let types = DataType.allCases.filter {
      $0 != .bfloat16 && !$0.rawValue.hasPrefix("float8") && !$0.isBlockQuantised
    }
    let entries = types.map { TensorEntry(name: $0.rawValue, Tensor(zeros: [3], dataType: $0)) }
    try NPZ.write(entries, to: scratch.file("a.npz"))
    #expect(try NPZ.read(scratch.file("a.npz")).map(\.dataType) == types)
  }
}
