import BinaryIO
import Formats
import Menagerie
import NumPyConverter
import Tensors
import TestSupport
import Testing
import Training

/// Arrays that fit a model, and arrays that do not.
@Suite struct ArrayTaskTests {
  private static let resnet = Fixtures.path(
    "architectures/torchvision-resnet-basic/model.pth")
  private static let gpt2 = Fixtures.path("decoders/gpt2")

  private func file(_ arrays: [(String, Tensor)], in scratch: ScratchDirectory) throws -> String {
    let path = scratch.file("data.npz")
    try NPZ.write(arrays.map { TensorEntry(name: $0.0, $0.1) }, to: path)
    return path
  }

  private static func pictures(_ count: Int) -> Tensor {
    let shape: Shape = [count, 3, 33, 33]
    return Tensor(shape: shape, (0..<shape.elementCount).map { Float($0 * 7919 % 1009) / 504 - 1 })
  }

  private func task(
    _ model: String, _ arrays: [(String, Tensor)], labelSmoothing: Double = 0
  ) throws -> ArrayTask {
    let scratch = ScratchDirectory()
    var options = FineTuningOptions()
    options.labelSmoothing = labelSmoothing
    return try ArrayTask(
      Model(contentsOf: model), data: file(arrays, in: scratch), options: options)
  }

  @Test func aSingleArrayNeedsNoName() throws {
    let task = try task(
      Self.resnet, [("anything", Self.pictures(6)), ("labels", Tensor([0, 9, 0, 9, 0, 9]))])
    #expect(!task.isHeadNew && task.classes.count == 10)
    #expect(task.training.count == 4 && task.validation.count == 2)
    let batch = try task.training.batch([0, 3], epoch: 0)
    #expect(batch.inputs.values.map(\.shape) == [[2, 3, 33, 33]])
    #expect(batch.indices == [0, 3] && batch.labels.allSatisfy { $0 == 0 || $0 == 9 })
  }

  @Test func moreClassesMakeANewHead() throws {
    let task = try task(
      Self.resnet, [("input", Self.pictures(2)), ("labels", Tensor([0, 11]))])
    #expect(task.isHeadNew && task.classes.count == 12)
  }

  @Test func whatFollowsIsLearntWithoutLabels() throws {
    let ids = Tensor(shape: [2, 4], [5, 6, 7, 8, 9, 10, 0, 0])
    let mask = Tensor(shape: [2, 4], [1, 1, 1, 1, 1, 1, 0, 0])
    let task = try task(Self.gpt2, [("input_ids", ids), ("attention_mask", mask)])
    let row = try #require((0..<task.training.count).first)
    let batch = try task.training.batch([row], epoch: 0)
    #expect([[6, 7, 8, -100], [10, -100, -100, -100]].contains(batch.targets.integers))
    #expect(batch.weight == batch.targets.integers.count { $0 != -100 })
  }

  /// Classes share some of their weight, tokens do not.
  @Test func onlyClassesAreSmoothed() throws {
    let pictures = [("input", Self.pictures(4)), ("labels", Tensor([0, 9, 0, 9]))]
    let batch = try task(Self.resnet, pictures, labelSmoothing: 0.5).training.batch([0], epoch: 0)
    #expect(Set(batch.targets.floats) == [0.05, 0.55])
    let error = #expect(throws: DataError.self) {
      let ids = Tensor(shape: [2, 4], [5, 6, 7, 8, 9, 10, 0, 0])
      return try task(Self.gpt2, [("input_ids", ids)], labelSmoothing: 0.5)
    }
    #expect(error?.description.contains("--label-smoothing") == true)
  }

  static let wrong: [(model: String, arrays: [(String, Tensor)], words: String)] = [
    (resnet, [("input", pictures(2))], "no array 'labels'"),
    (resnet, [("input", pictures(2)), ("labels", Tensor([0, 1, 2]))], "has 3 samples"),
    (resnet, [("input", pictures(2)), ("labels", Tensor([0, -1]))], "sample 1 is -1"),
    (resnet, [("input", pictures(2)), ("labels", Tensor([0.5, 1]))], "floating point"),
    (resnet, [("labels", Tensor([0, 1]))], "no array 'input'"),
    (
      resnet, [("input", pictures(1)), ("mask", Tensor([1])), ("labels", Tensor([0]))],
      "'mask' is no input"
    ),
    (
      gpt2,
      [
        ("input_ids", Tensor(shape: [1, 2], [3, 4])), ("labels", Tensor(shape: [1, 2], [3, 80])),
      ],
      "label 80 of sample 0"
    ),
    (gpt2, [("input_ids", Tensor([3, 4])), ("labels", Tensor([3, 4]))], "for each token"),
  ]

  @Test(arguments: wrong.indices) func whatDoesNotFitIsNamed(index: Int) throws {
    let (model, arrays, words) = Self.wrong[index]
    let error = #expect(throws: DataError.self) { try task(model, arrays) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("data.npz") == true)
    #expect(error?.code == .mismatch)
  }
}
