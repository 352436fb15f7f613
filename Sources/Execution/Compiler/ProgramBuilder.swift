import BinaryIO
import Kernels
import ModelGraph
import Tensors

/// A program in the making: its steps, and where each value is found.
final class ProgramBuilder {
  /// Types are known as far as they can be; weights are constants.
  let graph: Graph
  let pool: ThreadPool
  let weights: WeightCache
  let winograd: WinogradUse
  let products: ProductPrecision

  private(set) var steps: [(name: String, step: any Step)] = []
  private(set) var bufferCounts: [Int] = []
  private(set) var slotCount = 0
  private var floatPlaces: [ValueID: [(operand: Region, layout: AxisOrder)]] = [:]
  private var arguments: [ValueID: Argument] = [:]
  private let consumers: [[Int]]
  private var absorbed: Set<Int> = []
  private var nonNegative: Set<ValueID> = []
  private var paddings: [ValueID: (source: ValueID, begin: [Int], end: [Int])] = [:]
  private var current = 0
  /// The graph's inputs that are memory of a state, which steps may write to.
  private let states: Set<ValueID>
  private(set) var outputPlan: OutputPlan
  /// The graph's outputs that have memory beside the arena, by their place in the plan.
  private var placed: [ValueID: Int]
  /// The graph's outputs for which the run may make it.
  private let given: Set<ValueID>
  /// Values that are columns of a wider matrix.
  var columnPlaces: [ValueID: ColumnPlace] = [:]
  /// Masks of flags as what is added to scores.
  var maskPlaces: [ValueID: Region] = [:]
  /// Gradients of activations that whoever uses them computes himself.
  var gatedFlows: [ValueID: (flow: ValueID, gate: ValueID)] = [:]

  init(
    graph: Graph, pool: ThreadPool, weights: WeightCache, winograd: WinogradUse = .whereFaster,
    products: ProductPrecision = .float32, states: [Int] = [], placed: [Int] = [],
    given: [Int] = [], consumers known: [[Int]]? = nil
  ) {
    self.graph = graph
    outputPlan = OutputPlan(callers: placed.count)
    self.given = Set(given.map { graph.outputs[$0] })
    self.placed = Dictionary(
      placed.enumerated().map { (graph.outputs[$1], $0) }, uniquingKeysWith: { a, _ in a })
    self.states = Set(states.map { graph.inputs[$0] })
    self.pool = pool
    self.weights = weights
    self.winograd = winograd
    self.products = products
    consumers = known ?? graph.consumers
    for (index, id) in graph.inputs.enumerated() { arguments[id] = .input(index) }
  }

  /// Makes all steps.
  func lowerAll(plain: Bool) throws {
    for (index, node) in graph.nodes.enumerated() where !absorbed.contains(index) {
      current = index
      try naming("node '\(node.name)' (\(node.operator.name))") {
        let lowering = plain ? nil : Lowering.bySubject[ObjectIdentifier(type(of: node.operator))]
        if try lowering?.lower(node, self) != true { try lowerToEvaluation(node) }
      }
    }
  }

  func append(_ step: any Step) {
    let name = graph.nodes.indices.contains(current) ? graph.nodes[current].name : ""
    steps.append((name, step))
  }
}

extension Graph {
  /// For each value the nodes that take it, once for each time; an output has a consumer outside, behind all nodes.
  var consumers: [[Int]] {
    var consumers = [[Int]](repeating: [], count: values.count)
    for (index, node) in nodes.enumerated() {
      for case let id? in node.inputs { consumers[id.index].append(index) }
    }
    for id in outputs { consumers[id.index].append(nodes.count) }
    return consumers
  }
}

// What is known about values.
extension ProgramBuilder {
  /// The value's shape, when it is known and its floats can be computed with.
  func floatShape(_ id: ValueID?) -> Shape? {
    guard let id, graph[id].type.dataType == .float32 else { return nil }
    return graph[id].type.shape
  }

  /// The value, when it is known beforehand.
  func constant(_ id: ValueID?) -> Tensor? { id.flatMap(graph.constant) }

  func isConstant(_ id: ValueID?) -> Bool { id.map { graph.constants[$0] != nil } ?? false }

  /// Whether the value has been computed by the steps so far, or needs none.
  func isAvailable(_ id: ValueID) -> Bool {
    isConstant(id) || arguments[id] != nil || floatPlaces[id] != nil || columnPlaces[id] != nil
  }

  /// The one node that uses the value, when nothing else does, and once only.
  func soleConsumer(_ id: ValueID) -> (index: Int, node: Node)? {
    let users = consumers[id.index]
    guard users.count == 1, users[0] < graph.nodes.count else { return nil }
    return (users[0], graph.nodes[users[0]])
  }

  /// Says that the node's work is part of a step already.
  func absorb(_ index: Int) { absorbed.insert(index) }

  /// The nodes that use the value; nil for the outside, when it is an output.
  func nodes(using id: ValueID) -> [Node?] {
    consumers[id.index].map { $0 < graph.nodes.count ? graph.nodes[$0] : nil }
  }

  /// Those nodes with their places among all.
  func users(of id: ValueID) -> [(index: Int, node: Node)] {
    consumers[id.index].filter { $0 < graph.nodes.count }.map { ($0, graph.nodes[$0]) }
  }

  /// Says that no element of the value is below zero.
  func markNonNegative(_ id: ValueID) { nonNegative.insert(id) }

  func isNonNegative(_ id: ValueID) -> Bool { nonNegative.contains(id) }

  /// Says that `id` is `source` with zeros around its spatial axes, which whoever uses it adds himself.
  func leave(_ id: ValueID, paddedFrom source: ValueID, begin: [Int], end: [Int]) {
    paddings[id] = (source, begin, end)
  }

  /// The value behind a padding that was left to its users.
  func unpadded(_ id: ValueID) -> (source: ValueID, extra: (begin: [Int], end: [Int])?) {
    paddings[id].map { ($0.source, ($0.begin, $0.end)) } ?? (id, nil)
  }

  /// How the value's floats lie now; row-major when they are a whole tensor.
  func layout(_ id: ValueID) -> AxisOrder {
    floatPlaces[id]?.first?.layout ?? .rowMajor(graph[id].type.rank ?? 0)
  }
}

// Where values are.
extension ProgramBuilder {
  func newBuffer(_ count: Int) -> Region {
    bufferCounts.append(count)
    return Region(home: .buffer(bufferCounts.count - 1), count: count)
  }

  func newSlot() -> Int {
    slotCount += 1
    return slotCount - 1
  }

  func isState(_ id: ValueID) -> Bool { states.contains(id) }

  /// Whether the session keeps a state: then it runs for each token.
  var hasStates: Bool { !states.isEmpty }

  /// Sees to it that after the run the state that comes in as `input` is what `output` says.
  func update(state input: Int, with output: ValueID) throws {
    let id = graph.inputs[input]
    guard let shape = floatShape(output), shape == floatShape(id) else {
      throw DataError(
        .mismatch, "'\(graph[output].name)' is \(graph[output].type)",
        expected: "what the state '\(graph[id].name)' is: \(graph[id].type)")
    }
    let found = try floats(output, .rowMajor(shape.rank)).operand
    if case .input(input) = found.home { return }
    append(
      StateStep(source: found, state: Region(home: .input(input), count: shape.elementCount)))
  }

  /// Says that the value's floats are found there.
  func place(_ id: ValueID, at operand: Region, _ layout: AxisOrder) {
    floatPlaces[id, default: []].append((operand, layout))
  }

  /// Says that the value is this tensor.
  func place(_ id: ValueID, as argument: Argument) { arguments[id] = argument }

  /// Memory for the value in that layout: a new buffer, or where an output is to be.
  func result(_ id: ValueID, _ layout: AxisOrder) throws -> Region {
    guard let shape = floatShape(id) else {
      throw DataError(.malformed, "the shape of '\(graph[id].name)' is not known")
    }
    let isDelivered = floatPlaces[id] == nil && layout.places(shape, like: .rowMajor(shape.rank))
    let operand = (isDelivered ? outputMemory(id, shape) : nil) ?? newBuffer(shape.elementCount)
    place(id, at: operand, layout)
    return operand
  }

  /// Where an output's floats are to be; nil for a value that is none.
  private func outputMemory(_ id: ValueID, _ shape: Shape) -> Region? {
    if placed[id] == nil, given.contains(id) {
      placed[id] = outputPlan.make(shape.elementCount)
    }
    return placed[id].map { Region(home: .output($0), count: shape.elementCount) }
  }

  /// What a run gives as this output.
  func output(_ id: ValueID) throws -> Argument {
    guard given.contains(id), arguments[id] == nil, !isConstant(id), let shape = floatShape(id),
      let memory = outputMemory(id, shape), case .output(let index) = memory.home,
      index >= outputPlan.callers
    else { return try argument(id) }
    try deliver(id, shape, to: index)
    arguments[id] = .output(index, shape)
    return .output(index, shape)
  }

  /// Sees to it that outputs lie where the caller wants them.
  func fillPlaced(_ outputs: [Int]) throws {
    for (index, output) in outputs.enumerated() {
      let id = graph.outputs[output]
      guard let shape = floatShape(id) else {
        throw DataError(.malformed, "'\(graph[id].name)' has no floats of known shape")
      }
      try deliver(id, shape, to: index)
    }
  }

  /// Copies the value there unless that is where it was computed.
  private func deliver(_ id: ValueID, _ shape: Shape, to index: Int) throws {
    let (found, layout) = try floats(id)
    if case .output(index) = found.home { return }
    append(
      ConversionStep(
        source: found, result: Region(home: .output(index), count: shape.elementCount),
        shape: shape, strides: layout.strides(shape)))
  }

  /// The value's floats in that layout, or as they lie; converted by a step where they lie otherwise.
  func floats(_ id: ValueID, _ wanted: AxisOrder? = nil) throws -> (
    operand: Region, layout: AxisOrder
  ) {
    guard let shape = floatShape(id) else {
      throw DataError(.malformed, "'\(graph[id].name)' has no floats of known shape")
    }
    try padIfLeft(id)
    gatherColumns(of: id, shape)
    if let wanted,
      let found = floatPlaces[id]?.first(where: { $0.layout.places(shape, like: wanted) })
    {
      return (found.operand, wanted)
    }
    if let first = floatPlaces[id]?.first {
      return wanted.map { (convert(id, first, to: $0, shape), $0) } ?? first
    }
    if let tensor = constant(id) {
      let layout = wanted ?? .rowMajor(shape.rank)
      let view = FloatView(tensor.permuted(layout.order).contiguous())
      let operand = Region(home: .constant(view), count: shape.elementCount)
      place(id, at: operand, layout)
      return (operand, layout)
    }
    let rowMajor = AxisOrder.rowMajor(shape.rank)
    place(id, at: try imported(id, shape), rowMajor)
    return try floats(id, wanted ?? rowMajor)
  }

  /// Makes the value dense after all where it is columns of a wider matrix.
  private func gatherColumns(of id: ValueID, _ shape: Shape) {
    guard let place = columnPlaces[id], floatPlaces[id] == nil else { return }
    let columns = shape[shape.rank - 1]
    let rows = shape.elementCount / columns
    let result = newBuffer(shape.elementCount)
    append(
      ConversionStep(
        source: place.part(rows: rows, columns: columns), result: result,
        shape: [rows, columns], strides: [place.stride, 1]))
    self.place(id, at: result, .rowMajor(shape.rank))
  }

  /// Pads after all what was left to a user who cannot do it.
  private func padIfLeft(_ id: ValueID) throws {
    guard let padding = paddings[id], floatPlaces[id] == nil else { return }
    try appendPadding(of: padding.source, to: id, begins: [0, 0] + padding.begin, value: 0)
  }

  private func imported(_ id: ValueID, _ shape: Shape) throws -> Region {
    switch arguments[id] {
    case .input(let index): return Region(home: .input(index), count: shape.elementCount)
    case .some(let source):
      let operand = newBuffer(shape.elementCount)
      append(ImportStep(source: source, result: operand))
      return operand
    case nil: throw DataError(.malformed, "nothing computes '\(graph[id].name)'")
    }
  }

  private func convert(
    _ id: ValueID, _ from: (operand: Region, layout: AxisOrder), to layout: AxisOrder,
    _ shape: Shape
  ) -> Region {
    let strides = from.layout.strides(shape)
    let result = newBuffer(shape.elementCount)
    append(
      ConversionStep(
        source: from.operand, result: result, shape: layout.physical(shape),
        strides: layout.order.map { strides[$0] }))
    place(id, at: result, layout)
    return result
  }

  /// The value as a whole tensor; made by a step where it is only floats in a buffer.
  func argument(_ id: ValueID) throws -> Argument {
    if let known = arguments[id] { return known }
    try padIfLeft(id)
    if let shape = floatShape(id) { gatherColumns(of: id, shape) }
    let argument: Argument
    if let tensor = constant(id) {
      argument = .constant(tensor)
    } else if let place = floatPlaces[id]?.first, let shape = floatShape(id) {
      let slot = newSlot()
      append(
        ExportStep(
          source: place.operand, shape: shape, strides: place.layout.strides(shape), slot: slot))
      argument = .slot(slot)
    } else {
      throw DataError(.malformed, "nothing computes '\(graph[id].name)'")
    }
    arguments[id] = argument
    return argument
  }
}
