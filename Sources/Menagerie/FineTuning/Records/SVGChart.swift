import Glibc

/// Curves over steps or epochs, as a picture in SVG that a page holds within itself.
struct SVGChart {
  struct Curve {
    var name: String
    var points: [(x: Double, y: Double)]
    /// A class of the page's style: its colour.
    var style: String
    /// Whether each point is worth a dot.
    var hasDots = false
  }

  let title: String
  let horizontal: String
  var curves: [Curve]
  var isPercent = false

  private static let (width, height) = (640.0, 260.0)
  private static let (left, right, top, bottom) = (64.0, 16.0, 14.0, 34.0)

  /// Nil when there is nothing to draw.
  func svg() -> String? {
    let points = curves.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    guard let first = points.first else { return nil }
    let across = Self.range(
      points.reduce((first.x, first.x)) { (min($0.0, $1.x), max($0.1, $1.x)) })
    let ticks = Self.ticks(points.reduce((first.y, first.y)) { (min($0.0, $1.y), max($0.1, $1.y)) })
    let up = (ticks.first ?? 0, ticks.last ?? 1)
    func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
      let x = (point.x - across.0) / (across.1 - across.0)
      let y = (point.y - up.0) / (up.1 - up.0)
      return (
        Self.left + x * (Self.width - Self.left - Self.right),
        Self.height - Self.bottom - y * (Self.height - Self.top - Self.bottom)
      )
    }
    var parts = [
      #"<svg viewBox="0 0 \#(Int(Self.width)) \#(Int(Self.height))" role="img" aria-label="\#(HTML.escaped(title))">"#
    ]
    for tick in ticks {
      let y = Self.text(place((across.0, tick)).y)
      parts.append(
        #"<line class="grid" x1="\#(Self.left)" x2="\#(Self.width - Self.right)" y1="\#(y)" y2="\#(y)"/>"#
          + #"<text x="\#(Self.left - 8)" y="\#(y)" dy="0.35em" text-anchor="end">\#(label(tick, ticks))</text>"#
      )
    }
    let marks = Self.ticks((across.0, across.1)).filter { $0 >= across.0 && $0 <= across.1 }
    for mark in marks where mark == mark.rounded() {
      let x = Self.text(place((mark, up.0)).x)
      parts.append(
        #"<text x="\#(x)" y="\#(Self.height - Self.bottom + 18)" text-anchor="middle">\#(Int(mark))</text>"#
      )
    }
    parts.append(
      #"<text x="\#(Self.width - Self.right)" y="\#(Self.height - 2)" text-anchor="end">\#(HTML.escaped(horizontal))</text>"#
    )
    for curve in curves {
      let places = curve.points.filter { $0.x.isFinite && $0.y.isFinite }.map(place)
      let line = places.map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")
      parts.append(#"<polyline class="\#(curve.style)" points="\#(line)"/>"#)
      guard curve.hasDots || places.count == 1 else { continue }
      for (point, at) in zip(curve.points, places) {
        parts.append(
          #"<circle class="\#(curve.style)" cx="\#(Self.text(at.x))" cy="\#(Self.text(at.y))" r="3">"#
            + "<title>\(HTML.escaped(curve.name)) \(label(point.y, [])) at \(Int(point.x))</title></circle>"
        )
      }
    }
    return parts.joined() + "</svg>"
  }

  /// The names of the curves in their colours.
  var legend: String {
    curves.map { #"<span class="key \#($0.style)">\#(HTML.escaped($0.name))</span>"# }.joined(
      separator: " ")
  }

  private func label(_ value: Double, _ ticks: [Double]) -> String {
    let step = ticks.count > 1 ? ticks[1] - ticks[0] : abs(value) / 100
    return Self.number(isPercent ? 100 * value : value, step: isPercent ? 100 * step : step)
      + (isPercent ? " %" : "")
  }

  /// A number with as many digits as a step of this size asks for.
  static func number(_ value: Double, step: Double) -> String {
    guard value != 0 else { return "0" }
    if step < 1e-3 && abs(value) < 1e-1 || abs(value) >= 1e6 {
      let exponent = Int(log10(abs(value)).rounded(.down))
      let mantissa = value / pow(10, Double(exponent))
      return "\(text(mantissa))e\(exponent)"
    }
    let digits = step > 0 && step.isFinite ? max(0, min(6, Int(ceil(-log10(step) - 1e-9)))) : 3
    return fixed(value, digits)
  }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = pow(10, Double(digits))
    guard let scaled = Int(exactly: (abs(value) * scale).rounded()) else { return "\(value)" }
    let whole = scaled / Int(scale)
    let sign = value < 0 && scaled != 0 ? "−" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let rest = String(scaled % Int(scale))
    return "\(sign)\(whole).\(String(repeating: "0", count: digits - rest.count))\(rest)"
  }

  private static func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  private static func range(_ bounds: (Double, Double)) -> (Double, Double) {
    bounds.1 > bounds.0 ? bounds : (bounds.0 - 0.5, bounds.1 + 0.5)
  }

  /// Round numbers from below the least to above the greatest, three to eight of them.
  static func ticks(_ bounds: (Double, Double)) -> [Double] {
    let (low, high) = bounds.1 > bounds.0 ? bounds : (bounds.0, bounds.0 + max(abs(bounds.0), 1e-9))
    let rough = (high - low) / 5
    let power = pow(10, log10(rough).rounded(.down))
    let step =
      power * (rough / power < 1.5 ? 1 : rough / power < 3 ? 2 : rough / power < 7 ? 5 : 10)
    guard step > 0, step.isFinite else { return [low, high] }
    let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.up))
    guard last - first < 100 else { return [low, high] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }
}
