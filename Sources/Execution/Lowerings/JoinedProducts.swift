import Kernels
import ModelGraph
import Operators
import Tensors

/// Products of one input, as queries, keys and values are, become one: the input is packed once, and attention reads the
/// columns that are its own.
extension ProgramBuilder {
  /// A linear layer with known weights whose result nothing but attention reads.
  private struct Part {
    var index: Int
    var output: ValueID
    var weight: Tensor
    var bias: [Float]?
  }

  /// The product of `node` and of the others with the same input and use; false, with nothing done, where there is none.
  func lowerToJoinedProduct(_ node: Node) throws -> Bool {
    guard products == .float32, let x = node.inputs[0], let shape = floatShape(x), shape.rank > 0
    else { return false }
    var parts: [Part] = []
    for (index, other) in users(of: x) {
      if let part = part(other, index, of: x), !parts.contains(where: { $0.index == index }) {
        parts.append(part)
      }
    }
    guard parts.count > 1, parts.contains(where: { $0.output == node.outputs[0] }) else {
      return false
    }
    let inputs = shape[shape.rank - 1]
    let widths = parts.map { $0.weight.shape[0] }
    let outputs = widths.reduce(0, +)
    let key = WeightCache.Key(
      tensor: parts[0].weight.identity, scale: nil, details: [3],
      joined: parts.dropFirst().map(\.weight.identity))
    let packed = weights.find(key) {
      .matrix(
        PackedMatrix(
          joining: parts.map {
            Weight.linear(FloatView($0.weight), outputs: $0.weight.shape[0], inputs: inputs)
          },
          pool: pool))
    }
    guard case .matrix(let matrix) = packed else { return false }
    let input = try floats(x, .rowMajor(shape.rank)).operand
    let rows = shape.elementCount / inputs
    let result = newBuffer(rows * outputs)
    let bias = parts.flatMap { part in
      part.bias ?? [Float](repeating: 0, count: part.weight.shape[0])
    }
    append(
      MatrixProductStep(
        kind: Array(repeating: Linear.name, count: parts.count).joined(separator: "&"),
        input: input, residual: nil, result: result, weights: matrix, rows: rows,
        bias: parts.contains { $0.bias != nil } ? FloatView(bias) : nil, clamp: .none))
    var start = 0
    for (part, width) in zip(parts, widths) {
      columnPlaces[part.output] = ColumnPlace(region: result, start: start, stride: outputs)
      start += width
      if part.output != node.outputs[0] { absorb(part.index) }
    }
    return true
  }

  private func part(_ node: Node, _ index: Int, of x: ValueID) -> Part? {
    guard node.operator is Linear, node.inputs[0] == x, let weight = node.inputs[1],
      let output = node.outputs[0], let shape = floatShape(output), shape.rank == 3,
      shape.elementCount > 0, isForAttention(output), floatShape(weight) != nil,
      let tensor = constant(weight), tensor.rank == 2, tensor.elementCount > 0,
      !usesStored(tensor, rows: shape.elementCount / tensor.shape[0])
    else { return nil }
    var bias: [Float]?
    if node.inputs.count > 2, let c = node.inputs[2] {
      guard let values = channelValues(c, axis: 2, of: shape) else { return nil }
      bias = values
    }
    return Part(index: index, output: output, weight: tensor, bias: bias)
  }

  /// Whether only attention reads the value, which takes rows that lie apart.
  func isForAttention(_ id: ValueID) -> Bool {
    let users = nodes(using: id)
    return !users.isEmpty
      && users.allSatisfy { node in
        node?.operator is Attention && node?.inputs.prefix(3).contains(id) == true
          && node?.inputs.dropFirst(3).contains(id) == false
      }
  }
}

/// A value's rows as columns of a wider matrix.
struct ColumnPlace {
  var region: Region
  /// The first column.
  var start: Int
  /// Floats from one row to the next.
  var stride: Int

  /// From the value's first float to its last.
  func part(rows: Int, columns: Int) -> Region {
    region[start..<(start + (rows - 1) * stride + columns)]
  }
}
