import BinaryIO
import JSON
import ModelGraph

/// A layer being called, with what its configuration says.
struct KerasLayerCall {
  let layer: KerasLayer
  /// The layer's name with the names of the models around it.
  let path: [String]
  /// The tensors that it is called with.
  let inputs: [KerasTensor]
  /// All arguments in order, plain values too.
  let arguments: [KerasArgument]

  /// The name of the layer's node.
  var name: String { path.joined(separator: "/") }

  /// The name of a weight of the layer in the common form.
  func weightName(_ leaf: String) -> String {
    (path.map(LayerNames.unescaped) + [leaf]).joined(separator: ".")
  }

  /// The only input.
  func input() throws -> KerasTensor {
    guard inputs.count == 1 else {
      throw DataError(.malformed, "is called with \(inputs.count) tensors", expected: "one")
    }
    return inputs[0]
  }

  /// The only input, which must have so many axes.
  func input(rank: Int) throws -> KerasTensor {
    let tensor = try input()
    guard tensor.rank == rank else {
      throw DataError(
        .mismatch, "is called with a tensor of \(tensor.rank) axes", expected: "\(rank)")
    }
    return tensor
  }

  // MARK: The configuration

  func value(_ keys: String...) -> JSONValue? {
    for key in keys {
      if let value = layer.config[key], !value.isNull { return value }
    }
    return nil
  }

  func bool(_ key: String, default fallback: Bool) throws -> Bool {
    guard let value = value(key) else { return fallback }
    guard let bool = value.bool ?? value.integer.map({ $0 != 0 }) else { throw wrong(key, value) }
    return bool
  }

  func number(_ keys: String..., default fallback: Double) throws -> Double {
    for key in keys {
      if let value = value(key) {
        // Keras may write a number as an array object
        guard let number = value.double ?? value["config"]?["value"]?.double else {
          throw wrong(key, value)
        }
        return number
      }
    }
    return fallback
  }

  /// A number that counts something: at least 1.
  func count(_ key: String, default fallback: Int? = nil) throws -> Int {
    guard let value = value(key) else {
      guard let fallback else { throw DataError(.malformed, "its configuration has no \(key)") }
      return fallback
    }
    guard let count = value.integer, count > 0, count <= 1 << 40 else { throw wrong(key, value) }
    return count
  }

  /// Two numbers that count something along height and width, or one for both.
  func pair(_ key: String, default fallback: [Int]? = nil) throws -> [Int] {
    guard let value = value(key) else {
      guard let fallback else { throw DataError(.malformed, "its configuration has no \(key)") }
      return fallback
    }
    guard let pair = value.integer.map({ [$0, $0] }) ?? value.integers, pair.count == 2,
      pair.allSatisfy({ $0 > 0 && $0 <= 1 << 20 })
    else { throw wrong(key, value) }
    return pair
  }

  /// `[[top, bottom], [left, right]]`, or `[vertical, horizontal]`, or one number.
  func borders(_ key: String) throws -> (vertical: [Int], horizontal: [Int]) {
    guard let value = value(key) else {
      throw DataError(.malformed, "its configuration has no \(key)")
    }
    let sides: [[Int]]?
    if let one = value.integer {
      sides = [[one, one], [one, one]]
    } else if let two = value.integers {
      sides =
        two.count == 4
        ? [Array(two[..<2]), Array(two[2...])] : two.map { [$0, $0] }
    } else {
      sides = value.array?.compactMap(\.integers)
    }
    guard let sides, sides.count == 2,
      sides.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0 >= 0 && $0 <= 1 << 20 } })
    else { throw wrong(key, value) }
    return (sides[0], sides[1])
  }

  func string(_ key: String, default fallback: String) throws -> String {
    guard let value = value(key) else { return fallback }
    guard let string = value.string else { throw wrong(key, value) }
    return string
  }

  /// Refuses a setting that would change the result.
  func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    guard condition else { throw DataError(.unsupported, what()) }
  }

  /// Pictures must be channels-last, as they are by default.
  func requireChannelsLast() throws {
    let format = try string("data_format", default: "channels_last")
    try require(format == "channels_last", "data_format '\(format)'")
  }

  func wrong(_ key: String, _ value: JSONValue) -> DataError {
    DataError(.malformed, "its \(key) is \(value.text().prefix(80))")
  }
}
