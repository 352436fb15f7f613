import BinaryIO
import OrderedCollections
import Tensors

/// All that a run needs to go on as if it had never stopped.
public struct TrainingState: Sendable {
  /// Weights and running statistics by name, what the optimiser remembers under `optimizer.`, averages under `average.`.
  public var tensors: OrderedDictionary<String, Tensor>
  /// Where the run is: the epoch, the batch in it, the steps so far.
  public var epoch: Int
  public var batch: Int
  public var step: Int
  /// What else is remembered: what the schedule has heard under `schedule.`, and how often averages moved.
  public var numbers: [String: Double]

  public init(
    tensors: OrderedDictionary<String, Tensor>, epoch: Int, batch: Int, step: Int,
    numbers: [String: Double] = [:]
  ) {
    self.tensors = tensors
    self.epoch = epoch
    self.batch = batch
    self.step = step
    self.numbers = numbers
  }

  /// The tensors under a prefix, without it.
  public func tensors(under prefix: String) -> OrderedDictionary<String, Tensor> {
    var found: OrderedDictionary<String, Tensor> = [:]
    for (name, tensor) in tensors where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = tensor
    }
    return found
  }

  /// The numbers under a prefix, without it.
  public func numbers(under prefix: String) -> [String: Double] {
    var found: [String: Double] = [:]
    for (name, number) in numbers where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = number
    }
    return found
  }

  /// The tensors of parameters, checked.
  /// - Throws: `.mismatch` when one is missing or of another shape.
  func values(of parameters: [Parameter], under prefix: String = "") throws -> [Tensor] {
    try parameters.map { parameter in
      let name = prefix + parameter.name
      guard let tensor = tensors[name], tensor.shape == parameter.shape else {
        let found = tensors[name].map { "is \($0.shape)" } ?? "is missing"
        throw DataError(
          .mismatch, found, expected: "\(parameter.shape)", subject: "tensor '\(name)'")
      }
      return tensor
    }
  }
}
