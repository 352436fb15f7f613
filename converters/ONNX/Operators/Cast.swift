import BinaryIO
import ModelGraph
import Operators
import Tensors

extension ONNXOperator {
  static let cast = ONNXOperator(Cast.self, since: 13) { node in
    node.ignore("round_mode")
    let target: DataType
    if let name = node.opset < 6 ? try node.text("to") : nil {
      target = try Cast.type(named: name)
    } else {
      target = try ElementType.dataType(try node.integer("to", default: 0))
    }
    if try !node.flag("saturate", default: true), target.byteCount == 1, target.isFloatingPoint {
      throw DataError(.unsupported, "a cast to \(target) that does not saturate")
    }
    try node.emit(Cast(to: target))
  } write: { cast, node in
    if [.float8E4M3, .float8E5M2].contains(cast.target) { node.require(opset: 19) }
    node.emit(["to": .integer(ElementType.number(cast.target))])
  }

  static let castLike = ONNXOperator(reading: "CastLike") { node in
    node.ignore("saturate", "round_mode")
    guard let target = node.type(try node.input(1)).dataType else {
      throw DataError(.unsupported, "a cast to a type that is not known beforehand")
    }
    try node.emit(Cast(to: target), [try node.input(0)])
  }
}

extension Cast {
  /// The oldest files say the type by the name that the standard gives its number.
  fileprivate static func type(named name: String) throws -> DataType {
    switch name.uppercased() {
    case "FLOAT": .float32
    case "FLOAT16": .float16
    case "DOUBLE": .float64
    default:
      try DataType(elementName: name.lowercased())
        .orThrow(DataError(.unsupported, "a cast to '\(name)'"))
    }
  }
}

extension Optional {
  /// The value, or `error` when there is none.
  func orThrow(_ error: @autoclosure () -> DataError) throws -> Wrapped {
    guard let self else { throw error() }
    return self
  }
}
