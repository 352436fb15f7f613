import BinaryIO
import Formats
import ONNXConverter
import TestSupport
import Testing

@Suite struct HostileFileTests {
  private let scratch = ScratchDirectory()

  private func error(of bytes: [UInt8]) throws -> DataError? {
    let path = try scratch.write("bad.onnx", bytes)
    return #expect(throws: DataError.self) { try ONNXFormat().read(path) }
  }

  @Test func namesTheFileAndThePlace() throws {
    let error = try error(of: Array(TestModel.linear.bytes.dropLast(40)))
    #expect(error?.code == .truncated)
    #expect(error?.path?.hasSuffix("bad.onnx") == true)
    #expect(error?.offset != nil)
  }

  @Test func refusesDeepNesting() throws {
    var graph = Proto.bytes(1, TestModel.node("Identity", ["c"], ["o"]))
    for _ in 0..<1000 {
      graph = Proto.bytes(
        1, TestModel.node("If", ["c"], ["o"], [TestModel.attribute("then_branch", graph: graph)]))
    }
    var model = TestModel.linear
    model.graphExtra = graph
    #expect(try error(of: model.bytes)?.code == .limitExceeded)
    var type = Proto.bytes(1, Proto.number(1, 1))
    for _ in 0..<1000 { type = Proto.bytes(4, Proto.bytes(1, type)) }
    model.graphExtra = Proto.bytes(13, Proto.text(1, "v") + Proto.bytes(2, type))
    #expect(try error(of: model.bytes)?.code == .limitExceeded)
  }

  @Test func refusesNamesThatAreNoText() throws {
    var model = TestModel.linear
    model.nodes[1] = Proto.bytes(1, [0xFF, 0xFE])
    #expect(try error(of: model.bytes)?.code == .malformed)
    model.nodes[1] = Proto.bytes(1, [0x61, 0, 0x62])
    #expect(try error(of: model.bytes)?.code == .malformed)
  }

  @Test func refusesTwoGraphs() throws {
    var model = TestModel.linear
    model.extra = Proto.bytes(7, Proto.text(2, "again"))
    #expect(try error(of: model.bytes)?.code == .malformed)
  }

  @Test func refusesWhatIsNoModel() throws {
    for bytes: [UInt8] in [
      [], [0], Array("{\"a\": 1}".utf8), [0x08, 0x08], [UInt8](repeating: 0xFF, count: 99),
    ] {
      _ = try error(of: bytes)
      let probe = FileProbe(path: "x", isDirectory: false, bytes: Bytes(bytes), entries: [])
      #expect(!ONNXFormat().matches(probe) || bytes.isEmpty)
    }
    let good = FileProbe(
      path: "x", isDirectory: false, bytes: Bytes(TestModel.linear.bytes), entries: [])
    #expect(ONNXFormat().matches(good))
  }

  /// Whatever a byte becomes, the file is read or refused.
  @Test func survivesMutations() throws {
    let good = TestModel.linear.bytes
    var random = SeededRandom(seed: 7)
    for round in 0..<3000 {
      var bytes = good
      for _ in 0..<(1 + round % 4) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch round % 3 {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        default: bytes.remove(at: place)
        }
      }
      let path = try scratch.write("mutant.onnx", bytes)
      do {
        let checkpoint = try ONNXFormat().read(path)
        for tensor in checkpoint.tensors { _ = try? tensor.load() }
      } catch is DataError {}
    }
  }

  @Test func survivesEveryCut() throws {
    let good = TestModel.linear.bytes
    for count in 1..<good.count {
      let path = try scratch.write("cut.onnx", Array(good.prefix(count)))
      do { _ = try ONNXFormat().read(path) } catch is DataError {}
    }
  }
}

/// A small generator with a seed (SplitMix64), so that a failure comes again.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
