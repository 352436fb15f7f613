import BinaryIO
import Training

/// What must be alike for a run to go on where another stopped: the options that count, as a person types them.
struct RunSignature: Sendable, Hashable {
  struct Fact: Sendable, Hashable {
    /// Of the option, without its dashes.
    let name: String
    /// Nil where the option is not given; empty for one that is only there or not.
    let value: String?
  }

  private(set) var facts: [Fact] = []

  init() {}

  mutating func add(_ name: String, _ value: String?) {
    facts.append(Fact(name: name, value: value))
  }

  mutating func add(_ name: String, _ number: (some LosslessStringConvertible)?) {
    add(name, number.map { "\($0)" })
  }

  mutating func add(flag name: String, _ isGiven: Bool) { add(name, isGiven ? "" : nil) }

  /// Columns and the like.
  mutating func add(_ name: String, _ list: [String]) {
    add(name, list.isEmpty ? nil : list.joined(separator: " "))
  }

  /// - Throws: `.mismatch` with the first that is not what `found` says.
  func check(_ found: (String) -> String?, path: String) throws {
    for fact in facts {
      let begun = found(fact.name)
      guard begun != fact.value else { continue }
      func option(_ value: String) -> String {
        "--\(fact.name)" + (value.isEmpty ? "" : " \(value)")
      }
      let words: String
      switch (begun, fact.value) {
      case (let begun?, let now?): words = "begun with \(option(begun)), not \(now)"
      case (let begun?, nil): words = "begun with \(option(begun))"
      default: words = "begun without \(option(fact.value ?? ""))"
      }
      throw DataError(
        .mismatch, "the run was \(words)", path: path,
        remedy: fact.name == "batch"
          ? "--batch, times the number of processes, must stay \(begun ?? "")"
          : "give the same options, or another folder to --resume")
    }
  }
}

extension FineTuningOptions {
  /// Adds what the options say, of a run on that many processes.
  func add(to signature: inout RunSignature, processes: Int) {
    signature.add("method", methodName)
    signature.add("epochs", epochs)
    signature.add("batch", batchSize * processes)
    signature.add("accumulate", accumulation)
    signature.add("lr", rate ?? usualRate)
    signature.add("optimizer", Self.named(optimizerName, optimizerSettings, but: "momentum"))
    signature.add(flag: "fresh-optimizer", beginsAnew)
    signature.add("momentum", optimizerSettings["momentum"])
    signature.add("weight-decay", weightDecay)
    signature.add("schedule", Self.named(schedule, scheduleSettings))
    signature.add("warmup", warmup)
    signature.add("clip", clip)
    signature.add("dropout", dropout)
    signature.add("drop-path", dropPath)
    signature.add("ema", averageDecay)
    signature.add("early-stopping", patience)
    signature.add("precision", products.rawValue)
    signature.add("seed", "\(seed)")
    signature.add(flag: "no-shuffle", !shuffles)
    signature.add("freeze", frozen)
    signature.add("layer-decay", layerDecay)
    signature.add("unfreeze", unfreezing)
    for option in DataOption.allCases { signature.add(option.rawValue, option.value(in: self)) }
    guard method == LowRankMethod.name else { return }
    signature.add("rank", lowRank.rank)
    signature.add("alpha", lowRank.alpha)
    signature.add("lora-dropout", adapterDropout ?? lowRank.dropout)
    signature.add(flag: "rslora", lowRank.isRankStabilised)
    signature.add(flag: "dora", lowRank.isWeightDecomposed)
    signature.add("target-modules", targetModules)
    signature.add("adapter", adapter)
  }

  /// A name, and settings that a program gave and no option says.
  private static func named(
    _ name: String, _ settings: [String: Double], but own: String? = nil
  ) -> String {
    let rest = settings.filter { $0.key != own }.sorted { $0.key < $1.key }
    guard !rest.isEmpty else { return name }
    return "\(name) (\(rest.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))"
  }
}
