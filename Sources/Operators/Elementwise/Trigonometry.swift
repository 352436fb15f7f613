import ModelGraph

// One operator after another that is nothing but a function of the C library (ONNX Sin-22 and its
// kin).

/// `sin(x)`.
public struct Sin: ElementwiseUnary {
  public static let name = "Sin"
  public init() {}
  public func apply(_ x: Double) -> Double { C.sin(x) }
}

/// `cos(x)`.
public struct Cos: ElementwiseUnary {
  public static let name = "Cos"
  public init() {}
  public func apply(_ x: Double) -> Double { C.cos(x) }
}

/// `tan(x)`.
public struct Tan: ElementwiseUnary {
  public static let name = "Tan"
  public init() {}
  public func apply(_ x: Double) -> Double { C.tan(x) }
}

/// `asin(x)`.
public struct Asin: ElementwiseUnary {
  public static let name = "Asin"
  public init() {}
  public func apply(_ x: Double) -> Double { C.asin(x) }
}

/// `acos(x)`.
public struct Acos: ElementwiseUnary {
  public static let name = "Acos"
  public init() {}
  public func apply(_ x: Double) -> Double { C.acos(x) }
}

/// `atan(x)`.
public struct Atan: ElementwiseUnary {
  public static let name = "Atan"
  public init() {}
  public func apply(_ x: Double) -> Double { C.atan(x) }
}

/// `sinh(x)`.
public struct Sinh: ElementwiseUnary {
  public static let name = "Sinh"
  public init() {}
  public func apply(_ x: Double) -> Double { C.sinh(x) }
}

/// `cosh(x)`.
public struct Cosh: ElementwiseUnary {
  public static let name = "Cosh"
  public init() {}
  public func apply(_ x: Double) -> Double { C.cosh(x) }
}

/// `asinh(x)`.
public struct Asinh: ElementwiseUnary {
  public static let name = "Asinh"
  public init() {}
  public func apply(_ x: Double) -> Double { C.asinh(x) }
}

/// `acosh(x)`.
public struct Acosh: ElementwiseUnary {
  public static let name = "Acosh"
  public init() {}
  public func apply(_ x: Double) -> Double { C.acosh(x) }
}

/// `atanh(x)`.
public struct Atanh: ElementwiseUnary {
  public static let name = "Atanh"
  public init() {}
  public func apply(_ x: Double) -> Double { C.atanh(x) }
}

extension Sin: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Cos(), [x])
  }
}

extension Cos: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.negated(builder.add(Sin(), [x]))
  }
}

extension Tan: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.sum(builder.multiply(y, y), 1)
  }
}

extension Asin: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let square = try builder.multiply(x, x)
    return try builder.add(
      Reciprocal(), [builder.add(Sqrt(), [builder.difference(1, square)])])
  }
}

extension Acos: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let square = try builder.multiply(x, x)
    let inverse = try builder.add(
      Reciprocal(), [builder.add(Sqrt(), [builder.difference(1, square)])])
    return try builder.negated(inverse)
  }
}

extension Atan: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Reciprocal(), [builder.sum(builder.multiply(x, x), 1)])
  }
}

extension Sinh: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Cosh(), [x])
  }
}

extension Cosh: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Sinh(), [x])
  }
}

extension Asinh: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let square = try builder.multiply(x, x)
    return try builder.add(Reciprocal(), [builder.add(Sqrt(), [builder.sum(square, 1)])])
  }
}

extension Acosh: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    let square = try builder.multiply(x, x)
    return try builder.add(Reciprocal(), [builder.add(Sqrt(), [builder.sum(square, -1)])])
  }
}

extension Atanh: DifferentiableUnary {
  func slope(_ builder: inout GradientBuilder, x: ValueID, y: ValueID) throws -> ValueID {
    try builder.add(Reciprocal(), [builder.difference(1, builder.multiply(x, x))])
  }
}
