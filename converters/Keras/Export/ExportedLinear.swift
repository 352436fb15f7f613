import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Gemm and MatMul as Dense; normalisations.
enum ExportedLinear {
  static let all: [String: KerasExporter.Translation] = [
    "Gemm": gemm, "MatMul": product, "BatchNormalization": batchNormalization,
    "LayerNormalization": layerNormalization,
  ]

  private static func gemm(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let gemm = node.operator as? Gemm, let kernel = try exporter.weight(node.inputs[1]),
      gemm.alpha == 1, gemm.beta == 1, !gemm.transposeA
    else { throw DataError(.unsupported, "other than a product with a known matrix, and a bias") }
    let bias = node.inputs.count > 2 ? try exporter.weight(node.inputs[2]) : nil
    try dense(
      &exporter, node, kernel, isTransposed: gemm.transposeB, bias, output: node.outputs[0])
  }

  /// A product whose sum with a known vector follows is one layer with it.
  private static func product(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let kernel = try exporter.weight(node.inputs[1]), kernel.entry.shape.rank == 2 else {
      throw DataError(.unsupported, "a product of other than a tensor and a known matrix")
    }
    if let sum = exporter.onlyConsumer(node.outputs[0]), sum.operator is Add,
      let other = sum.inputs.first(where: { $0 != node.outputs[0] }),
      let bias = try exporter.weight(other), bias.entry.shape == [kernel.entry.shape[1]]
    {
      exporter.markDone(sum)
      return try dense(&exporter, node, kernel, isTransposed: false, bias, output: sum.outputs[0])
    }
    try dense(&exporter, node, kernel, isTransposed: false, nil, output: node.outputs[0])
  }

  private static func dense(
    _ exporter: inout KerasExporter, _ node: Node, _ kernel: (entry: TensorEntry, source: String?),
    isTransposed: Bool, _ bias: (entry: TensorEntry, source: String?)?, output: ValueID?
  ) throws {
    guard kernel.entry.shape.rank == 2 else {
      throw DataError(.unsupported, "a kernel that is no matrix")
    }
    let units = kernel.entry.shape[isTransposed ? 0 : 1]
    var flat = bias
    if let bias, bias.entry.shape.rank != 1 {
      guard bias.entry.shape.elementCount == units else {
        throw DataError(.unsupported, "a bias of the shape \(bias.entry.shape)")
      }
      flat = (bias.entry.viewed(shape: [units]) { $0.reshaped([units]) }, bias.source)
    }
    let x = try exporter.plain(node.inputs[0])
    let weight =
      isTransposed
      ? ExportedConvolutions.permuted(kernel, "kernel", [1, 0])
      : ExportedConvolutions.exact(kernel, "kernel")
    exporter.set(
      output,
      exporter.add(
        "Dense", name: KerasExporter.layerName(kernel.source, node),
        ["units": .integer(units), "activation": "linear", "use_bias": .bool(flat != nil)], [x],
        [weight] + (flat.map { [ExportedConvolutions.exact($0, "bias")] } ?? []), rank: x.rank,
        isImage: false))
  }

  private static func batchNormalization(_ exporter: inout KerasExporter, _ node: Node) throws {
    guard let operation = node.operator as? BatchNormalization, node.inputs.count == 5,
      let mean = try exporter.weight(node.inputs[3]),
      let variance = try exporter.weight(node.inputs[4])
    else { throw DataError(.unsupported, "statistics that are not known beforehand") }
    let scale = try exporter.unless(node.inputs[1], isAll: 1)
    let bias = try exporter.unless(node.inputs[2], isAll: 0)
    var x = try exporter.tensor(node.inputs[0])
    if x.rank == 4 {
      x = try exporter.image(node.inputs[0])
    } else if x.rank != 2 {
      throw DataError(.unsupported, "a tensor of \(x.rank) axes")
    }
    var weights: [ExportedWeight] = []
    if let scale { weights.append(ExportedConvolutions.exact(scale, "gamma")) }
    if let bias { weights.append(ExportedConvolutions.exact(bias, "beta")) }
    weights.append(ExportedConvolutions.exact(mean, "moving_mean"))
    weights.append(ExportedConvolutions.exact(variance, "moving_variance"))
    exporter.set(
      node.outputs[0],
      exporter.add(
        "BatchNormalization", name: KerasExporter.layerName(mean.source, node),
        [
          "axis": -1, "momentum": .number(operation.statistics.momentum),
          "epsilon": .number(operation.epsilon),
          "center": .bool(bias != nil), "scale": .bool(scale != nil),
        ], [x], weights, rank: x.rank, isImage: x.isImage))
  }

  private static func layerNormalization(_ exporter: inout KerasExporter, _ node: Node) throws {
    let x = try exporter.plain(node.inputs[0])
    guard let operation = node.operator as? LayerNormalization,
      operation.axis == -1 || operation.axis == x.rank - 1
    else { throw DataError(.unsupported, "a norm over several axes") }
    let scale = try exporter.unless(node.inputs[1], isAll: 1)
    let bias = node.inputs.count > 2 ? try exporter.weight(node.inputs[2]) : nil
    let weights = [
      scale.map { ExportedConvolutions.exact($0, "gamma") },
      bias.map { ExportedConvolutions.exact($0, "beta") },
    ].compactMap { $0 }
    exporter.set(
      node.outputs[0],
      exporter.add(
        "LayerNormalization", name: KerasExporter.layerName(scale?.source ?? bias?.source, node),
        [
          "axis": -1, "epsilon": .number(operation.epsilon), "center": .bool(bias != nil),
          "scale": .bool(scale != nil),
        ], [x], weights, rank: x.rank, isImage: false))
  }
}

extension KerasExporter {
  /// The weight; nil when it is a constant of the graph that changes nothing.
  func unless(_ id: ValueID?, isAll neutral: Double) throws -> (
    entry: TensorEntry, source: String?
  )? {
    guard let weight = try weight(id) else {
      throw DataError(.unsupported, "a weight that is not known beforehand")
    }
    if weight.source == nil, try weight.entry.load().doubles.allSatisfy({ $0 == neutral }) {
      return nil
    }
    return weight
  }
}
