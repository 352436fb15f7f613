import JSON

/// The variables of the layers that we know, in the order in which Keras makes them.
enum KerasVariables {
  /// What the `count` variables of a layer are called; numbers where nothing is known.
  static func leaves(of className: String, count: Int, config: JSONValue?) -> [String] {
    func has(_ key: String) -> Bool? { config?[key]?.bool }
    let all: [String]
    switch className {
    case "Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
      "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D":
      all = ["kernel", "bias"]
    case "SeparableConv1D", "SeparableConv2D":
      all = ["depthwise_kernel", "pointwise_kernel", "bias"]
    case "BatchNormalization":
      // Of three, gamma is the one that networks leave out: the next layer scales as well
      let scale = has("scale") ?? (count != 3 && count != 2)
      let center = has("center") ?? (count != 2)
      all =
        (scale ? ["gamma"] : []) + (center ? ["beta"] : []) + ["moving_mean", "moving_variance"]
    case "LayerNormalization", "GroupNormalization":
      all = (has("scale") ?? true ? ["gamma"] : []) + (has("center") ?? true ? ["beta"] : [])
    case "Embedding": all = ["embeddings"]
    case "PReLU": all = ["alpha"]
    case "Normalization": all = ["mean", "variance", "count"]
    default: all = []
    }
    return count <= all.count
      ? Array(all.prefix(count)) : (0..<count).map { String($0) }
  }

  /// The class of an object that Keras has named itself: `conv2d_3` → `Conv2D`.
  static func className(ofAutomaticName name: String) -> String? {
    var stem = name[...]
    if let underscore = name.lastIndex(of: "_"), Int(name[name.index(after: underscore)...]) != nil
    {
      stem = name[..<underscore]
    }
    return classes.first { ObjectWeights.snakeCase($0) == stem }
  }

  private static let classes = [
    "Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "Embedding", "PReLU",
    "Normalization",
  ]
}
