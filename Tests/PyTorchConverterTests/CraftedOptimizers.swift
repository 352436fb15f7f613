import BinaryIO
import Formats
import OrderedCollections
import PyTorchConverter
import TestSupport
import Testing

/// States of optimisers put together opcode by opcode: what lies, and what lies beside.
@Suite struct CraftedOptimizers {
  private typealias Value = [UInt8]

  private static func text(_ value: String) -> Value { Pickle.text(value) }

  /// The `index`th of four vectors of three numbers.
  private static func vector(_ index: Int) -> Value {
    Pickle.tensor(size: [3], strides: [1], offset: 3 * index)
  }

  private static let settings: [(Value, Value)] = [
    (text("lr"), Pickle.integer(1)), (text("betas"), Pickle.integers([0, 0])),
    (text("eps"), Pickle.integer(1)), (text("amsgrad"), [0x89]),
  ]

  /// The state of an AdamW.
  private static func state(
    _ memories: [(Int, [(Value, Value)])], of count: Int, named names: [String] = []
  ) -> Value {
    let numbers = Pickle.list((0..<count).map { Pickle.integer($0) })
    let titles = names.isEmpty ? [] : [(text("param_names"), Pickle.list(names.map(text)))]
    return Pickle.dictionary([
      (
        text("state"),
        Pickle.dictionary(memories.map { (Pickle.integer($0), Pickle.dictionary($1)) })
      ),
      (
        text("param_groups"),
        Pickle.list([Pickle.dictionary(settings + titles + [(text("params"), numbers)])])
      ),
    ])
  }

  private static let weights = Pickle.dictionary([(text("w"), vector(0))])
  private static let one = state(
    [(0, [(text("step"), Pickle.integer(7)), (text("exp_avg"), vector(1))])], of: 1)

  private func expectWell(_ checkpoint: Checkpoint) {
    #expect(checkpoint.optimizerError == nil)
    #expect(checkpoint.optimizer?.kind == "adamw" && checkpoint.optimizer?.steps == 7)
  }

  @Test func theGoodOneOpens() throws {
    let root = Pickle.state((Self.text("model"), Self.weights), (Self.text("optimizer"), Self.one))
    expectWell(try read(root))
  }

  /// A view without strides is of four bytes, and of more numbers than any memory holds.
  @Test func aCountOfStepsIsOneNumber() throws {
    let endless = Pickle.tensor(size: [1 << 40], strides: [0])
    let state = Self.state([(0, [(Self.text("step"), endless)])], of: 1)
    let checkpoint = try read(
      Pickle.state((Self.text("model"), Self.weights), (Self.text("optimizer"), state)))
    #expect(checkpoint.tensors.count == 1)
    #expect(checkpoint.optimizerError?.code == .malformed)
    #expect(checkpoint.optimizerError?.found.contains("how many steps") == true)
  }

  /// `l = []; l.append(l)` and a tensor, beside the state that is written again.
  @Test(arguments: [[0x5D, 0x71, 0, 0x68, 0, 0x61], Self.vector(2)])
  func whatLiesBesideTheStateIsLeftOutByName(_ neighbour: [UInt8]) throws {
    let states = Pickle.dictionary([(Self.text("main"), Self.one), (Self.text("x"), neighbour)])
    let scratch = ScratchDirectory()
    let before = try read(
      Pickle.state((Self.text("model"), Self.weights), (Self.text("optimizers"), states)))
    expectWell(before)
    #expect(PyTorchFormat().remarks(on: before).contains { $0.hasSuffix(": optimizers.x") })
    _ = try PyTorchFormat().write(before, to: scratch.file("again.pth"))
    let after = try PyTorchFormat().read(scratch.file("again.pth"))
    expectWell(after)
    #expect(after.optimizer?.place == "optimizers.main")
    #expect(PyTorchFormat().remarks(on: after).isEmpty)
  }

  @Test func aListThatHoldsTheStateKeepsItsOtherElements() throws {
    let states = Pickle.list([Self.one, Pickle.integer(7_654_321), Self.vector(2)])
    let scratch = ScratchDirectory()
    let before = try read(
      Pickle.state((Self.text("model"), Self.weights), (Self.text("optimizer_states"), states)))
    expectWell(before)
    #expect(PyTorchFormat().remarks(on: before).contains { $0.hasSuffix(": optimizer_states.2") })
    _ = try PyTorchFormat().write(before, to: scratch.file("again.pth"))
    expectWell(try PyTorchFormat().read(scratch.file("again.pth")))
    // The number as it is appended, then None in the tensor's place
    let bytes = try MappedFile(path: scratch.file("again.pth")).bytes.array
    let wanted: [UInt8] = [0x4A, 0xB1, 0xCB, 0x74, 0, 0x61, 0x4E, 0x61]
    #expect(bytes.indices.contains { bytes[$0...].starts(with: wanted) })
  }

  /// A hundred thousand times one list of a hundred thousand numbers: 10 GB when it is unfolded.
  @Test func sharedListsAreNotUnfolded() throws {
    let count = 100_000
    let numbers: [UInt8] = [0x5D, 0x71, 0, 0x28] + Pickle.repeated([0x4B, 1], count) + [0x65]
    let shared = numbers + [0x30, 0x5D, 0x28] + Pickle.repeated([0x68, 0], count) + [0x65]
    let checkpoint = try read(
      Pickle.state(
        (Self.text("model"), Self.weights), (Self.text("optimizer"), Self.one),
        (Self.text("history"), shared)))
    expectWell(checkpoint)
    #expect(PyTorchFormat().remarks(on: checkpoint).contains { $0.hasSuffix(": history") })
  }

  @Test func sharedGroupsAreNotUnfolded() throws {
    let count = 100_000
    let numbers = [0x5D, 0x28] + Pickle.repeated([0x4B, 1], count) + [0x65]
    let group =
      Pickle.dictionary(Self.settings + [(Self.text("params"), numbers)]) + [0x71, 0, 0x30]
    let groups = group + [0x5D, 0x28] + Pickle.repeated([0x68, 0], count) + [0x65]
    let state = Pickle.dictionary([
      (Self.text("state"), [0x7D]), (Self.text("param_groups"), groups),
    ])
    let checkpoint = try read(
      Pickle.state((Self.text("model"), Self.weights), (Self.text("optimizer"), state)))
    #expect(checkpoint.optimizerError?.found.contains("more weights in its groups") == true)
  }

  /// The last three of four, or the first three? Vectors of one length do not tell.
  @Test func anOrderThatMayBeTwoIsNotGuessed() throws {
    let network = Pickle.dictionary((0..<4).map { (Self.text("w\($0)"), Self.vector($0)) })
    func optimizer(_ names: [String], remembers: Bool = true) throws -> Checkpoint {
      let memories = (0..<3).map { ($0, [(Self.text("exp_avg"), Self.vector($0))]) }
      let state = Self.state(remembers ? memories : [], of: 3, named: names)
      return try read(Pickle.state((Self.text("model"), network), (Self.text("optimizer"), state)))
    }
    let error = try #require(try optimizer([]).optimizerError)
    #expect(error.found.contains("'w1' or 'w0'"), "\(error)")
    #expect(error.remedy?.contains("named_parameters") == true)
    let names = ["w0", "w3", "w1"]
    #expect(try optimizer(names).optimizer?.groups[0].parameters == names)
    // Without memories it does not matter
    #expect(
      try optimizer([], remembers: false).optimizer?.groups[0].parameters == ["w1", "w2", "w3"])
  }

  @Test func namesMayBeOfAnyLetters() throws {
    let network = Pickle.dictionary([
      (Self.text("net.b"), Self.vector(0)), (Self.text("net.größe"), Self.vector(1)),
    ])
    let memory = [(Self.text("exp_avg"), Self.vector(2))]
    let state = Self.state([(0, memory)], of: 2, named: ["größe", "b"])
    let checkpoint = try read(
      Pickle.state((Self.text("model"), network), (Self.text("optimizer"), state)))
    #expect(checkpoint.optimizer?.memories.keys.elementsEqual(["net.größe"]) == true)
  }
}
