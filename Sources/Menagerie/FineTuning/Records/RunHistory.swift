import BinaryIO
import JSON
import OrderedCollections
import Training

/// What happened in a run, step by step and epoch by epoch.
public struct RunHistory: Sendable {
  public private(set) var steps: [Trainer.Progress] = []
  public private(set) var epochs: [FineTuner.EpochReport] = []

  public init() {}

  public mutating func add(_ step: Trainer.Progress) { steps.append(step) }
  public mutating func add(_ epoch: FineTuner.EpochReport) { epochs.append(epoch) }

  /// The mean loss of an epoch's steps, counted from 0; nil when it has none.
  public func loss(ofEpoch epoch: Int) -> Double? {
    let own = steps.reversed().prefix { $0.epoch >= epoch }.filter { $0.epoch == epoch }
    return own.isEmpty ? nil : own.reduce(0) { $0 + $1.loss } / Double(own.count)
  }

  /// Forgets what came after a step, which a run that goes on from there does again.
  public mutating func rewind(toStep step: Int, epoch: Int) {
    steps.removeAll { $0.step > step }
    epochs.removeAll { $0.epoch > epoch }
  }
}

extension RunHistory {
  /// Reads a log of JSON lines; what is no record of ours, such as a line that was cut short, is passed over.
  public init(log path: String) throws {
    for line in try MappedFile(path: path).bytes.utf8().split(separator: "\n") {
      guard let record = (try? JSONValue(parsing: String(line)))?.object else { continue }
      switch record["event"]?.string {
      case "step": if let step = Trainer.Progress(record) { steps.append(step) }
      case "epoch": if let epoch = FineTuner.EpochReport(record) { epochs.append(epoch) }
      default: break
      }
    }
  }

  /// The same log again, line by line.
  public var lines: [JSONValue] {
    var epochs = epochs[...]
    var lines: [JSONValue] = []
    for step in steps {
      while let first = epochs.first, first.epoch <= step.epoch {
        lines.append(.object(first.record))
        epochs.removeFirst()
      }
      lines.append(.object(step.record))
    }
    return lines + epochs.map { .object($0.record) }
  }
}

extension Trainer.Progress {
  /// As a log has it; epochs are counted from 1.
  public var record: OrderedDictionary<String, JSONValue> {
    var record: OrderedDictionary<String, JSONValue> = [
      "event": .string("step"), "step": .integer(step), "epoch": .integer(epoch + 1),
      "batch": .integer(batch), "batches": .integer(batches), "samples": .integer(samples),
      "loss": .number(loss), "lr": .number(rate),
    ]
    record["gradient_norm"] = gradientNorm.map { .number($0) }
    return record
  }

  fileprivate init?(_ record: OrderedDictionary<String, JSONValue>) {
    guard let step = record["step"]?.integer, let epoch = record["epoch"]?.integer,
      let batch = record["batch"]?.integer, let batches = record["batches"]?.integer,
      let samples = record["samples"]?.integer, let loss = record["loss"]?.double,
      let rate = record["lr"]?.double
    else { return nil }
    self.init(
      epoch: epoch - 1, batch: batch, batches: batches, step: step, samples: samples, loss: loss,
      rate: rate, gradientNorm: record["gradient_norm"]?.double)
  }
}

extension FineTuner.EpochReport {
  /// As a log has it.
  public var record: OrderedDictionary<String, JSONValue> {
    [
      "event": .string("epoch"), "epoch": .integer(epoch), "step": .integer(step),
      "loss": .number(loss),
      "validation_loss": validationLoss.map { .number($0) } ?? .null,
      "metrics": .array(
        metrics.map {
          [
            "name": .string($0.name), "value": .number($0.value), "isLoss": .bool($0.isLoss),
            "isShare": .bool($0.isShare),
          ]
        }),
      "seconds": .number(seconds),
    ]
  }

  fileprivate init?(_ record: OrderedDictionary<String, JSONValue>) {
    guard let epoch = record["epoch"]?.integer, let step = record["step"]?.integer,
      let loss = record["loss"]?.double,
      let seconds = record["seconds"]?.double
    else { return nil }
    let metrics = (record["metrics"]?.array ?? []).compactMap { metric -> Metric? in
      guard let name = metric["name"]?.string, let value = metric["value"]?.double else {
        return nil
      }
      return Metric(
        name, value, isLoss: metric["isLoss"]?.bool ?? false,
        isShare: metric["isShare"]?.bool ?? false)
    }
    self.init(
      epoch: epoch, step: step, loss: loss, validationLoss: record["validation_loss"]?.double,
      metrics: metrics, seconds: seconds)
  }
}
