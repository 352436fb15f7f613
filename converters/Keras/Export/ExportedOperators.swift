import BinaryIO
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Every operator that has a layer in Keras. A new one is a line in its group's table.
enum ExportedOperators {
  static let all: [String: KerasExporter.Translation] =
    [
      ExportedConvolutions.all, ExportedElementwise.all, ExportedPooling.all, ExportedShapes.all,
      ExportedLinear.all,
    ].reduce(into: [:]) { $0.merge($1) { _, last in last } }

  /// Operators that look at each element alone, so that the order of axes passes through them.
  static let elementwise: Set<String> = [
    "Add", "Cast", "Clip", "Div", "Elu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Mul",
    "Relu", "Sigmoid", "Sub", "Swish", "Tanh",
  ]
}

/// How a window with its padding is said in Keras.
struct ExportedWindow {
  /// `valid` or `same`.
  var padding: String
  /// Zeros to add before, `[[top, bottom], [left, right]]`.
  var zeros: [[Int]]?

  /// - Parameters:
  ///   - reach: extents of the window, dilation included.
  ///   - allowsZeros: whether zeros added before mean the same.
  init(
    _ padding: Padding, reach: [Int], strides: [Int], extents: [Int?], allowsZeros: Bool
  ) throws {
    guard reach.count == 2, strides.count == 2 else {
      throw DataError(.unsupported, "a window of \(reach.count) axes", expected: "2")
    }
    switch padding {
    case .sameUpper:
      self.padding = "same"
    case .sameLower:
      guard strides == [1, 1], reach.allSatisfy({ $0 % 2 == 1 }) else {
        throw DataError(.unsupported, "padding that puts the odd zero first")
      }
      self.padding = "same"
    case .explicit(let begin, let end):
      guard begin.count == 2, end.count == 2 else {
        throw DataError(.unsupported, "padding of \(begin.count) axes", expected: "2")
      }
      if begin == [0, 0], end == [0, 0] {
        self.padding = "valid"
        return
      }
      let isSame = (0..<2).allSatisfy { i in
        ExportedWindow.same(reach[i], strides[i], extents[i]).map { $0 == (begin[i], end[i]) }
          ?? false
      }
      if isSame, strides == [1, 1] || !allowsZeros {
        self.padding = "same"
      } else if allowsZeros {
        self.padding = "valid"
        zeros = [[begin[0], end[0]], [begin[1], end[1]]]
      } else {
        throw DataError(
          .unsupported, "padding \(begin) and \(end) that counts as less than every element")
      }
    }
  }

  /// What Keras adds before and after for `same`; nil when it depends on an extent that is not known.
  private static func same(_ reach: Int, _ stride: Int, _ extent: Int?) -> (Int, Int)? {
    if stride == 1 { return ((reach - 1) / 2, reach - 1 - (reach - 1) / 2) }
    guard let extent else { return nil }
    let total = max(((extent + stride - 1) / stride - 1) * stride + reach - extent, 0)
    return (total / 2, total - total / 2)
  }
}

extension KerasExporter {
  /// The picture with zeros around it, when the window needs them.
  mutating func padded(_ x: ExportedTensor, _ window: ExportedWindow, name: String)
    -> ExportedTensor
  {
    guard let zeros = window.zeros else { return x }
    return add(
      "ZeroPadding2D", name: "\(name)_pad", ["padding": KerasExporter.json(zeros)], [x], rank: 4,
      isImage: true)
  }

  static func json(_ values: [Int]) -> JSONValue { .array(values.map { .integer($0) }) }
  static func json(_ values: [[Int]]) -> JSONValue { .array(values.map { json($0) }) }
}
