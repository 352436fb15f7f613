import BinaryIO
import Converters
import Execution
import Formats
import HuggingFaceConverter
import ModelGraph
import OrderedCollections
import Tensors
import Zoo

/// Converts a model file to another format, another dialect, or another type.
///
///     let report = try Converter().convert("resnet50.h5", to: "resnet50.safetensors")
///     print(report.summary)
public struct Converter {
  public var options: ConversionOptions
  /// Told what is being done, for a person who waits.
  public var progress: (String) -> Void

  public init(
    options: ConversionOptions = ConversionOptions(),
    progress: @escaping (String) -> Void = { _ in }
  ) {
    self.options = options
    self.progress = progress
  }

  /// Converts `source`; `output` is written only when all went well, the check included.
  ///
  /// - Parameter adapter: a directory of `peft`'s, whose work the weights take over first.
  /// - Throws: `DataError`; `.unsupported` with the reason when the pair is impossible.
  public func convert(
    _ source: String, mergingAdapterAt adapter: String? = nil, to output: String
  ) throws -> ConversionReport {
    let format = try format(for: output)
    progress("reading \(source)")
    var model = try load(source)
    if let adapter { model = try model.mergingAdapter(at: adapter) }
    return try write(model, from: source, to: output, format)
  }

  /// Writes a model that is there already; `output` is written only when all went well, the check included.
  /// - Throws: as `convert` of a file.
  public func convert(_ model: Model, to output: String) throws -> ConversionReport {
    try write(model, from: model.path, to: output, try format(for: output))
  }

  /// Whether something could be written there, before work is done for it.
  /// - Throws: `.unsupported` for a name whose format is not known, `.unwritable` for a folder that is not there.
  public func check(output: String) throws {
    _ = try format(for: output)
    try StagedOutput.check(path: output) {
      output.hasSuffix("/") && ConversionPlan.isModelDirectory($0)
    }
  }

  /// Whether what an optimiser remembers could be written there.
  /// - Throws: `.unsupported` for a format that has no place for it.
  public func checkOptimizer(output: String) throws {
    let format = try format(for: output)
    guard format.holdsOptimizer else {
      let names = FormatRegistry.all.filter(\.holdsOptimizer).map(\.title)
      throw DataError(
        .unsupported, "\(format.title) has no place for the state of an optimizer",
        expected: names.joined(separator: ", "), path: output)
    }
  }

  /// Whether this model could be written there, before work on its weights is done that would be lost.
  ///
  /// Into another format than its own it is written, and not kept.
  /// - Throws: as `convert`.
  public func check(_ model: Model, output: String) throws {
    try check(output: output)
    let format = try format(for: output)
    let plan = try plan(model, from: model.path, format)
    guard format.identifier != model.checkpoint.format else { return }
    let staged = try StagedOutput(path: output)
    _ = try staged.naming(source: model.path) { try format.write(plan.checkpoint, to: $0) }
  }

  private func plan(
    _ model: Model, from source: String, _ format: any ModelFormat
  ) throws -> ConversionPlan {
    var plan = try namingFile(source) {
      try ConversionPlan(of: model, to: format, options: options)
    }
    if let choices = format.storage(of: plan.checkpoint, asked: options.dataType) {
      plan.cast(to: choices, asked: options.dataType)
    } else if let type = options.dataType {
      plan.cast(to: type)
    }
    if !format.holdsBlocks, options.dataType?.isBlockQuantised != true { plan.widenBlocks() }
    if let obstacle = format.obstacle(to: plan.checkpoint) { throw obstacle.inFile(source) }
    return plan
  }

  private func write(
    _ model: Model, from source: String, to output: String, _ format: any ModelFormat
  ) throws -> ConversionReport {
    let plan = try plan(model, from: source, format)
    let staged = try StagedOutput(path: output)
    progress("writing \(output)")
    let written = try staged.naming(source: source) { try format.write(plan.checkpoint, to: $0) }
    var report = plan.report(written, source: source, output: staged.path)
    report.verification = try staged.naming(source: source) {
      try verification(of: $0, named: staged.path, against: model, plan, written)
    }
    if report.verification.status == .failed {
      throw DataError(
        .mismatch, "the check failed, nothing was written: \(report.verification.reason)",
        path: output,
        remedy: "this is a defect: please report it (--no-verify writes it all the same)")
    }
    try staged.commit(replacingDirectory: ConversionPlan.isModelDirectory(staged.path))
    return report
  }

  private func format(for output: String) throws -> any ModelFormat {
    let format =
      try options.format.map { try FormatRegistry.format(named: $0) }
      ?? FormatRegistry.format(forOutput: output)
    guard let size = options.shardByteCount else { return format }
    guard let limited = format.withFiles(ofAtMost: size) else {
      throw DataError(
        .unsupported, "a \(format.title) is always one file", path: output,
        remedy: "leave --shard-size out")
    }
    return limited
  }

  private func load(_ source: String) throws -> Model {
    var checkpoint = try FormatRegistry.read(source)
    checkpoint.adoptNeighbours(of: source)
    guard options.isWeightsOnly else {
      return try Model(
        checkpoint, path: source, as: options.architecture,
        options: SessionOptions(threads: options.threads))
    }
    return Model(unrecognised: checkpoint, path: source)
  }

  /// Reads the output back and compares: by running both sides where both have a graph, else tensor by tensor.
  private func verification(
    of temporaryPath: String, named output: String, against model: Model, _ plan: ConversionPlan,
    _ written: [WrittenTensor]
  ) throws -> ConversionReport.Verification {
    guard options.isVerified else {
      return .init(status: .unchecked, reason: "not asked for (--no-verify)")
    }
    progress("checking \(output)")
    let checkpoint = try FormatRegistry.read(temporaryPath)
    if let wrong = try plan.optimizerFault(in: checkpoint, written) {
      return .init(status: .failed, reason: wrong)
    }
    // Quantised on purpose, the model answers differently: its tensors must be what was meant
    guard plan.hasGraph, plan.castType?.isBlockQuantised != true else {
      return try compareTensors(checkpoint, plan)
    }
    let back = try Model(
      checkpoint, path: output, as: options.architecture,
      options: SessionOptions(threads: options.threads))
    guard back.hasGraph else { return try compareTensors(checkpoint, plan) }
    do {
      // A narrower type on purpose is checked for being that type's rounding, not for equality
      let tolerance = plan.castType.map { $0.byteCount < 4 ? 5e-2 : 1e-4 } ?? 1e-4
      let check = try OutputVerification(
        model, back, relativeTolerance: tolerance, comparesCommonOutputs: plan.changesEnds)
      return .init(
        status: check.isEqual ? .checked : .failed,
        maxAbsoluteDifference: check.maxAbsoluteDifference,
        reason: "both sides were run on \(check.inputDescription); the outputs differ by at most "
          + Converter.scientific(check.maxAbsoluteDifference))
    } catch let error as DataError where error.code == .unsupported || error.code == .limitExceeded
    {
      return .init(status: .unchecked, reason: "the model cannot be run: \(error.found)")
    }
  }

  /// Without a graph there is nothing to run: the file is read back, and every tensor compared.
  private func compareTensors(
    _ back: Checkpoint, _ plan: ConversionPlan
  ) throws -> ConversionReport.Verification {
    let read = Dictionary(
      back.normalised.map { ($0.entry.name, $0.entry) }, uniquingKeysWith: { $1 })
    for tensor in plan.checkpoint.normalised {
      guard let other = read[tensor.entry.name] else { continue }
      guard try tensor.entry.load().isBitEqual(to: try other.load()) else {
        return .init(
          status: .failed, reason: "tensor '\(tensor.entry.name)' reads back differently")
      }
    }
    return .init(
      status: .checked, maxAbsoluteDifference: 0,
      reason: "read back, every tensor bit for bit (there is no graph to run)")
  }

  static func scientific(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    var (mantissa, exponent) = (value.magnitude, 0)
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let digits = Int((mantissa * 10).rounded())
    return "\(digits / 10).\(digits % 10)e\(exponent)"
  }
}
