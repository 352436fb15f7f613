/// What becomes of an element that is scattered onto. Raw values are ONNX's.
public enum ScatterReduction: String, Sendable {
  case none, add, mul, max, min
}
