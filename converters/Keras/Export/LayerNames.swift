/// Names of layers: Keras allows everything but a slash, and HDF5 nothing else than slashes between names.
enum LayerNames {
  /// A name that Keras allows, from which the old one can be had again.
  static func escaped(_ name: String) -> String {
    var result = ""
    for character in name.unicodeScalars {
      switch character {
      case "/": result += "%2F"
      case "%": result += "%25"
      default: result.unicodeScalars.append(character)
      }
    }
    return ["", ".", ".."].contains(result) ? "%\(result)" : result
  }

  /// The name that was escaped.
  static func unescaped(_ name: String) -> String {
    guard name.contains("%") else { return name }
    let parts = name.split(separator: "%", omittingEmptySubsequences: false)
    var result = String(parts[0])
    for part in parts.dropFirst() {
      if part.hasPrefix("2F") {
        result += "/" + part.dropFirst(2)
      } else if part.hasPrefix("25") {
        result += "%" + part.dropFirst(2)
      } else {
        result += "%" + part
      }
    }
    return result
  }
}
