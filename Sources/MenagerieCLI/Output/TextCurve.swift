/// A curve drawn in a terminal, two dots wide and four dots high a character.
struct TextCurve {
  let points: [(x: Double, y: Double)]
  var columns = 64
  var rows = 12

  init(_ points: [(x: Double, y: Double)]) {
    self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
  }

  /// Lines with the range of `y` at their left and that of `x`, as `label` writes it, below.
  func text(label: (Double) -> String) -> String {
    guard let first = points.first else { return "nothing to draw" }
    let xs = points.map(\.x)
    let ys = points.map(\.y)
    let (left, right) = (xs.min() ?? first.x, xs.max() ?? first.x)
    let (low, high) = (ys.min() ?? first.y, ys.max() ?? first.y)
    func row(_ y: Double) -> Int { 4 * rows - 1 - place(y, low, high, 4 * rows) }
    var dots = Array(repeating: Array(repeating: UInt32(0), count: columns), count: rows)
    func place(_ value: Double, _ low: Double, _ high: Double, _ count: Int) -> Int {
      high > low ? Int(((value - low) / (high - low) * Double(count - 1)).rounded()) : 0
    }
    for (one, next) in zip(points, points.dropFirst() + points.suffix(1)) {
      let start = (place(one.x, left, right, 2 * columns), row(one.y))
      let end = (place(next.x, left, right, 2 * columns), row(next.y))
      let count = max(abs(end.0 - start.0), abs(end.1 - start.1), 1)
      for step in 0...count {
        let x = start.0 + (end.0 - start.0) * step / count
        let y = start.1 + (end.1 - start.1) * step / count
        dots[y / 4][x / 2] |= Self.dot(x % 2, y % 4)
      }
    }
    let labels = [Quantities.fixed(high, 3), Quantities.fixed(low, 3)]
    let width = labels.map(\.count).max() ?? 0
    func padded(_ text: String) -> String {
      String(repeating: " ", count: width - text.count) + text
    }
    var lines = dots.enumerated().map { row, line in
      let label = row == 0 ? labels[0] : row == rows - 1 ? labels[1] : ""
      return padded(label) + " ┤"
        + String(String.UnicodeScalarView(line.compactMap { Unicode.Scalar(0x2800 + $0) }))
    }
    let (from, to) = (label(left), label(right))
    let gap = String(repeating: " ", count: max(1, columns - from.count - to.count))
    lines.append(padded("") + "  " + from + gap + to)
    return lines.joined(separator: "\n")
  }

  /// The bit of a dot in a Braille pattern (Unicode, block U+2800).
  private static func dot(_ x: Int, _ y: Int) -> UInt32 {
    [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][x][y]
  }
}
