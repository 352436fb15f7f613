import BinaryIO

/// A moment on the wall: what `strftime_now` tells a template.
public struct CalendarTime: Sendable, Hashable {
  public var year: Int
  /// 1 to 12.
  public var month: Int
  /// 1 to 31.
  public var day: Int
  public var hour: Int
  public var minute: Int
  public var second: Int

  public init(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// Now, where the system thinks it is.
  public static var now: CalendarTime {
    let time = System.localTime
    return CalendarTime(
      year: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute,
      second: time.second)
  }

  /// The moment in the words of C's `strftime`, in English; unknown fields stay as they are.
  func formatted(_ format: String) -> String {
    var result = ""
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%", var field = scalars.popFirst() else {
        result.unicodeScalars.append(scalar)
        continue
      }
      // %-d: no leading zero
      let isBare = field == "-" && !scalars.isEmpty
      if isBare, let next = scalars.popFirst() { field = next }
      let text = self.field(field)
      let isPadded = isBare && text.hasPrefix("0") && text.utf8.count > 1
      result += isPadded ? String(text.dropFirst()) : text
    }
    return result
  }

  private func field(_ letter: Unicode.Scalar) -> String {
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December",
    ]
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    let monthName = months.indices.contains(month - 1) ? months[month - 1] : ""
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    switch letter {
    case "Y": return String(year)
    case "y": return two(year % 100)
    case "m": return two(month)
    case "d": return two(day)
    case "e": return day < 10 ? " \(day)" : "\(day)"
    case "H": return two(hour)
    case "I": return two((hour + 11) % 12 + 1)
    case "M": return two(minute)
    case "S": return two(second)
    case "p": return hour < 12 ? "AM" : "PM"
    case "B": return monthName
    case "b", "h": return String(monthName.prefix(3))
    case "A": return days[weekday]
    case "a": return String(days[weekday].prefix(3))
    case "w": return String(weekday)
    case "j":
      let number = String(dayOfYear)
      return String(repeating: "0", count: max(0, 3 - number.count)) + number
    case "F": return formatted("%Y-%m-%d")
    case "T": return formatted("%H:%M:%S")
    case "D": return formatted("%m/%d/%y")
    case "R": return formatted("%H:%M")
    case "n": return "\n"
    case "t": return "\t"
    case "%": return "%"
    default: return "%\(letter)"
    }
  }

  /// 0 for Sunday.
  ///
  /// - Source: Sakamoto's method for the Gregorian calendar.
  private var weekday: Int {
    let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let year = month < 3 ? year - 1 : year
    let sum = year + year / 4 - year / 100 + year / 400 + shifts[(month + 11) % 12] + day
    return ((sum % 7) + 7) % 7
  }

  private var dayOfYear: Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return lengths.prefix(max(month - 1, 0)).reduce(0, +) + day
  }
}
