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
  /// - Parameters:
  ///   - inputs: by the left model's names; nil for seeded noise of the shapes that the model declares.
  ///   - comparesCommonOutputs: whether one may have more outputs than the other, at the end.
  /// - Throws: `.mismatch` when the two have different numbers of inputs or outputs, or shapes that do not fit.
  public init(
    _ left: Model, _ right: Model, inputs: [String: Tensor]? = nil,
    relativeTolerance: Double = defaultRelativeTolerance, absoluteTolerance: Double = 0,
    comparesCommonOutputs: Bool = false
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
    // What only serves to go on from here is given empty, and not compared
    let (doors, theirDoors) = (Doors(a), Doors(b))
    guard doors.inputs.count == theirDoors.inputs.count,
      comparesCommonOutputs || doors.outputs.count == theirDoors.outputs.count
    else {
      throw DataError(
        .mismatch,
        "takes \(b.inputs.count) inputs and gives \(b.outputs.count) outputs, "
          + "but \(left.path) takes \(a.inputs.count) and gives \(a.outputs.count)",
        path: right.path)
    }
    var others: [String: Tensor] = [:]
    for (i, name) in doors.inputs.enumerated() {
      let wanted = theirDoors.inputs.contains(name) ? name : theirDoors.inputs[i]
      guard let tensor = feeds[name] ?? (feeds.count == 1 ? feeds.first?.value : nil),
        let own = a.inputs.first(where: { $0.name == name }),
        let their = b.inputs.first(where: { $0.name == wanted })
      else {
        throw DataError(.mismatch, "there is no input '\(name)'", path: left.path)
      }
      others[wanted] = tensor.inLayout(of: their.type, from: own.type)
    }
    others = try GrowingPast.completed(others, for: b.inputs)
    let completed = try GrowingPast.completed(feeds, for: a.inputs)
    let mine = try namingFile(left.path) { try a.run(completed) }
    let theirs = try namingFile(right.path) { try b.run(others) }
    outputs = []
    for (i, name) in doors.outputs.prefix(theirDoors.outputs.count).enumerated() {
      guard let x = mine[name], let other = theirs[theirDoors.outputs[i]] else { continue }
      let y = other.inLayout(of: TensorType(x.dataType, shape: x.shape))
      guard x.shape == y.shape else {
        throw DataError(
          .mismatch,
          "output '\(theirDoors.outputs[i])' has the shape \(y.shape), but \(x.shape) in \(left.path)",
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

/// The names of what a model takes and gives, but for a past that is handed on from step to step.
private struct Doors {
  var inputs: [String]
  var outputs: [String]

  init(_ session: Session) {
    inputs = session.inputs.map(\.name).filter { !GrowingPast.isInput($0) }
    let takesPast = inputs.count < session.inputs.count
    outputs = session.outputs.map(\.name).filter { !(takesPast && GrowingPast.isOutput($0)) }
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
