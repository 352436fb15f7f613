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

  /// A function of each result after that; matrix products only.
  public var activation: UnaryOperator?

  /// What each result is multiplied by at last, of the result's shape; matrix products only.
  public var factor: FloatView?

  public init(
    bias: FloatView? = nil, residual: FloatView? = nil, clamp: Clamp = .none,
    activation: UnaryOperator? = nil, factor: FloatView? = nil
  ) {
    self.bias = bias
    self.residual = residual
    self.clamp = clamp
    self.activation = activation
    self.factor = factor
  }

  public static let none = Epilogue()

  /// Activation and factor for a piece of a result that has been stored, while it is still in the caches.
  ///
  /// - Parameters:
  ///   - isActivated: whether the kernel has applied the activation already.
  ///   - y: where row 0 and column 0 of the result are.
  ///   - width: columns of the whole result, which a factor has densely.
  func finish(
    _ y: UnsafeMutablePointer<Float>, stride: Int, rows: Range<Int>, columns: Range<Int>,
    width: Int, isActivated: Bool = false
  ) {
    let activation = isActivated ? nil : activation
    guard activation != nil || factor != nil, !columns.isEmpty else { return }
    let isDense = stride == columns.count && width == columns.count
    let (lines, count) = isDense ? (rows.prefix(1), rows.count * width) : (rows, columns.count)
    for row in lines {
      let start = unsafe y + row * stride + columns.lowerBound
      if let (operation, alpha, beta) = activation?.code {
        unsafe mng_unary_f32(operation, count, start, alpha, beta, start)
      }
      if let factor {
        let place = row * width + columns.lowerBound
        let other = unsafe factor.reading(place + count, "factor") + place
        unsafe mng_binary_f32(
          MNG_BINARY_MULTIPLY, 1, count, start, 0, 1, other, 0, 1, -.infinity, .infinity, start)
      }
    }
  }

  /// The C structure for a result of `rows` by `columns`.
  ///
  /// - Parameter activates: whether the kernel is to apply the activation, too; `mng_gemm_f32` alone can.
  func checked(rows: Int, columns: Int, activates: Bool = false) -> mng_epilogue_f32 {
    let code = activates ? activation?.code : nil
    return unsafe mng_epilogue_f32(
      bias: bias?.reading(columns, "bias"),
      residual: residual?.reading(rows * columns, "residual"),
      residual_stride: columns, minimum: clamp.minimum, maximum: clamp.maximum,
      activates: code != nil, activation: code?.0 ?? MNG_UNARY_CLIP, alpha: code?.1 ?? 0,
      beta: code?.2 ?? 0)
  }
}
