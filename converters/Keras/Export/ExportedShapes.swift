import BinaryIO
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Operators that move elements about.
enum ExportedShapes {
  static let all: [String: KerasExporter.Translation] = [
    "Transpose": transpose, "Flatten": flatten, "Reshape": reshape, "Squeeze": squeeze,
    "Unsqueeze": unsqueeze, "Concat": concat, "Pad": pad, "Slice": slice, "Identity": pass,
    "Dropout": dropout, "Cast": cast,
  ]

  private static func pass(_ exporter: inout KerasExporter, _ node: Node) throws {
    exporter.set(node.outputs[0], try exporter.tensor(node.inputs[0]))
  }

  /// Keras drops while it learns, so that what is read again learns as before.
  private static func dropout(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let rate = (node.operator as? Dropout)?.ratio, rate > 0, rate < 1 else {
      return try pass(&exporter, node)
    }
    let x = try exporter.tensor(node.inputs[0])
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Dropout", name: KerasExporter.nodeName(node),
        ["rate": .number(rate), "seed": .null, "noise_shape": .null], [x], rank: x.rank,
        isImage: x.isImage))
  }

  private static func cast(_ exporter: inout KerasExporter, _ node: Node) throws {
    // Keras casts what comes in to the type that its layers compute in
    guard (node.operator as? Cast)?.target == .float32 else {
      throw DataError(.unsupported, "to another type than float32")
    }
    try pass(&exporter, node)
  }

  /// Moving the channels of a picture changes nothing in Keras, where they are always last.
  private static func transpose(_ exporter: inout KerasExporter, _ node: Node) throws {
    var x = try exporter.tensor(node.inputs[0])
    let order = (node.operator as? Transpose)?.permutation ?? Array((0..<x.rank).reversed())
    if x.rank == 4, order == (x.isImage ? [0, 2, 3, 1] : [0, 3, 1, 2]) {
      x.isImage.toggle()
      return exporter.set(node.outputs[0], x)
    }
    guard order.first == 0, order.count == x.rank else {
      throw DataError(.unsupported, "the batch's axis is moved")
    }
    if order == Array(0..<x.rank) { return exporter.set(node.outputs[0], x) }
    let plain = try exporter.plain(node.inputs[0])
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Permute", name: KerasExporter.nodeName(node),
        ["dims": KerasExporter.json(Array(order.dropFirst()))], [plain], rank: x.rank,
        isImage: false))
  }

  private static func flatten(_ exporter: inout KerasExporter, _ node: Node) throws {
    let x = try exporter.tensor(node.inputs[0])
    let axis = (node.operator as? Flatten)?.axis ?? 1
    guard axis == 1 || axis == 1 - x.rank else {
      throw DataError(.unsupported, "from axis \(axis)")
    }
    try flattened(&exporter, node)
  }

  private static func flattened(_ exporter: inout KerasExporter, _ node: Node) throws {
    var x = try exporter.tensor(node.inputs[0])
    // A single pixel has its channels in the same order either way
    if x.isImage, let id = node.inputs[0], !exporter.isOnePixel(id) { x = try exporter.plain(id) }
    exporter.set(
      node.outputs[0],
      x.rank == 2
        ? x
        : exporter.add(
          "Flatten", name: KerasExporter.nodeName(node), [:], [x], rank: 2, isImage: false))
  }

  private static func reshape(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let id = node.inputs[0], var target = try exporter.integers(node.inputs[1]),
      !target.isEmpty
    else { throw DataError(.unsupported, "a shape that is not known beforehand") }
    let extents = exporter.extents(id)
    if (node.operator as? Reshape)?.allowZero != true {
      for (i, extent) in target.enumerated() where extent == 0 && i > 0 {
        guard let known = extents?[i] else {
          throw DataError(.unsupported, "an extent that is not known")
        }
        target[i] = known
      }
    }
    let batch = extents?.first ?? nil
    let rest = Array(target.dropFirst())
    let known = extents?.dropFirst().reduce(1) { all, one in all.flatMap { a in one.map { a * $0 } }
    }
    // The batch must stay what it was
    let keepsBatch =
      target[0] == 0 || (batch != nil && target[0] == batch)
      || (target[0] == -1 && known != nil && rest.reduce(1, *) == known)
      || (target[0] == 1 && batch == nil && rest.contains(-1) && rest.count == 1)
    guard keepsBatch else { throw DataError(.unsupported, "the batch's axis is changed") }
    if rest.count == 1 { return try flattened(&exporter, node) }
    let x = try exporter.tensor(id)
    // [N, C] seen as one pixel is a picture
    let isPixel =
      rest.count == 3 && rest[1] == 1 && rest[2] == 1 && (x.rank == 2 || exporter.isOnePixel(id))
    let source = isPixel ? x : try exporter.plain(id)
    let shape = isPixel ? [1, 1, rest[0]] : rest
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Reshape", name: KerasExporter.nodeName(node), ["target_shape": KerasExporter.json(shape)],
        [source], rank: rest.count + 1, isImage: isPixel))
  }

  private static func axes(_ exporter: KerasExporter, _ node: Node, _ rank: Int) throws -> [Int] {
    guard node.inputs.count > 1, let axes = try exporter.integers(node.inputs[1]) else {
      throw DataError(.unsupported, "axes that are not known beforehand")
    }
    return axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
  }

  private static func squeeze(_ exporter: inout KerasExporter, _ node: Node) throws {
    let x = try exporter.tensor(node.inputs[0])
    guard x.rank == 4, try axes(exporter, node, 4) == [2, 3] else {
      throw DataError(.unsupported, "other axes than a picture's height and width")
    }
    try flattened(&exporter, node)
  }

  private static func unsqueeze(_ exporter: inout KerasExporter, _ node: Node) throws {
    let x = try exporter.tensor(node.inputs[0])
    guard let id = node.inputs[0], x.rank == 2, try axes(exporter, node, 4) == [2, 3],
      let count = exporter.extents(id)?[1]
    else { throw DataError(.unsupported, "other axes than a picture's height and width") }
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Reshape", name: KerasExporter.nodeName(node),
        ["target_shape": KerasExporter.json([1, 1, count])], [x], rank: 4, isImage: true))
  }

  private static func concat(_ exporter: inout KerasExporter, _ node: Node) throws {
    var inputs = try node.inputs.map { try exporter.tensor($0) }
    if Set(inputs.map(\.isImage)).count > 1 {
      inputs = try node.inputs.map { try exporter.image($0) }
    }
    guard let first = inputs.first, let stated = (node.operator as? Concat)?.axis else { return }
    let axis = stated < 0 ? stated + first.rank : stated
    guard axis > 0, axis < first.rank else { throw DataError(.unsupported, "along the batch") }
    let ours = !first.isImage ? axis : axis == 1 ? 3 : axis - 1
    if inputs.count == 1 { return exporter.set(node.outputs[0], first) }
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Concatenate", name: KerasExporter.nodeName(node),
        ["axis": .integer(ours == first.rank - 1 ? -1 : ours)], inputs, rank: first.rank,
        isImage: first.isImage))
  }

  private static func pad(_ exporter: inout KerasExporter, _ node: Node) throws {
    let value = node.inputs.count > 2 ? try exporter.numbers(node.inputs[2])?.first ?? 0 : 0
    guard (node.operator as? Pad)?.mode == .constant, value == 0,
      node.inputs.count < 4 || node.inputs[3] == nil,
      let amounts = try exporter.integers(node.inputs[1]), amounts.count == 8,
      amounts.allSatisfy({ $0 >= 0 }), [0, 1, 4, 5].allSatisfy({ amounts[$0] == 0 })
    else { throw DataError(.unsupported, "other than zeros around a picture") }
    let x = try exporter.image(node.inputs[0])
    let zeros = [[amounts[2], amounts[6]], [amounts[3], amounts[7]]]
    exporter.set(
      node.outputs[0],
      exporter.add(
        "ZeroPadding2D", name: KerasExporter.nodeName(node),
        ["padding": KerasExporter.json(zeros), "data_format": "channels_last"], [x], rank: 4,
        isImage: true))
  }

  /// Borders of a picture that are cut off.
  private static func slice(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let id = node.inputs[0], node.inputs.count >= 4,
      let starts = try exporter.integers(node.inputs[1]),
      let ends = try exporter.integers(node.inputs[2]),
      let axes = try exporter.integers(node.inputs[3]),
      axes.allSatisfy({ [2, 3, -1, -2].contains($0) }),
      starts.count == axes.count, ends.count == axes.count
    else { throw DataError(.unsupported, "other than the borders of a picture") }
    if node.inputs.count > 4, let steps = try exporter.integers(node.inputs[4]) {
      guard steps.allSatisfy({ $0 == 1 }) else { throw DataError(.unsupported, "steps") }
    }
    var cropping = [[0, 0], [0, 0]]
    for (i, axis) in axes.enumerated() {
      let place = axis < 0 ? axis + 2 : axis - 2
      let extent = exporter.extents(id)?[place + 2]
      let begin = starts[i] >= 0 ? starts[i] : extent.map { $0 + starts[i] }
      let end =
        ends[i] < 0
        ? -ends[i] : extent.map { max($0 - ends[i], 0) } ?? (ends[i] > 1 << 30 ? 0 : nil)
      guard let begin, let end, begin >= 0 else {
        throw DataError(.unsupported, "an end that is not known")
      }
      cropping[place] = [begin, end]
    }
    let x = try exporter.image(id)
    exporter.set(
      node.outputs[0],
      exporter.add(
        "Cropping2D", name: KerasExporter.nodeName(node),
        ["cropping": KerasExporter.json(cropping), "data_format": "channels_last"], [x], rank: 4,
        isImage: true))
  }
}
