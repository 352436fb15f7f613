import ModelGraph
import Operators

/// The activation between the two halves of a feed-forward layer.
enum Activation: String, Sendable, Hashable {
  /// Exact, by the error function.
  case gelu
  /// By tanh.
  case geluTanh = "gelu_new"
  /// By a sigmoid, as OpenAI's CLIP.
  case quickGelu = "quick_gelu"
  case relu
  case silu
  case tanh
  case sigmoid

  /// As transformers' `ACT2FN` calls it; nil when it is none of these.
  init?(transformers name: String) {
    switch name {
    case "gelu", "gelu_python": self = .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh": self = .geluTanh
    case "quick_gelu": self = .quickGelu
    case "relu": self = .relu
    case "silu", "swish": self = .silu
    case "tanh": self = .tanh
    case "sigmoid": self = .sigmoid
    default: return nil
    }
  }

  var layer: any Operator {
    switch self {
    case .gelu: Gelu()
    case .geluTanh: Gelu(approximation: .tanh)
    case .quickGelu: Swish(alpha: 1.702)
    case .relu: Relu()
    case .silu: Swish()
    case .tanh: Tanh()
    case .sigmoid: Sigmoid()
    }
  }
}
