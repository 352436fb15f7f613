import ArgumentParser
import BinaryIO
import Collectives
import Formats
import Glibc
import JSON
import Menagerie
import OrderedCollections
import Training
import Zoo

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Let a pretrained model learn from your pictures or texts.",
    discussion: """
      menagerie finetune resnet18.pth --data flowers/ -o mine.safetensors
      menagerie finetune resnet50.h5 --data flowers/ -o mine.h5 --method full --epochs 20
      menagerie finetune resnet18.pth --data flowers/ -o mine.pth --resume run/
      menagerie finetune all-MiniLM-L6-v2/ --data reviews.csv -o mine/ --method full --epochs 3
      menagerie finetune SmolLM2-135M/ --data stories.txt -o mine/ --method full
      menagerie finetune vit-base/ --data flowers/ -o adapter/ --method lora --rank 8

      The data is a folder a class (flowers/rose/1.jpg), or such folders within train/ and val/; or a CSV or JSONL file \
      of paths of pictures, or of texts, with labels, numbers, texts that belong to them, answers or conversations; or a \
      plain text. A model with another number of classes gets a new last layer. With --resume, a run that was stopped \
      goes on where it was, and ends with the same weights as if it had never stopped. OUT is replaced only when all \
      went well.

      mpirun -np 2 menagerie finetune … shares the work among processes, on one machine or several: each learns from \
      --batch samples at a time, the first one writes.
      """)

  @Argument(help: "The model to begin with.", completion: .file())
  var model: String

  @Option(
    help: ArgumentHelp("A folder or table of pictures, or a file of texts.", valueName: "path"),
    completion: .file())
  var data: String

  @Option(
    name: [.short, .customLong("output")],
    help: "The file to write, or a name ending in '/' for a directory.", completion: .file())
  var output: String

  @Option(
    help: ArgumentHelp(
      "What learns: "
        + LearningMethods.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")
        + ". By default \(usualMethods).",
      valueName: "method"))
  var method: String?

  @Option(
    help: ArgumentHelp(
      "What is learnt: \(LearningTasks.names.joined(separator: ", ")). By default what model and data look like.",
      valueName: "task"))
  var task: String?

  @Option(
    help: ArgumentHelp(
      "Where the run's state is kept; a run that stopped goes on.", valueName: "folder"),
    completion: .directory)
  var resume: String?

  @Option(help: ArgumentHelp("What the model is, if it is not recognised.", valueName: "name"))
  var architecture: String?

  @Option(
    help: ArgumentHelp(
      "The format to write, if OUT's extension does not say it.", valueName: "format"))
  var to: String?

  @Flag(help: "Say what would learn, how long it would take and in how much memory, and stop.")
  var dryRun = false

  @Flag(name: .customLong("find-lr"), help: "Try learning rates, draw what they do, and stop.")
  var findRate = false

  @OptionGroup(title: "What learns") var weights: WeightArguments
  @OptionGroup(title: "Adapters (--method \(LowRankMethod.name))") var lowRank: LowRankArguments
  @OptionGroup(title: "Steps") var steps: StepArguments
  @OptionGroup(title: "Data") var reading: DataArguments
  @OptionGroup(title: "Pictures") var pictures: PictureArguments
  @OptionGroup(title: "Texts") var texts: TextArguments
  @OptionGroup(title: "Records") var records: RecordArguments
  @OptionGroup var threads: ThreadOptions

  @Flag(help: "One JSON document a line: each epoch, then what was written.")
  var json = false

  func validate() throws {
    if method != LowRankMethod.name, let option = lowRank.given.first {
      throw ValidationError("\(option) needs --method \(LowRankMethod.name)")
    }
    do { try options.checked() } catch let error as DataError {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    var conversion = ConversionOptions()
    conversion.format = to
    conversion.architecture = architecture
    conversion.threads = threads.count
    conversion.keepsOptimizer = true
    let converter = Converter(options: conversion) { Terminal.progress($0 + " …") }
    let launch = Launch()
    let communicator = try launch.communicator()
    var options = options
    options.threads = launch.threads(asked: threads.count)
    if !communicator.isFirst { Terminal.silence() }
    if isAdapter {
      try FineTuner.check(adapterOutput: output)
    } else {
      try converter.check(output: output)
    }
    if let path = records.reportPath(output: output) { _ = try StagedOutput(path: path) }
    if records.saveOptimizer == true { try converter.checkOptimizer(output: output) }
    Terminal.progress("reading \(model) …")
    let source = try Model(contentsOf: model, as: architecture)
    var tuner = try FineTuner(source, data: data, options: options, communicator: communicator)
    Terminal.endProgress()
    if records.saveOptimizer == true { try tuner.checkOptimizer() }
    describe(tuner, source)
    if communicator.size > 1 {
      Terminal.note(
        "\(communicator.size) processes learn from \(steps.batch) \(tuner.task.unit) each at a time"
      )
    }
    if dryRun { return try rehearse(&tuner) }
    if findRate { return try findRate(&tuner) }
    if !isAdapter, communicator.isFirst {
      try converter.check(tuner.task.model, output: output)
    }
    let logs = communicator.isFirst ? try records.logs() : []
    sayWhenStopped(communicator, after: nil)
    var line = TrainingProgress(epochs: steps.epochs, unit: tuner.task.unit)
    // Known when the first step has been compiled
    var session = steps.recompute ? tuner.session : nil
    let history = try tuner.run(resumingIn: resume, logs: logs) { step in
      if let memory = session?.memory {
        Terminal.endProgress()
        Terminal.note(memory.note)
        session = nil
      }
      Terminal.progress(line.line(step))
    } report: { epoch in
      Terminal.endProgress()
      say(epoch)
    } kept: { step in
      sayWhenStopped(communicator, after: step)
    }
    guard communicator.isFirst else { return }
    if let first = tuner.skippedSteps.first {
      Terminal.note("left out: \(tuner.skippedSteps.count) steps, the first since \(first.found)")
    }
    InterruptedOutputs.say(nil)
    let written = try write(tuner, by: converter)
    Terminal.endProgress()
    if json { Terminal.say(json: written.json) } else { Terminal.say(written.text) }
    if let path = records.reportPath(output: output) {
      let typed = ["menagerie"] + CommandLine.arguments.dropFirst().map(Terminal.quoted)
      try RunReport(
        tuner, history, verdict: tuner.evaluate(),
        model: [source.recognition?.variant, model].compactMap { $0 }.joined(separator: ", "),
        data: data, output: output, command: typed.joined(separator: " ")
      ).write(to: path)
      Terminal.note("how it went: \(path)")
    }
  }

  /// What a person reads who stops the run: whether, and from where, the same command goes on.
  private func sayWhenStopped(_ communicator: any Communicator, after step: Int?) {
    guard communicator.isFirst else { return }
    let end = communicator.size > 1 ? " from outside, perhaps since another process died" : ""
    let next =
      switch (resume, step) {
      case (nil, _): "nothing was kept; a run that begins with --resume FOLDER can go on"
      case (let folder?, nil): "no state was in \(folder) yet, so that the same command begins anew"
      case (let folder?, let step?): "the same command goes on from \(folder), after step \(step)"
      }
    InterruptedOutputs.say("menagerie: stopped\(end); \(next)")
  }

  /// Whether what is written is the adapter alone: a directory, where no format is asked for.
  private var isAdapter: Bool {
    let learns = LearningMethods.all.contains { $0.name == method && $0.learnsAdapters }
    return learns && output.hasSuffix("/") && to == nil
  }

  private func write(
    _ tuner: FineTuner, by converter: Converter
  ) throws -> (json: JSONValue, text: String) {
    guard isAdapter else {
      let report = try converter.convert(
        savesOptimizer(tuner) ? tuner.modelWithOptimizer() : tuner.model(), to: output)
      return (json ? try report.json() : .null, report.summary)
    }
    try tuner.writeAdapter(to: output)
    return (
      ["output": .string(output), "format": "peft"],
      "\(output): an adapter for \(model), as peft keeps it"
    )
  }

  /// Whether the optimiser's state is written: as asked for, or where the file came with one.
  private func savesOptimizer(_ tuner: FineTuner) -> Bool {
    if let asked = records.saveOptimizer { return asked }
    guard tuner.task.model.checkpoint.optimizer != nil, tuner.canSaveOptimizer else { return false }
    guard let others = tuner.otherWeights else { return true }
    Terminal.note(
      "the state of the optimizer is left out, since the weights are \(others) (--save-optimizer writes it)"
    )
    return false
  }

  private var options: FineTuningOptions {
    var options = FineTuningOptions()
    options.task = task
    options.method = method
    weights.apply(to: &options)
    lowRank.apply(to: &options)
    steps.apply(to: &options)
    reading.apply(to: &options)
    pictures.apply(to: &options)
    texts.apply(to: &options)
    options.threads = threads.count
    return options
  }

  private func describe(_ tuner: FineTuner, _ source: Model) {
    let (learning, all) = tuner.parameterCounts
    let task = tuner.task
    var data =
      "\(task.training.count) \(task.unit) to learn from and \(task.validation.count) to judge by"
    if !task.classes.isEmpty {
      data += ", \(task.classes.count) classes: \(shortened(task.classes))"
    }
    Terminal.note(data)
    Terminal.note(
      "\(source.recognition?.variant ?? "the file's own graph"): "
        + "\(Quantities.count(learning)) of \(Quantities.count(all)) numbers learn (--method \(tuner.options.methodName))"
    )
    if task.isHeadNew {
      Terminal.note("the last layer is new: the model had another number of classes, or none")
    }
    if steps.precision == .bfloat16 {
      Terminal.note(
        "matrix products multiply in bfloat16"
          + (steps.precision.isFast ? "" : ", which is slower than float32 on this processor"))
    }
    for note in tuner.notes + task.notes + tuner.dropoutNotes { Terminal.note(note) }
    for error in task.skipped { Terminal.note("left out: \(error)") }
  }

  private func rehearse(_ tuner: inout FineTuner) throws {
    Terminal.progress("trying a few steps …")
    let found = try tuner.rehearse()
    Terminal.endProgress()
    let counts = tuner.parameterCounts
    if steps.recompute, let memory = tuner.session.memory { Terminal.note(memory.note) }
    if json {
      Terminal.say(json: [
        "task": .string(type(of: tuner.task).name), "method": .string(tuner.options.methodName),
        "training": .integer(tuner.task.training.count),
        "validation": .integer(tuner.task.validation.count),
        "classes": .array(tuner.task.classes.map { .string($0) }),
        "learning": .integer(counts.learning), "parameters": .integer(counts.all),
        "steps": .integer(found.steps), "secondsPerStep": .number(found.secondsOfStep),
        "seconds": .number(found.seconds), "peakResidentBytes": .integer(found.peakResidentBytes),
        "values": tuner.session.memory?.json ?? .null,
      ])
      return
    }
    Terminal.say(
      "\(found.steps) steps, \(Quantities.duration(found.secondsOfStep)) each: "
        + "about \(Quantities.duration(found.seconds)); memory: \(Quantities.bytes(found.peakResidentBytes))"
    )
  }

  private func findRate(_ tuner: inout FineTuner) throws {
    Terminal.progress("trying learning rates …")
    let found = try tuner.findRate()
    Terminal.endProgress()
    if json {
      Terminal.say(json: [
        "suggestion": found.suggestion.map { .number($0) } ?? .null,
        "points": .array(
          found.points.map { ["lr": .number($0.rate), "loss": .number($0.loss)] }),
      ])
      return
    }
    let points = found.points.map { (x: log10($0.rate), y: $0.loss) }
    Terminal.say(TextCurve(points).text { Quantities.difference(pow(10, $0)) })
    Terminal.say(
      found.suggestion.map {
        "the loss falls fastest at a learning rate of \(Quantities.difference($0))"
      }
        ?? "the loss falls at no learning rate")
  }

  /// Which method each task has where nobody says one: `full for embed, head for all others`.
  private static var usualMethods: String {
    let most = LearningMethods.names[0]
    let others = LearningMethods.names.dropFirst().compactMap { method -> String? in
      let tasks = LearningTasks.all.filter { $0.usualMethod == method }.map { $0.name }
      return tasks.isEmpty ? nil : "\(method) for \(tasks.joined(separator: " and "))"
    }
    return (others + ["\(most) for all others"]).joined(separator: ", ")
  }

  private func shortened(_ names: [String]) -> String {
    let first = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? first + ", …" : first
  }

  private func say(_ epoch: FineTuner.EpochReport) {
    if json {
      var line: OrderedDictionary<String, JSONValue> = [
        "epoch": .integer(epoch.epoch), "loss": .number(epoch.loss),
        "validation_loss": epoch.validationLoss.map { .number($0) } ?? .null,
        // Always there, for those who count on it
        "accuracy": epoch["accuracy"].map { .number($0) } ?? .null,
      ]
      for metric in epoch.metrics {
        line[metric.name.replacing(" ", with: "_").lowercased()] = .number(metric.value)
      }
      line["seconds"] = .number(epoch.seconds)
      Terminal.say(json: .object(line))
      return
    }
    var line = "epoch \(epoch.epoch)/\(steps.epochs)  loss \(Quantities.fixed(epoch.loss, 4))"
    if let loss = epoch.validationLoss {
      line += "  validation loss \(Quantities.fixed(loss, 4))"
      for metric in epoch.metrics {
        line +=
          ", \(metric.name) "
          + (metric.isShare
            ? "\(Quantities.fixed(100 * metric.value, 1)) %" : Quantities.fixed(metric.value, 4))
      }
    }
    Terminal.say(line + "  (\(Quantities.fixed(epoch.seconds, 1)) s)")
  }
}
