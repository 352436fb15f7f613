import BinaryIO

/// An n-dimensional array: a view of a storage with a type, a shape, strides and an offset.
///
/// Values never change; operations return new tensors, which share the storage where they can.
public struct Tensor: Sendable {
  public let storage: TensorStorage
  public let dataType: DataType
  public let shape: Shape
  /// Steps along each axis, in elements. Zero repeats; negative ones are not allowed.
  public let strides: [Int]
  /// Elements from the start of the storage to the first element.
  public let offset: Int

  /// A view of `storage`, checked: no element may lie outside it.
  /// - Throws: `.malformed` for ranks that differ, negative numbers and blocks that would be cut,
  ///   `.truncated` for an overrun.
  public init(
    viewing storage: TensorStorage, dataType: DataType, shape: Shape, strides: [Int]? = nil,
    offset: Int = 0
  ) throws {
    let strides = strides ?? shape.contiguousStrides
    guard strides.count == shape.rank else {
      throw DataError(.malformed, "\(strides.count) strides for \(shape.rank) axes")
    }
    guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      throw DataError(
        .malformed, "a negative stride or offset (strides \(strides), offset \(offset))")
    }
    var last = offset
    for (extent, stride) in zip(shape, strides) where shape.elementCount > 0 {
      let (reach, overflow1) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow2) = last.addingReportingOverflow(reach)
      guard !overflow1, !overflow2 else {
        throw DataError(.malformed, "strides \(strides) that overflow")
      }
      last = sum
    }
    guard dataType.canView(shape, strides, offset: offset) else {
      throw DataError(
        .malformed, "shape \(shape) with strides \(strides) at offset \(offset)",
        expected: "whole rows of blocks of \(dataType.blockElements) elements (\(dataType))")
    }
    let available = storage.byteCount / dataType.byteCount * dataType.blockElements
    guard shape.elementCount == 0 ? offset <= available : last < available else {
      throw DataError(
        .truncated,
        "shape \(shape) with strides \(strides) at offset \(offset) reaches element \(last), "
          + "but the storage has \(available)")
    }
    self.storage = storage
    self.dataType = dataType
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// Dense memory of our own; `fill` gets it zeroed. For kernels and C faces only.
  ///
  /// Traps when the type's blocks do not fit the shape.
  public init(
    dataType: DataType, shape: Shape,
    fillingWith fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    precondition(dataType.fits(shape), "blocks of \(dataType) do not fit the shape \(shape)")
    storage = try unsafe TensorStorage(
      byteCount: dataType.byteCount(of: shape.elementCount), fillingWith: fill)
    self.dataType = dataType
    self.shape = shape
    strides = shape.contiguousStrides
    offset = 0
  }

  /// A dense tensor of `values` in row-major order; traps when their number does not fit the shape.
  public init<Scalar: TensorScalar>(shape: Shape, _ values: [Scalar]) {
    precondition(
      values.count == shape.elementCount, "\(values.count) values for the shape \(shape)")
    unsafe self.init(dataType: Scalar.dataType, shape: shape) { target in
      unsafe values.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  /// A tensor without axes.
  public init<Scalar: TensorScalar>(scalar: Scalar) { self.init(shape: [], [scalar]) }

  /// A tensor with one axis.
  public init<Scalar: TensorScalar>(_ values: [Scalar]) {
    self.init(shape: [values.count], values)
  }

  /// A dense tensor of zeros (or false).
  public init(zeros shape: Shape, dataType: DataType = .float32) {
    unsafe self.init(dataType: dataType, shape: shape) { _ in }
  }

  /// A view whose parts are known to fit, because they were made from another view's.
  init(
    unchecked storage: TensorStorage, dataType: DataType, shape: Shape, strides: [Int], offset: Int
  ) {
    self.storage = storage
    self.dataType = dataType
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  public var elementCount: Int { shape.elementCount }
  /// Bytes of the elements when they lie densely.
  public var byteCount: Int { dataType.byteCount(of: elementCount) }
  public var rank: Int { shape.rank }
}

/// What makes two tensors the same memory: equal identities are tied tensors.
public struct TensorIdentity: Hashable, Sendable {
  let storage: ObjectIdentifier
  let dataType: DataType
  let shape: Shape
  let strides: [Int]
  let offset: Int
}

extension Tensor {
  public var identity: TensorIdentity {
    TensorIdentity(
      storage: ObjectIdentifier(storage), dataType: dataType, shape: shape, strides: strides,
      offset: offset)
  }

  /// Whether the elements lie densely in row-major order.
  public var isContiguous: Bool {
    guard elementCount > 1 else { return true }
    var step = 1
    for axis in stride(from: rank - 1, through: 0, by: -1) where shape[axis] != 1 {
      guard strides[axis] == step else { return false }
      step *= shape[axis]
    }
    return true
  }
}
