import BinaryIO
import Tensors

/// One kind of computation with its attributes, with the semantics of the standard ONNX operator set.
///
/// An operator is a typed struct in a file of its own (`struct Softmax: Operator { var axis: Int }`).
/// Where ONNX has changed an operator, ours has the newest semantics and the ONNX converter translates.
public protocol Operator: Sendable {
  /// The standard's name: `Conv`, `MaxPool`.
  static var name: String { get }

  /// The same, for this node: an operator that we do not know has the name that its file gives it.
  var name: String { get }

  /// What the outputs will be.
  ///
  /// As much as follows from the inputs; unknown parts are allowed. Called while a graph is verified (dimensions may be
  /// symbolic) and while a program is compiled (all fixed).
  /// - Throws: `DataError` `.mismatch` when the inputs do not fit the operator or each other.
  func outputTypes(for inputs: OperatorInputs) throws -> [TensorType]

  /// Computes the outputs, for any layout and type that the operator allows: the plain, correct way.
  ///
  /// The runtime has faster ways for the operators that matter, and these must agree with this one.
  func evaluate(_ inputs: [Tensor?]) throws -> [Tensor]
}

extension Operator {
  public var name: String { Self.name }
}

/// What an operator may look at to say what it will give.
public struct OperatorInputs: Sendable {
  /// The inputs' types; nil for an optional input that is left out.
  public let types: [TensorType?]
  /// The inputs' values where they are known beforehand (constants).
  public let constants: [Int: Tensor]

  public init(types: [TensorType?], constants: [Int: Tensor] = [:]) {
    self.types = types
    self.constants = constants
  }

  public var count: Int { types.count }

  /// The type of input `index`; unknown when it is left out.
  public subscript(index: Int) -> TensorType {
    types.indices.contains(index) ? types[index] ?? .unknown : .unknown
  }

  /// Whether input `index` is given.
  public func has(_ index: Int) -> Bool { types.indices.contains(index) && types[index] != nil }
}

/// An operator that we do not know: it can be looked at and written out again, but not run.
public struct OpaqueOperator: Operator {
  public static let name = "?"
  public var type: String
  public var domain: String
  /// Why it cannot be run, for a person.
  public var reason: String
  public var outputCount: Int
  /// What the converter that read it keeps, to write it out again.
  public var original: (any Sendable)?

  public init(
    type: String, domain: String, reason: String, outputCount: Int,
    original: (any Sendable)? = nil
  ) {
    self.type = type
    self.domain = domain
    self.reason = reason
    self.outputCount = outputCount
    self.original = original
  }

  public var name: String { type }

  public func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] {
    [TensorType](repeating: .unknown, count: outputCount)
  }

  public func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    throw DataError(.unsupported, reason, subject: "operator '\(type)'")
  }
}
