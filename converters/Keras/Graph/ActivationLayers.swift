import BinaryIO
import JSON
import ModelGraph
import Operators
import Tensors

/// Activation, the activations that are layers or settings of other layers, and dropout.
enum ActivationLayers {
  static let all: [String: KerasLayers.Translation] = [
    "Activation": { builder, call in
      try activate(&builder, try call.input(), call, required: true)
    },
    "Dropout": { builder, call in
      try builder.emit(
        Dropout(ratio: try call.number("rate", default: 0.5)), on: try call.input(),
        name: call.name)
    },
    "ReLU": relu, "LeakyReLU": leakyReLU, "PReLU": parametricReLU,
    "ThresholdedReLU": { builder, call in
      try builder.emit(
        ThresholdedRelu(alpha: try call.number("theta", default: 1)), on: try call.input(),
        name: call.name)
    },
    "ELU": { builder, call in
      try builder.emit(
        Elu(alpha: try call.number("alpha", default: 1)), on: try call.input(), name: call.name)
    },
    "Softmax": { builder, call in
      let axis = call.value("axis")
      try call.require(axis?.array.map { $0.count == 1 } ?? true, "a softmax over several axes")
      return try softmax(
        &builder, try call.input(), axis?.integer ?? axis?[0]?.integer ?? -1, call.name)
    },
  ]

  /// What the setting `activation` of a layer does to its result.
  static func activate(
    _ builder: inout KerasGraphBuilder, _ x: KerasTensor, _ call: KerasLayerCall,
    required: Bool = false
  ) throws -> KerasTensor {
    guard let value = call.value("activation") else {
      if required { throw DataError(.malformed, "its configuration has no activation") }
      return x
    }
    // Its name; or a function as an object; or a layer as an object
    if let name = value.string ?? value["config"]?.string {
      return try apply(&builder, name, x, required ? call.name : "\(call.name)/\(name)")
    }
    guard let className = value["class_name"]?.string, className != call.layer.className,
      let translation = all[className]
    else { throw DataError(.unsupported, "the activation \(value.text().prefix(80))") }
    let layer = KerasLayer(
      name: call.layer.name, className: className, config: value["config"] ?? [:], calls: [])
    return try translation(
      &builder,
      KerasLayerCall(
        layer: layer, path: call.path + ["activation"], inputs: [x], arguments: []))
  }

  private static func apply(
    _ builder: inout KerasGraphBuilder, _ activation: String, _ x: KerasTensor, _ name: String
  ) throws -> KerasTensor {
    switch activation {
    case "linear": return x
    case "softmax": return try softmax(&builder, x, -1, name)
    case "log_softmax":
      let plain = try builder.plain(x)
      return try builder.emit(LogSoftmax(axis: -1), on: plain, name: name)
    case "relu6": return try clip(&builder, x, 0, 6, name)
    case "hard_tanh": return try clip(&builder, x, -1, 1, name)
    default: break
    }
    guard let simple = simple(activation, builder.kerasVersion) else {
      throw DataError(.unsupported, "the activation '\(activation)'")
    }
    return try builder.emit(simple, on: x, name: name)
  }

  private static func simple(_ activation: String, _ version: Int) -> (any Operator)? {
    switch activation {
    case "relu": Relu()
    case "sigmoid": Sigmoid()
    case "tanh": Tanh()
    case "elu": Elu()
    case "selu": Selu()
    case "celu": Celu()
    case "gelu": Gelu()
    case "silu", "swish": Swish()
    case "mish": Mish()
    case "softplus": Softplus()
    case "softsign": Softsign()
    case "exponential": Exp()
    case "leaky_relu": LeakyRelu(alpha: 0.2)
    // The slope changed with Keras 3
    case "hard_sigmoid": HardSigmoid(alpha: version < 3 ? 0.2 : 1.0 / 6, beta: 0.5)
    case "hard_silu", "hard_swish": HardSwish()
    default: nil
    }
  }

  static func clip(
    _ builder: inout KerasGraphBuilder, _ x: KerasTensor, _ least: Double, _ most: Double,
    _ name: String
  ) throws -> KerasTensor {
    let bounds = [
      builder.constant(least, name: "\(name)/minimum"),
      builder.constant(most, name: "\(name)/maximum"),
    ]
    return try builder.emit(Clip(), on: x, bounds, name: name)
  }

  private static func softmax(
    _ builder: inout KerasGraphBuilder, _ x: KerasTensor, _ axis: Int, _ name: String
  ) throws -> KerasTensor {
    let plain = try builder.plain(x)
    guard axis >= -plain.rank, axis < plain.rank else {
      throw DataError(.malformed, "there is no axis \(axis)")
    }
    return try builder.emit(Softmax(axis: axis), on: plain, name: name)
  }

  private static func relu(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    let x = try call.input()
    let slope = try call.number("negative_slope", default: 0)
    let threshold = try call.number("threshold", default: 0)
    let most = call.value("max_value")?.double
    switch (slope, threshold, most) {
    case (0, 0, nil): return try builder.emit(Relu(), on: x, name: call.name)
    case (0, 0, let most?): return try clip(&builder, x, 0, most, call.name)
    case (_, 0, nil): return try builder.emit(LeakyRelu(alpha: slope), on: x, name: call.name)
    case (0, _, nil):
      return try builder.emit(ThresholdedRelu(alpha: threshold), on: x, name: call.name)
    default:
      throw DataError(
        .unsupported, "a ReLU with several of negative_slope, threshold and max_value")
    }
  }

  private static func leakyReLU(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall) throws
    -> KerasTensor
  {
    try builder.emit(
      LeakyRelu(alpha: try call.number("negative_slope", "alpha", default: 0.3)),
      on: try call.input(), name: call.name)
  }

  private static func parametricReLU(_ builder: inout KerasGraphBuilder, _ call: KerasLayerCall)
    throws -> KerasTensor
  {
    let x = try builder.image(try call.input())
    guard let shape = builder.weightShape(call, "weight") else {
      throw DataError(.malformed, "the file has no slopes for it")
    }
    var slope = try builder.parameter(call, "weight", shape)
    if shape.count == 1, x.rank > 2 {
      // One slope a channel, stretched over the pixels
      let target = builder.constant(
        [shape[0]] + [Int](repeating: 1, count: x.rank - 2), name: "\(call.name)/shape")
      slope = try builder.emit(Reshape(), [slope, target], name: "\(call.name)/slope")
    }
    return try builder.emit(PRelu(), on: x, [slope], name: call.name)
  }
}
