import BinaryIO
import Formats
import JSON
import OrderedCollections
import PyTorchConverter
import Tensors
import TestSupport
import Testing

private let goldens = (try? GoldenFile.all(in: "pytorch")) ?? [:]

/// Files with a type that we do not read; PyTorch finds no fault with them.
private let unread: Set<String> = ["dtypes.pth", "dtypes-legacy.pth"]

private func read(_ name: String) throws -> Checkpoint {
  try PyTorchFormat().read(Fixtures.path("pytorch/\(name)"))
}

@Suite struct PyTorchReading {
  @Test(arguments: goldens.keys.filter { !unread.contains($0) }.sorted())
  func findsTheTensorsThatPyTorchFinds(_ name: String) throws {
    let golden = try #require(goldens[name])
    let checkpoint = try read(name)
    let prefix = golden.wrapper.map { "\($0)." } ?? ""
    var found: [String: Tensor] = [:]
    for entry in checkpoint.tensors { found[prefix + entry.name] = try entry.load() }
    for entry in checkpoint.auxiliary { found[entry.name] = try entry.load() }
    #expect(found.count == golden.tensors.count)
    for tensor in golden.tensors {
      let ours = try #require(found[tensor.name], "\(tensor.name) of \(found.keys.sorted())")
      #expect(ours.difference(from: tensor) == nil, "\(tensor.name)")
    }
    for tied in golden.ties {
      #expect(Set(tied.compactMap { found[$0]?.identity }).count == 1, "\(tied)")
    }
    let weights = golden.tensors.map(\.name).filter { $0.hasPrefix(prefix) }
    #expect(checkpoint.tensors.map { prefix + $0.name } == weights)
  }

  @Test(arguments: unread.sorted()) func namesATypeThatIsNotRead(_ name: String) throws {
    let error = #expect(throws: DataError.self) { try read(name) }
    #expect(error?.code == .unsupported)
    #expect(error?.subject?.hasPrefix("tensor '") == true)
  }

  @Test func separatesWeightsFromTraining() throws {
    let checkpoint = try read("wrapped.pth")
    #expect(checkpoint.metadata["wrapper"] == "state_dict")
    #expect(checkpoint.metadata["epoch"] == 17)
    #expect(checkpoint.metadata["classes"] == ["cat", "dog", "größer", "猫"])
    #expect(checkpoint.auxiliary.contains { $0.name.hasPrefix("optimizer.state.0.exp_avg") })
    #expect(checkpoint.metadata["_metadata"]?["bn"]?["version"] == 2)
  }

  @Test(arguments: ["harmful.pth", "harmful-legacy.pth", "harmful.pkl"])
  func reportsWhatAnotherLoaderWouldRun(_ name: String) throws {
    let checkpoint = try read(name)
    #expect(checkpoint.security.map(\.kind) == ["pickle-global"])
    #expect(checkpoint.security.map(\.name) == ["posix.system"])
  }

  @Test func callsAWholeModulesClassesByName() throws {
    let names = try read("module.pth").security.map(\.name)
    #expect(names.contains("torch.nn.modules.conv.Conv2d"))
    #expect(try read("state.pth").security.isEmpty)
  }

  @Test func readsTheWeightsOfTorchScriptAndNotItsCode() throws {
    let checkpoint = try read("torchscript.pt")
    #expect(checkpoint.metadata["container"] == "torchscript")
    #expect(checkpoint.security.map(\.kind) == ["torchscript-code"])
    #expect(checkpoint.notes.contains { $0.contains("TorchScript") })
    #expect(
      checkpoint.tensors.map(\.name) == [
        "conv.weight", "conv.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
        "bn.num_batches_tracked", "fc.weight", "fc.bias",
      ])
  }
}

@Suite struct PyTorchWriting {
  @Test(arguments: goldens.keys.filter { !unread.contains($0) }.sorted())
  func returnsEveryTensorNameAndTie(_ name: String) throws {
    let scratch = ScratchDirectory()
    let before = try read(name)
    let written = try PyTorchFormat().write(before, to: scratch.file("a.pth"))
    let after = try PyTorchFormat().read(scratch.file("a.pth"))
    #expect(written.map(\.target) == before.tensors.map(\.name))
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    for (old, new) in zip(before.tensors, after.tensors) {
      #expect(try old.load().isBitEqual(to: new.load()), "\(old.name)")
    }
    #expect(ties(before) == ties(after))
    #expect(after.security.isEmpty)
  }

  @Test func sameInputGivesSameBytes() throws {
    let scratch = ScratchDirectory()
    let checkpoint = try read("state.pth")
    for name in ["a", "b"] { _ = try PyTorchFormat().write(checkpoint, to: scratch.file(name)) }
    let files = try ["a", "b"].map { try MappedFile(path: scratch.file($0)).bytes }
    #expect(files[0].elementsEqual(files[1]))
  }

  @Test func aSmallPartDoesNotTakeTheWholeStorageAlong() throws {
    let scratch = ScratchDirectory()
    let whole = Tensor(zeros: [1000, 1000])
    let part = TensorEntry(name: "part", whole.sliced(axis: 0, 3..<4))
    _ = try PyTorchFormat().write(
      Checkpoint(format: "test", tensors: [part]), to: scratch.file("a"))
    #expect(try MappedFile(path: scratch.file("a")).byteCount < 10_000)
  }

  @Test func viewsOfOneMemoryStayViewsOfOne() throws {
    let scratch = ScratchDirectory()
    _ = try PyTorchFormat().write(try read("views.pth"), to: scratch.file("a.pth"))
    let after = try PyTorchFormat().read(scratch.file("a.pth"))
    let tensors = Dictionary(
      uniqueKeysWithValues: try after.tensors.map { ($0.name, try $0.load()) })
    let base = try #require(tensors["tied.first"])
    for name in ["transposed", "offset", "strided", "column", "reshaped", "tied.second"] {
      #expect(tensors[name]?.storage === base.storage, "\(name)")
    }
  }

  private func ties(_ checkpoint: Checkpoint) -> [[String]] {
    TieRecords.groups(checkpoint.tensors)
  }
}
