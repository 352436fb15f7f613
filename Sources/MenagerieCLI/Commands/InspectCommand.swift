import ArgumentParser
import BinaryIO
import Formats
import JSON
import Menagerie
import ModelGraph
import Zoo

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a file holds.",
    discussion: """
      The tensors as a tree of modules, what the model was recognised as and why, and what else is in the file. \
      Nothing in the file is executed; --security lists what another loader might execute.
      """)

  @Argument(help: "A model file, or a Hugging Face directory.", completion: .file())
  var file: String

  @Flag(help: "One JSON document.")
  var json = false

  @Option(help: ArgumentHelp("Only the tensors whose names match, one a line.", valueName: "glob"))
  var tensors: String?

  @Flag(help: "The graph's inputs, outputs and nodes.")
  var graph = false

  @Flag(help: "What in the file another loader might execute.")
  var security = false

  func run() throws {
    let model = try Model(contentsOf: file)
    if json {
      Terminal.say(json: Inspection(model).json)
    } else if let tensors {
      list(model.checkpoint.tensors.filter { Glob(tensors).matches($0.name) })
    } else if graph {
      try show(graph: try model.graph())
    } else if security {
      show(security: model.checkpoint.security)
    } else {
      show(model)
    }
  }

  private func show(_ model: Model) {
    let checkpoint = model.checkpoint
    let title = model.recognition.map { "\($0.variant), \($0.dialect)" } ?? "not recognised"
    let size = Quantities.bytes(System.byteCount(file))
    Terminal.say(
      "\(Terminal.bold(System.lastComponent(file)))  \(checkpoint.format), \(size): \(title)")
    if model.recognition == nil, let nearest = nearest(checkpoint) {
      Terminal.say(Terminal.faint("  · \(nearest)"))
    }
    for evidence in model.recognition?.evidence ?? [] {
      Terminal.say(Terminal.faint("  · \(evidence)"))
    }
    Terminal.say("")
    for line in ModuleTree(checkpoint.tensors).lines(width: Terminal.width) { Terminal.say(line) }
    Terminal.say("")
    let numbers = Quantities.count(Inspection(model).parameterCount)
    let types = Dictionary(grouping: checkpoint.tensors, by: \.dataType)
      .map { "\($0.value.count) \($0.key)" }.sorted().joined(separator: ", ")
    Terminal.say(
      "\(checkpoint.tensors.count) tensors, \(numbers) numbers (\(types.isEmpty ? "none" : types))")
    if let summary = checkpoint.graphSummary ?? checkpoint.graph.map(GraphSummary.init(of:)) {
      let operators = summary.operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let shown = operators.prefix(8).map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      Terminal.say("graph: \(shown)\(operators.count > 8 ? ", …" : "")")
      for value in summary.inputs { Terminal.say("  in   \(value.name)  \(value.type)") }
      for value in summary.outputs { Terminal.say("  out  \(value.name)  \(value.type)") }
    }
    if let error = checkpoint.graphError { Terminal.say("graph: cannot be run: \(error)") }
    for (key, value) in checkpoint.metadata.filter({ !$0.key.hasPrefix("_") }).prefix(12) {
      let text = value.string ?? value.text()
      Terminal.say(Terminal.faint("\(key): \(text.count > 70 ? text.prefix(70) + "…" : text[...])"))
    }
    for note in checkpoint.notes { Terminal.say("note: \(note)") }
    if let record = checkpoint.optimizer {
      Terminal.say("optimizer: \(record.description)")
      for note in record.notes { Terminal.say("  · \(note)") }
    } else if let error = checkpoint.optimizerError {
      Terminal.say("optimizer: cannot be gone on with: \(error)")
    }
    let others = checkpoint.tensorsBesides
    if !others.isEmpty {
      Terminal.say("besides: \(others.count) tensors that are no weights (\(others[0].name) …)")
    }
    if !checkpoint.security.isEmpty {
      Terminal.say(
        "security: \(checkpoint.security.count) things that another loader might execute; see --security"
      )
    }
  }

  /// What the weights resemble, and what speaks against it.
  private func nearest(_ checkpoint: Checkpoint) -> String? {
    Catalogue.standard.resemblances(of: checkpoint.normalised, sidecars: checkpoint.sidecars)
      .first?.description
  }

  private func list(_ entries: [TensorEntry]) {
    let width = entries.map(\.name.count).max() ?? 0
    for entry in entries {
      Terminal.say("\(entry.name.padded(to: width))  \(entry.dataType)  \(entry.shape)")
    }
  }

  private func show(graph: Graph) throws {
    for id in graph.inputs { Terminal.say("in   \(graph[id].name)  \(graph[id].type)") }
    let width = graph.nodes.map(\.operator.name.count).max() ?? 0
    for node in graph.nodes {
      let inputs = node.inputs.map { $0.map { graph[$0].name } ?? "-" }.joined(separator: ", ")
      let outputs = node.outputs.map { $0.map { graph[$0].name } ?? "-" }.joined(separator: ", ")
      Terminal.say("     \(node.operator.name.padded(to: width))  \(inputs) → \(outputs)")
    }
    for id in graph.outputs { Terminal.say("out  \(graph[id].name)  \(graph[id].type)") }
  }

  private func show(security: [SecurityFinding]) {
    if security.isEmpty { Terminal.say("nothing that any loader would execute") }
    for finding in security {
      Terminal.say(
        "\(finding.kind)  \(finding.name)\(finding.offset.map { "  at byte \($0)" } ?? "")")
    }
  }
}
