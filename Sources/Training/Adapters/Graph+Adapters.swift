import BinaryIO
import ModelGraph
import Operators
import OrderedCollections
import Tensors

extension Graph {
  /// The same graph with adapters beside the layers of their weights: `y + scale · B(A(x))`.
  ///
  /// What an adapter is made of are parameters of the graph, named as the adapter names them; the weights stay as they are,
  /// quantised ones too. DoRA: `(W·x + scale · B(A(x))) · magnitude / ‖W + scale · B·A‖ + bias`, each row's length by itself.
  /// - Throws: `.mismatch` for an adapter whose weights the graph does not have.
  public func adapted(by adapters: [LowRankAdapter]) throws -> Graph {
    var builder = AdaptedGraph(self)
    let known = Set(adaptableLayers)
    for adapter in adapters {
      for part in adapter.parts where !known.contains(part.layer) {
        throw DataError(
          .mismatch, "the graph has no layer with the weight '\(part.layer.parameter)'",
          expected: "\(part.layer.shape)", subject: "module '\(adapter.module)'")
      }
      builder.add(adapter)
    }
    return try builder.finished()
  }
}

/// A graph on its way to having adapters.
private struct AdaptedGraph {
  private var graph: Graph
  private let doors: [ValueID: ValueID]
  private var places: [ValueID: (adapter: LowRankAdapter, part: LowRankAdapter.Part)] = [:]
  private var parameters: [String: ValueID] = [:]
  /// A(x), which parts of one module have in common.
  private var reduced: [[String]: ValueID] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    doors = graph.transposedParameters
  }

  mutating func add(_ adapter: LowRankAdapter) {
    for (name, shape) in adapter.shapes {
      parameters[name] = graph.addParameter(name, TensorType(.float32, shape: shape))
    }
    for part in adapter.parts {
      let id = graph.parameters.first { graph[$0].name == part.layer.parameter }
      if let id { places[id] = (adapter, part) }
    }
  }

  mutating func finished() throws -> Graph {
    let nodes = graph.nodes
    var result: [Node] = []
    for node in nodes {
      guard let layout = node.weightLayout(in: graph), let weight = node.inputs[1],
        let (adapter, part) = places[doors[weight] ?? weight]
      else {
        result.append(node)
        continue
      }
      var list = NodeList(name: node.name, graph: graph)
      adapt(node, adapter, part, weight, alpha: layout.scale, &list)
      graph = list.graph
      result += list.nodes
    }
    graph.nodes = result
    try graph.verify()
    try graph.inferTypes()
    return graph
  }

  /// The node, its adapter and their sum.
  private mutating func adapt(
    _ node: Node, _ adapter: LowRankAdapter, _ part: LowRankAdapter.Part, _ weight: ValueID,
    alpha: Double, _ list: inout NodeList
  ) {
    guard let x = node.inputs[0], let output = node.outputs[0], let a = parameters[adapter.nameOfA],
      let b = parameters[adapter.nameOfB]
    else { return }
    let rows = part.rows.count == adapter.shape[0] ? nil : part.rows
    let up = rows.map { list.rows(of: b, axis: 0, $0, "lora_B/rows") } ?? b
    var base = node
    base.name = "\(node.name)/base"
    let bias = adapter.isWeightDecomposed && node.inputs.count > 2 ? node.inputs[2] : nil
    if bias != nil { base.inputs = Array(node.inputs.prefix(2)) }
    let own = list.add(base.operator, base.inputs, "base")
    let scale = alpha * adapter.scale
    let key = [adapter.module, "\(x.index)", "\(scale)"]
    var inner = reduced[key]
    if inner == nil {
      let down = list.add(node.adapterOperator ?? Linear(), [x, a], "lora_A/product")
      let factor = list.constant(Tensor(scalar: Float(scale)))
      inner = scale == 1 ? down : list.add(Mul(), [down, factor], "lora_A/scaled")
      reduced[key] = inner
    }
    let outer = list.add(
      adapter.shape.rank > 2 ? Conv() : Linear(), [inner, up], "lora_B/product")
    guard adapter.isWeightDecomposed else {
      list.add(Add(), [own, outer], "adapted", result: output)
      return
    }
    let sum = list.add(Add(), [own, outer], "direction")
    let factor = lengths(adapter, part, rows, weight, a, up, &list)
    guard let bias else {
      list.add(Mul(), [sum, factor], "adapted", result: output)
      return
    }
    let scaled = list.add(Mul(), [sum, factor], "decomposed")
    var summand = bias
    if let gemm = node.operator as? Gemm, gemm.beta != 1 {
      summand = list.add(
        Mul(), [bias, list.constant(Tensor(scalar: Float(gemm.beta)))], "bias/scaled")
    }
    if adapter.shape.rank > 2 { summand = list.column(summand, adapter.shape.rank, "bias/column") }
    list.add(Add(), [scaled, summand], "adapted", result: output)
  }

  /// What DoRA multiplies the outputs with: the lengths that were learnt by those that the rows have. Gradients take the
  /// latter for constants, as the paper does.
  private func lengths(
    _ adapter: LowRankAdapter, _ part: LowRankAdapter.Part, _ rows: Range<Int>?,
    _ weight: ValueID, _ a: ValueID, _ up: ValueID, _ list: inout NodeList
  ) -> ValueID {
    let (outputs, rank) = (part.rows.count, adapter.rank)
    let wide = list.constant(Tensor([rank, -1]))
    let tall = list.constant(Tensor([outputs, rank]))
    let isConvolution = adapter.shape.rank > 2
    let product = list.add(
      MatMul(),
      [
        isConvolution ? list.add(Reshape(), [up, tall], "lora_B/matrix") : up,
        isConvolution ? list.add(Reshape(), [a, wide], "lora_A/matrix") : a,
      ], "lora/product")
    let change = list.add(
      Mul(), [product, list.constant(Tensor(scalar: Float(adapter.scale)))], "lora/change")
    var matrix = weight
    if isConvolution {
      matrix = list.add(
        Reshape(), [weight, list.constant(Tensor([outputs, -1]))], "weight/matrix")
    } else if part.layer.isTransposed != (doors[weight] != nil) {
      matrix = list.add(Transpose(permutation: [1, 0]), [weight], "weight/rows")
    }
    let whole = list.add(Add(), [matrix, change], "weight/adapted")
    let axis = list.constant(Tensor([1]))
    let length = list.add(ReduceL2(keepDimensions: false), [whole, axis], "weight/lengths")
    let fixed = list.add(Detach(), [length], "weight/lengths/fixed")
    guard let learnt = parameters[adapter.nameOfMagnitude] else { return fixed }
    let flat =
      isConvolution
      ? list.add(Reshape(), [learnt, list.constant(Tensor([-1]))], "magnitude/flat") : learnt
    let own = rows.map { list.rows(of: flat, axis: 0, $0, "magnitude/rows") } ?? flat
    let factor = list.add(Div(), [own, fixed], "magnitude/factor")
    return isConvolution ? list.column(factor, adapter.shape.rank, "magnitude/column") : factor
  }
}

extension NodeList {
  /// Some of a value's rows.
  fileprivate mutating func rows(
    of id: ValueID, axis: Int, _ rows: Range<Int>, _ suffix: String
  ) -> ValueID {
    let bounds = [rows.lowerBound, rows.upperBound, axis].map { constant(Tensor([$0])) }
    return add(Slice(), [id] + bounds, suffix)
  }

  /// A number for each channel as `[channels, 1, 1]`.
  fileprivate mutating func column(_ id: ValueID, _ rank: Int, _ suffix: String) -> ValueID {
    let shape = [-1] + [Int](repeating: 1, count: rank - 2)
    return add(Reshape(), [id, constant(Tensor(shape))], suffix)
  }
}

extension Node {
  /// What computes A(x): the convolution with its own steps, or a linear layer.
  fileprivate var adapterOperator: (any Operator)? { self.operator as? Conv }
}
