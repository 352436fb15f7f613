import Formats
import Tensors

/// From Keras's weights to the common form: PyTorch's names for the parts and PyTorch's axes, as views.
///
/// | Keras | shape | common form | shape |
/// |---|---|---|---|
/// | Dense `kernel` | in, out | `weight` | out, in |
/// | Conv2D `kernel` | H, W, in, out | `weight` | out, in, H, W |
/// | DepthwiseConv2D `kernel` | H, W, C, m | `weight` | C·m, 1, H, W |
/// | Conv2DTranspose `kernel` | H, W, out, in | `weight` | in, out, H, W |
/// | `gamma`, `beta` | C | `weight`, `bias` | C |
/// | `moving_mean`, `moving_variance` | C | `running_mean`, `running_var` | C |
/// | MultiHeadAttention's `kernel` | in, heads, size | `kernel` | the same: the name maps know how many heads |
struct Normalisation {
  /// How a kernel's axes are to be read.
  enum Kernel { case dense, convolution, depthwise, transposed, other }

  /// Shapes of the other weights of the same layer, by leaf, where no configuration tells the class.
  private let siblings: [String: [String: Shape]]

  init(_ weights: [KerasWeight]) {
    var siblings: [String: [String: Shape]] = [:]
    for weight in weights where weight.className == nil {
      siblings[weight.module.joined(separator: "/"), default: [:]][weight.leaf] = weight.entry.shape
    }
    self.siblings = siblings
  }

  /// The weight in the common form.
  func normalised(_ weight: KerasWeight) -> NormalisedTensor {
    var module = weight.module.map(LayerNames.unescaped)
    let leaf: String
    var order: [Int]?
    var depthwise = false
    let shape = weight.entry.shape
    switch weight.leaf {
    case "kernel":
      leaf = "weight"
      switch kernel(weight) {
      case .dense: order = [1, 0]
      case .convolution: order = [shape.rank - 1, shape.rank - 2] + Array(0..<(shape.rank - 2))
      case .transposed: order = [shape.rank - 1, shape.rank - 2] + Array(0..<(shape.rank - 2))
      case .depthwise: depthwise = true
      case .other: return exact(weight, module, weight.leaf)
      }
    case "depthwise_kernel" where shape.rank >= 3:
      if weight.className?.hasPrefix("Separable") ?? isSeparable(weight) {
        module.append("depthwise")
      }
      (leaf, depthwise) = ("weight", true)
    case "pointwise_kernel" where shape.rank >= 3:
      module.append("pointwise")
      leaf = "weight"
      order = [shape.rank - 1, shape.rank - 2] + Array(0..<(shape.rank - 2))
    case "bias" where weight.className?.hasPrefix("Separable") ?? isSeparable(weight):
      module.append("pointwise")
      leaf = "bias"
    case "gamma": leaf = "weight"
    case "beta": leaf = "bias"
    case "moving_mean": leaf = "running_mean"
    case "moving_variance": leaf = "running_var"
    case "embeddings": leaf = "weight"
    case "alpha" where weight.className == "PReLU": return slope(weight, module)
    default: return exact(weight, module, weight.leaf)
    }
    let name = (module + [leaf]).joined(separator: ".")
    if depthwise { return depthwiseKernel(weight, name) }
    if let order { return permuted(weight, name, order) }
    return exact(weight, module, leaf)
  }

  /// What a kernel is: by its class, or else by its rank and its bias.
  private func kernel(_ weight: KerasWeight) -> Kernel {
    let shape = weight.entry.shape
    switch weight.className {
    case "Dense": return shape.rank == 2 ? .dense : .other
    case "Conv1D", "Conv2D", "Conv3D": return shape.rank >= 3 ? .convolution : .other
    case "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose":
      return shape.rank >= 3 ? .transposed : .other
    case "DepthwiseConv1D", "DepthwiseConv2D": return shape.rank >= 3 ? .depthwise : .other
    case .some: return .other
    case nil: break
    }
    if isAttention(weight) { return .other }
    let others = siblings[weight.module.joined(separator: "/")] ?? [:]
    if others.keys.contains("recurrent_kernel") { return .other }
    if shape.rank == 2 { return .dense }
    guard (3...5).contains(shape.rank) else { return .other }
    let (inner, last) = (shape[shape.rank - 2], shape[shape.rank - 1])
    guard let bias = others["bias"]?.elementCount else {
      let area = shape.dropLast(2).reduce(1, *)
      return last == 1 && inner > 1 && area > 1 ? .depthwise : .convolution
    }
    if bias == last { return .convolution }
    return bias == inner * last ? .depthwise : bias == inner ? .transposed : .convolution
  }

  /// Whether it is a kernel of MultiHeadAttention: `(in, heads, size)`, or `(heads, size, out)`.
  private func isAttention(_ weight: KerasWeight) -> Bool {
    guard weight.entry.shape.rank == 3 else { return false }
    let query = (weight.module.dropLast() + ["query"]).joined(separator: "/")
    let output = (weight.module.dropLast() + ["attention_output"]).joined(separator: "/")
    guard siblings[query]?["kernel"]?.rank == 3, siblings[output]?["kernel"]?.rank == 3 else {
      return false
    }
    let parts = ["query", "key", "value", "attention_output"]
    return parts.contains(weight.module.last ?? "")
  }

  private func isSeparable(_ weight: KerasWeight) -> Bool {
    weight.className == nil
      && siblings[weight.module.joined(separator: "/")]?.keys.contains("pointwise_kernel") == true
  }

  private func exact(_ weight: KerasWeight, _ module: [String], _ leaf: String) -> NormalisedTensor
  {
    let name = (module + [leaf]).joined(separator: ".")
    return NormalisedTensor(weight.entry.renamed(name), sources: [weight.entry.name])
  }

  private func permuted(_ weight: KerasWeight, _ name: String, _ order: [Int]) -> NormalisedTensor {
    let shape = weight.entry.shape
    let entry = weight.entry.viewed(shape: Shape(order.map { shape[$0] })) { $0.permuted(order) }
    return NormalisedTensor(entry.renamed(name), sources: [weight.entry.name], action: .permuted)
  }

  /// H, W, C, m → C·m, 1, H, W: a channel's copies lie side by side in both.
  private func depthwiseKernel(_ weight: KerasWeight, _ name: String) -> NormalisedTensor {
    let shape = weight.entry.shape
    let area = Array(shape.dropLast(2))
    let channels = shape[shape.rank - 2] * shape[shape.rank - 1]
    let order = [area.count + 1, area.count] + Array(0..<area.count)
    let entry = weight.entry.viewed(shape: Shape([channels, 1] + area)) {
      $0.reshaped(Shape(area + [1, channels])).permuted(order)
    }
    return NormalisedTensor(entry.renamed(name), sources: [weight.entry.name], action: .permuted)
  }

  /// PReLU's slopes: one a channel when they are shared over the pixels.
  private func slope(_ weight: KerasWeight, _ module: [String]) -> NormalisedTensor {
    let shape = weight.entry.shape
    let name = (module + ["weight"]).joined(separator: ".")
    guard shape.rank > 1 else { return exact(weight, module, "weight") }
    if shape.dropLast().allSatisfy({ $0 == 1 }) {
      let entry = weight.entry.viewed(shape: [shape[shape.rank - 1]]) {
        $0.reshaped([shape[shape.rank - 1]])
      }
      return NormalisedTensor(entry.renamed(name), sources: [weight.entry.name], action: .reshaped)
    }
    return permuted(weight, name, [shape.rank - 1] + Array(0..<(shape.rank - 1)))
  }
}

extension TensorEntry {
  /// The same tensor seen otherwise: at once when it is there already, so that ties and mappings stay.
  func viewed(shape: Shape, _ view: @escaping @Sendable (Tensor) -> Tensor) -> TensorEntry {
    if identity != nil, let tensor = try? load() { return TensorEntry(name: name, view(tensor)) }
    return mapped(shape: shape, view)
  }
}
