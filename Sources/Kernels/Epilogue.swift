import CKernels

/// Limits of a result: ReLU, ReLU6, clip, or none; NaN stays NaN.
public struct Clamp: Sendable, Hashable {
  public var minimum: Float
  public var maximum: Float

  public init(minimum: Float = -.infinity, maximum: Float = .infinity) {
    self.minimum = minimum
    self.maximum = maximum
  }

  public static let none = Clamp()
  public static let relu = Clamp(minimum: 0)
  public static let relu6 = Clamp(minimum: 0, maximum: 6)
}

/// What a matrix product or convolution does to a sum before storing it: `clamp(sum + bias[n] +
/// residual[m, n])`.
public struct Epilogue: Sendable {
  /// One float an output channel.
  public var bias: FloatView?

  /// The result's shape; it may be the result's own memory.
  public var residual: FloatView?

  public var clamp: Clamp

  public init(bias: FloatView? = nil, residual: FloatView? = nil, clamp: Clamp = .none) {
    self.bias = bias
    self.residual = residual
    self.clamp = clamp
  }

  public static let none = Epilogue()

  /// The C structure for a result of `rows` by `columns`.
  func checked(rows: Int, columns: Int) -> mng_epilogue_f32 {
    unsafe mng_epilogue_f32(
      bias: bias?.reading(columns, "bias"),
      residual: residual?.reading(rows * columns, "residual"),
      residual_stride: columns, minimum: clamp.minimum, maximum: clamp.maximum)
  }
}
