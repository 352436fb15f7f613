import Kernels
import OrderedCollections
import Tensors

/// The weights of the best validation so far, and whether to go on has been of no use for too long.
public struct BestWeights: Sendable {
  private let parameters: [Parameter]
  private var stopping: EarlyStopping
  private var values: [[Float]]?

  /// - Parameter patience: how many validations in a row may be no better.
  public init(_ parameters: [Parameter], patience: Int) {
    self.parameters = parameters
    stopping = EarlyStopping(patience: patience)
  }

  public var isOver: Bool { stopping.isOver }

  /// Hears of a validation of the weights as they are now.
  public mutating func observe(loss: Double) {
    if stopping.observe(loss) { values = parameters.map(\.values.array) }
  }

  /// Whether weights were better than those of the last validation.
  public var areEarlier: Bool { values != nil && stopping.waited > 0 }

  /// Gives the weights the values that were best; false when there was no validation.
  public func restore() -> Bool {
    guard let values else { return false }
    for (parameter, best) in zip(parameters, values) { parameter.values.copy(from: best) }
    return true
  }

  /// Puts what is remembered into a state, under `best.`.
  public func add(to state: inout TrainingState) {
    for (name, number) in stopping.memory { state.numbers["best.\(name)"] = number }
    for (parameter, best) in zip(parameters, values ?? []) {
      state.tensors["best.\(parameter.name)"] = Tensor(shape: parameter.shape, best)
    }
  }

  /// Goes on from a state.
  /// - Throws: `.mismatch` when a tensor is missing or of another shape.
  public mutating func take(from state: TrainingState) throws {
    stopping.memory = state.numbers(under: "best.")
    values =
      stopping.best == nil
      ? nil : try state.values(of: parameters, under: "best.").map(\.floats)
  }
}
