import BinaryIO
import ModelGraph
import Tensors

/// A node that multiplies each channel (axis 1) by a number and adds another.
struct ChannelAffine {
  var input: ValueID
  /// One for each channel; nil for ones.
  var factor: [Double]?
  /// One for each channel; nil for zeros.
  var summand: [Double]?
  /// The constants that it is made of.
  var weights: [ValueID]

  /// Reads a BatchNormalization, Mul, Add, Sub or Div with constants; nil for anything else.
  ///
  /// - Parameter source: the input that is no constant must be this value.
  init?(_ node: Node, of source: ValueID, channels: Int, rank: Int, in graph: Graph) {
    input = source
    if let norm = node.operator as? BatchNormalization {
      let statistics = node.inputs.dropFirst().map { graph.known($0) }
      guard node.inputs.first == source, statistics.count == 4,
        let scale = statistics[0], let bias = statistics[1], let mean = statistics[2],
        let variance = statistics[3],
        [scale, bias, mean, variance].allSatisfy({ $0.elementCount == channels })
      else { return nil }
      let factors = norm.factors(scale: scale, bias: bias, mean: mean, variance: variance)
      factor = factors.factor
      summand = factors.summand
      weights = node.inputs.dropFirst().compactMap { $0 }
      return
    }
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1],
      left != right, left == source || right == source
    else { return nil }
    let other = left == source ? right : left
    guard let values = ChannelAffine.values(of: other, channels, rank, graph) else { return nil }
    weights = [other]
    switch node.operator {
    case is Mul: factor = values
    case is Add: summand = values
    case is Sub:
      summand = left == source ? values.map { -$0 } : values
      if right == source { factor = values.map { _ in -1 } }
    case is Div:
      guard left == source, values.allSatisfy({ $0 != 0 }) else { return nil }
      factor = values.map { 1 / $0 }
    default: return nil
    }
  }

  /// Whether the operator is one that can be read so.
  static func mayBe(_ operator: any Operator) -> Bool {
    switch `operator` {
    case is BatchNormalization, is Mul, is Add, is Sub, is Div: true
    default: false
    }
  }

  /// A constant that differs along axis 1 at most, as a number for each channel.
  private static func values(
    of id: ValueID, _ channels: Int, _ rank: Int, _ graph: Graph
  ) -> [Double]? {
    guard let count = graph.constants[id]?.elementCount, count == 1 || count == channels,
      let tensor = graph.known(id), tensor.dataType.isFloatingPoint, tensor.rank <= rank
    else { return nil }
    let axis = 1 - (rank - tensor.rank)
    for (index, extent) in tensor.shape.enumerated() where extent != 1 {
      guard index == axis, extent == channels else { return nil }
    }
    let values = tensor.doubles
    return values.count == 1 ? [Double](repeating: values[0], count: channels) : values
  }
}
