import BinaryIO
import Execution
import ModelGraph
import Tensors

/// Two models run on the same input, and how far their outputs lie apart.
public struct OutputVerification: Sendable {
  public struct Output: Sendable {
    public var name: String
    public var difference: TensorDifference
    public var isEqual: Bool
  }

  public var outputs: [Output]
  /// What was fed, for a person.
  public var inputDescription: String

  public var isEqual: Bool { outputs.allSatisfy(\.isEqual) }
  public var maxAbsoluteDifference: Double { outputs.map(\.difference.maxAbsolute).max() ?? 0 }

  /// Relative to the largest magnitude of an output; see `TensorDifference.isWithin`.
  public static let defaultRelativeTolerance = 1e-4

  /// Runs both models.
  ///
  /// Inputs are matched by name, or by place where the names differ; a picture is transposed for a model that takes it
  /// channels-last.
  /// - Parameter inputs: by the left model's names; nil for seeded noise of the shapes that the model declares.
  /// - Throws: `.mismatch` when the two have different numbers of inputs or outputs, or shapes that do not fit.
  public init(
    _ left: Model, _ right: Model, inputs: [String: Tensor]? = nil,
    relativeTolerance: Double = defaultRelativeTolerance, absoluteTolerance: Double = 0
  ) throws {
    let (a, b) = (try left.session(), try right.session())
    let feeds: [String: Tensor]
    if let inputs {
      feeds = inputs
      inputDescription = "the given inputs"
    } else {
      let noise = try SampleInputs(left, b)
      feeds = noise.tensors
      inputDescription = noise.description
    }
    guard a.inputs.count == b.inputs.count, a.outputs.count == b.outputs.count else {
      throw DataError(
        .mismatch,
        "takes \(b.inputs.count) inputs and gives \(b.outputs.count) outputs, "
          + "but \(left.path) takes \(a.inputs.count) and gives \(a.outputs.count)",
        path: right.path)
    }
    var others: [String: Tensor] = [:]
    for (i, (name, _)) in a.inputs.enumerated() {
      let place = b.inputs.firstIndex { $0.name == name } ?? i
      guard let tensor = feeds[name] ?? (feeds.count == 1 ? feeds.first?.value : nil) else {
        throw DataError(.mismatch, "there is no input '\(name)'", path: left.path)
      }
      let (theirName, theirType) = b.inputs[place]
      others[theirName] = tensor.inLayout(of: theirType, from: a.inputs[i].type)
    }
    let mine = try namingFile(left.path) { try a.run(feeds) }
    let theirs = try namingFile(right.path) { try b.run(others) }
    outputs = []
    for (i, (name, x)) in mine.enumerated() {
      let y = theirs[i].tensor.inLayout(of: TensorType(x.dataType, shape: x.shape))
      guard x.shape == y.shape else {
        throw DataError(
          .mismatch,
          "output '\(theirs[i].name)' has the shape \(y.shape), but \(x.shape) in \(left.path)",
          path: right.path)
      }
      let difference = TensorDifference(y, x)
      outputs.append(
        Output(
          name: name, difference: difference,
          isEqual: difference.isWithin(relative: relativeTolerance, absolute: absoluteTolerance)))
    }
  }
}

extension Tensor {
  /// The picture with its channels where `type` wants them: the same tensor, or one with the axes moved.
  func inLayout(of type: TensorType, from own: TensorType? = nil) -> Tensor {
    guard rank == 4, let wanted = type.dimensions, wanted.count == 4, !fits(wanted) else {
      return self
    }
    for order in [[0, 2, 3, 1], [0, 3, 1, 2]] {
      let moved = permuted(order)
      if moved.fits(wanted) { return moved.contiguous() }
    }
    return self
  }

  private func fits(_ dimensions: [Dimension]) -> Bool {
    zip(shape.dropFirst(), dimensions.dropFirst()).allSatisfy { extent, dimension in
      dimension.value.map { $0 == extent } ?? true
    }
  }
}
