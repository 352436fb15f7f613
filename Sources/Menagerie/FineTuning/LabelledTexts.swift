import BinaryIO
import Tensors
import Training

/// Texts with labels or numbers, as a model takes them.
struct LabelledTexts: Sendable {
  let dataset: TextDataset
  /// In the model's own order, where it has the same.
  let classes: [String]
  let training: TextSource
  let validation: TextSource
  let notes: [String]

  /// - Parameter isMeasured: whether numbers are learnt, and not classes.
  init(
    _ model: Model, data: String, options: FineTuningOptions, isMeasured: Bool
  ) throws {
    var asked = TextDataset.Options()
    asked.textColumn = options.texts.textColumn
    asked.pairColumn = options.texts.pairColumn
    asked.targetColumn = options.texts.labelColumn
    asked.labelSeparator = options.texts.labelSeparator
    asked.kind = isMeasured ? .number : nil
    asked.classifies = !isMeasured
    asked.validationShare = options.validationShare
    asked.seed = options.seed
    asked.skipsBad = options.skipsBad
    let input = try TextInput(model, maximum: options.texts.maximumLength)
    let dataset = try TextDataset(data, asked)
    try options.checkSmoothing(of: dataset.kind)
    let known = model.labels ?? []
    let isKnown = Set(known) == Set(dataset.classes) && known.count == dataset.classes.count
    let classes = isKnown ? known : dataset.classes
    let places = dataset.classes.map { name in classes.firstIndex(of: name) ?? 0 }
    var cut = 0
    func source(_ examples: [TextDataset.Example], smoothing: Double) throws -> TextSource {
      let samples = try examples.map { example in
        let (sequence, isCut) = try naming("\(example.path), line \(example.line)") {
          try input.sequence(example.text, pair: example.pair)
        }
        cut += isCut ? 1 : 0
        return [sequence]
      }
      let targets = examples.map { $0.target.renumbered(places) }
      let count = classes.count
      return TextSource(
        samples, labels: targets.compactMap(\.label), inputs: input.text.inputs,
        padding: input.padding, limit: input.limit
      ) { indices in
        dataset.kind.tensor(
          of: indices.map { targets[$0] }, classes: count, smoothing: smoothing)
      }
    }
    training = try source(dataset.training, smoothing: options.labelSmoothing)
    validation = try source(dataset.validation, smoothing: 0)
    notes = dataset.columns.evidence + [input.note(cut: cut)].compactMap(\.self)
    self.dataset = dataset
    self.classes = classes
  }

  var signature: String {
    "\(dataset.training.count) texts with "
      + (dataset.kind == .number ? "numbers" : classes.joined(separator: ", "))
  }

  func exhibit(_ sample: Int) -> Exhibit? {
    guard dataset.validation.indices.contains(sample) else { return nil }
    let example = dataset.validation[sample]
    return .text(example.text + (example.pair.map { " | \($0)" } ?? ""))
  }
}
