import BinaryIO
import Images
import Training

/// A run on one page that needs nothing beside it: curves, what was taken for what, the worst mistakes, the command.
public struct RunReport {
  private let title: String
  private let command: String
  private let facts: [(name: String, value: String)]
  private let history: RunHistory
  private let verdict: FineTuner.Verdict?
  private let task: any LearningTask

  /// - Parameters:
  ///   - model: what it began with, as a person knows it.
  ///   - output: what it wrote.
  ///   - command: as it was typed.
  public init(
    _ tuner: FineTuner, _ history: RunHistory, verdict: FineTuner.Verdict?, model: String,
    data: String, output: String, command: String
  ) {
    let (learning, all) = tuner.parameterCounts
    let options = tuner.options
    let processes = tuner.communicator.size
    task = tuner.task
    title = System.lastComponent(output)
    self.command = command
    self.history = history
    self.verdict = verdict
    let seconds = history.epochs.reduce(0) { $0 + $1.seconds }
    var facts = [
      ("Model", model), ("Data", data),
      ("Learnt from", "\(task.training.count) \(task.unit), judged by \(task.validation.count)"),
      (
        "Method",
        "\(options.methodName): \(Self.grouped(learning)) of \(Self.grouped(all)) numbers learnt"
      ),
      (
        "Steps",
        "\(history.steps.last?.step ?? 0) in \(history.epochs.count) epochs, batches of "
          + "\(options.batchSize * options.accumulation * processes)"
          + (processes > 1 ? " on \(processes) processes" : "")
          + ", \(SVGChart.fixed(seconds, 1)) s"
      ),
      (
        "Optimizer",
        "\(options.optimizerName), learning rate \(options.rate ?? options.usualRate), \(options.schedule)"
      ),
      ("Seed", "\(options.seed)"), ("Written", output),
      ("Menagerie", MenagerieVersion.current),
    ]
    facts += (tuner.notes + task.notes + tuner.dropoutNotes).map { ("Note", $0) }
    if !task.skipped.isEmpty { facts.append(("Left out", "\(task.skipped.count) \(task.unit)")) }
    self.facts = facts
  }

  /// `25,557,032`.
  private static func grouped(_ count: Int) -> String {
    let digits = Array(String(count))
    return String(
      digits.indices.flatMap { place in
        place > 0 && (digits.count - place) % 3 == 0 ? [",", digits[place]] : [digits[place]]
      })
  }

  public func html() -> String {
    let sections = [headline, factsTable, curves, confusion, mistakes].filter { !$0.isEmpty }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(HTML.escaped(title)): fine-tuning</title><style>\(RunReport.style)</style></head><body><main>
      <h1>\(HTML.escaped(title))</h1><pre>\(HTML.escaped(command))</pre>
      \(sections.joined(separator: "\n"))
      </main></body></html>

      """
  }

  /// Writes the page, all at once.
  /// - Throws: `.unwritable`.
  public func write(to path: String) throws {
    let writer = try AtomicFileWriter(path: path)
    try writer.write(html())
    try writer.commit()
  }

  private var headline: String {
    guard let verdict else { return "" }
    var figures = verdict.metrics.map { ($0.name, Self.shown($0)) }
    figures.append(("validation loss", SVGChart.fixed(verdict.loss, 4)))
    let cells = figures.map {
      "<div><b>\(HTML.escaped($0.1))</b><span>\(HTML.escaped($0.0))</span></div>"
    }
    return "<section class=\"figures\">\(cells.joined())</section>"
  }

  private static func shown(_ metric: Metric) -> String {
    metric.isShare
      ? SVGChart.fixed(100 * metric.value, 1) + " %" : SVGChart.fixed(metric.value, 4)
  }

  private var factsTable: String {
    let rows = facts.map {
      "<tr><th>\(HTML.escaped($0.name))</th><td>\(HTML.escaped($0.value))</td></tr>"
    }
    return "<section><table class=\"facts\">\(rows.joined())</table></section>"
  }
}

extension RunReport {
  private var curves: String {
    let steps = history.steps
    let epochs = history.epochs
    var loss = [
      SVGChart.Curve(
        name: "training", points: Self.thinned(steps.map { (Double($0.step), $0.loss) }),
        style: "one")
    ]
    let judged = epochs.compactMap { epoch in
      epoch.validationLoss.map { (x: Double(epoch.step), y: $0) }
    }
    if !judged.isEmpty {
      loss.append(
        SVGChart.Curve(name: "validation", points: judged, style: "two", hasDots: true))
    }
    var charts = [SVGChart(title: "Loss", horizontal: "steps", curves: loss)]
    var names: [String] = []
    for metric in epochs.flatMap(\.metrics) where !names.contains(metric.name) {
      names.append(metric.name)
    }
    for isShare in [true, false] {
      let styles = ["one", "two", "three", "four"]
      let own = names.filter { name in
        epochs.contains { $0.metrics.contains { $0.name == name && $0.isShare == isShare } }
      }
      guard !own.isEmpty else { continue }
      let curves = own.enumerated().map { place, name in
        SVGChart.Curve(
          name: name,
          points: epochs.compactMap { epoch in epoch[name].map { (Double(epoch.epoch), $0) } },
          style: styles[place % styles.count], hasDots: true)
      }
      charts.append(
        SVGChart(
          title: own[0], horizontal: "epochs", curves: curves, isPercent: isShare))
    }
    charts.append(
      SVGChart(
        title: "Learning rate", horizontal: "steps",
        curves: [
          SVGChart.Curve(
            name: "learning rate", points: Self.thinned(steps.map { (Double($0.step), $0.rate) }),
            style: "three")
        ]))
    let figures = charts.compactMap { chart in
      chart.svg().map {
        "<figure><figcaption>\(HTML.escaped(Self.capitalised(chart.title))) \(chart.legend)</figcaption>\($0)</figure>"
      }
    }
    return "<section class=\"charts\">\(figures.joined())</section>"
  }

  private static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// At most 400 points, each the mean of its neighbours.
  static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    let size = (points.count + 399) / 400
    guard size > 1 else { return points }
    return stride(from: 0, to: points.count, by: size).map { start in
      let part = points[start..<min(start + size, points.count)]
      let count = Double(part.count)
      return (part.reduce(0) { $0 + $1.x } / count, part.reduce(0) { $0 + $1.y } / count)
    }
  }

  private var confusion: String {
    guard let matrix = verdict?.judge.confusion else { return "" }
    guard matrix.classes <= 30 else { return pairs(of: matrix) }
    func name(_ label: Int) -> String { HTML.escaped(self.name(label)) }
    let classes = 0..<matrix.classes
    let head = classes.map { "<th scope=\"col\"><span>\(name($0))</span></th>" }.joined()
    let rows = classes.map { actual -> String in
      let all = max(1, classes.reduce(0) { $0 + matrix[actual, $1] })
      let cells = classes.map { predicted -> String in
        let count = matrix[actual, predicted]
        let share = Int((100 * Double(count) / Double(all)).rounded())
        let kind = actual == predicted ? "right" : "wrong"
        return
          "<td class=\"\(kind)\" style=\"--share:\(share)%\">\(count == 0 ? "" : "\(count)")</td>"
      }
      return "<tr><th scope=\"row\">\(name(actual))</th>\(cells.joined())</tr>"
    }
    return """
      <section><h2>What was taken for what</h2><p>Rows are what it is, columns what the model says.</p>
      <div class="scroll"><table class="confusion"><tr><td></td>\(head)</tr>\(rows.joined())</table></div></section>
      """
  }

  /// The pairs that were confused most, where a matrix would be too large to look at.
  private func pairs(of matrix: ConfusionMatrix) -> String {
    var found: [(actual: Int, predicted: Int, count: Int)] = []
    for actual in 0..<matrix.classes {
      for predicted in 0..<matrix.classes where actual != predicted {
        let count = matrix[actual, predicted]
        if count > 0 { found.append((actual, predicted, count)) }
      }
    }
    guard !found.isEmpty else { return "" }
    found.sort { ($1.count, $0.actual) < ($0.count, $1.actual) }
    let rows = found.prefix(20).map {
      "<tr><td>\(HTML.escaped(name($0.actual)))</td><td>\(HTML.escaped(name($0.predicted)))</td><td>\($0.count)</td></tr>"
    }
    return """
      <section><h2>What was taken for what</h2><table class="facts">
      <tr><th>It is</th><th>The model says</th><th>Times</th></tr>\(rows.joined())</table></section>
      """
  }

  private func name(_ label: Int) -> String {
    task.classes.indices.contains(label) ? task.classes[label] : "\(label)"
  }

  private var mistakes: String {
    guard let mistakes = verdict?.judge.mistakes, !mistakes.isEmpty else { return "" }
    let cards = mistakes.map { mistake -> String in
      let words =
        "is <b>\(HTML.escaped(name(mistake.actual)))</b>, taken for "
        + "<b>\(HTML.escaped(name(mistake.predicted)))</b> "
        + "(\(SVGChart.fixed(100 * mistake.confidence, 0)) %)"
      return "<figure>\(shown(mistake.sample))<figcaption>\(words)</figcaption></figure>"
    }
    return """
      <section><h2>The worst mistakes</h2><div class="mistakes">\(cards.joined())</div></section>
      """
  }

  private func shown(_ sample: Int) -> String {
    switch task.exhibit(sample) {
    case .picture(let path):
      let name = HTML.escaped(path)
      guard let picture = try? Picture(contentsOf: path),
        let file = try? picture.thumbnail(160).jpeg()
      else { return "<p>\(name)</p>" }
      return
        "<img alt=\"\(name)\" title=\"\(name)\" src=\"data:image/jpeg;base64,\(HTML.base64(file))\">"
    case .text(let text):
      let short = text.count > 400 ? text.prefix(400) + "…" : text[...]
      return "<blockquote>\(HTML.escaped(String(short)))</blockquote>"
    case nil: return "<p>sample \(sample)</p>"
    }
  }
}

extension RunReport {
  private static let style = """
    :root{color-scheme:light dark;--ink:#1c2024;--soft:#6a7178;--paper:#fff;--line:#e2e5e9;--one:#2563c9;--two:#d9480f;\
    --three:#2f8f5b;--four:#8a4fc4}
    @media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#9aa2aa;--paper:#15181b;--line:#30353a;--one:#6ea8ff;\
    --two:#ff8a4c;--three:#5fcf94;--four:#c39bf0}}
    body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
    main{max-width:1080px;margin:0 auto;padding:24px 16px 64px}
    h1{font-size:26px;margin:0 0 8px}h2{font-size:18px;margin:32px 0 8px}p{margin:0 0 8px;color:var(--soft)}
    pre{background:color-mix(in srgb,var(--ink) 6%,transparent);padding:10px 12px;border-radius:6px;overflow-x:auto;\
    white-space:pre-wrap;font-size:13px}
    .figures{display:flex;flex-wrap:wrap;gap:32px;margin:20px 0}.figures b{display:block;font-size:28px}
    .figures span,figcaption{color:var(--soft)}
    table{border-collapse:collapse}.facts th{text-align:left;font-weight:500;color:var(--soft);padding:3px 20px 3px 0;\
    vertical-align:top}.facts td{padding:3px 20px 3px 0;overflow-wrap:anywhere}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:20px;margin-top:24px}
    figure{margin:0}svg{width:100%;height:auto}svg text{fill:var(--soft);font-size:12px}.grid{stroke:var(--line)}
    polyline{fill:none;stroke-width:2}.one{--own:var(--one)}.two{--own:var(--two)}.three{--own:var(--three)}\
    .four{--own:var(--four)}polyline{stroke:var(--own)}circle{fill:var(--own)}
    .key::before{content:"";display:inline-block;width:10px;height:10px;border-radius:5px;background:var(--own);\
    margin:0 5px 0 10px}
    .scroll{overflow-x:auto}.confusion{font-size:13px}.confusion td{min-width:30px;height:26px;text-align:center;\
    border:1px solid var(--line)}.confusion th{font-weight:500;padding:2px 8px;text-align:right}
    .confusion th[scope=col] span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:140px;overflow:hidden}
    .right{background:color-mix(in srgb,var(--three) var(--share),transparent)}
    .wrong{background:color-mix(in srgb,var(--two) var(--share),transparent)}
    .mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:16px}
    .mistakes img{max-width:100%;border-radius:6px;display:block;margin-bottom:4px}.mistakes figcaption{font-size:13px}
    blockquote{margin:0 0 4px;padding:8px 10px;border-left:3px solid var(--two);font-size:13px;overflow-wrap:anywhere}
    """
}
