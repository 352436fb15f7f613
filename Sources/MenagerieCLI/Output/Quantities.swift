/// Numbers as people read them.
enum Quantities {
  /// `1.2 kB`, `102.5 MB`: powers of a thousand, one digit after the point.
  static func bytes(_ count: Int) -> String {
    scaled(Double(count), ["B", "kB", "MB", "GB", "TB"])
  }

  /// The bytes that `500MB`, `5GB` or a plain number say; nil for what says none.
  static func byteCount(_ text: String) -> Int? {
    let upper = text.uppercased()
    let units = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1)]
    let unit = units.first { upper.hasSuffix($0.0) }
    let digits = upper.dropLast(unit?.0.count ?? 0)
    guard let number = Double(digits), number.isFinite, number >= 0 else { return nil }
    return Int(exactly: (number * (unit?.1 ?? 1)).rounded())
  }

  /// `0.41 s`, `3 min 20 s`, `2 h 5 min`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    if seconds < 1 { return "\(fixed(seconds, 3)) s" }
    if seconds < 60 { return "\(fixed(seconds, 1)) s" }
    let whole = Int(min(seconds, 1e9).rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// `25.6 M`: how many parameters.
  static func count(_ count: Int) -> String {
    count < 10_000 ? grouped(count) : scaled(Double(count), ["", "k", "M", "G", "T"])
  }

  /// `25,557,032`.
  static func grouped(_ count: Int) -> String {
    var digits = String(count.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (count < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// `3.1e-07`: a small difference.
  static func difference(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    var exponent = 0
    var mantissa = value.magnitude
    while mantissa >= 10 { mantissa /= 10; exponent += 1 }
    while mantissa < 1 { mantissa *= 10; exponent -= 1 }
    return (value < 0 ? "-" : "") + fixed(mantissa, 1) + "e" + (exponent < 0 ? "-" : "+")
      + (abs(exponent) < 10 ? "0" : "") + String(abs(exponent))
  }

  /// `value` with `digits` digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = Int((value.magnitude * scale).rounded())
    let whole = String(rounded / Int(scale))
    let sign = value < 0 && rounded != 0 ? "-" : ""
    guard digits > 0 else { return sign + whole }
    let fraction = String(rounded % Int(scale))
    return sign + whole + "." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  private static func scaled(_ value: Double, _ units: [String]) -> String {
    var value = value
    var unit = 0
    while value >= 999.95, unit < units.count - 1 { value /= 1000; unit += 1 }
    let number = unit == 0 ? String(Int(value)) : fixed(value, 1)
    return units[unit].isEmpty ? number : "\(number) \(units[unit])"
  }
}
