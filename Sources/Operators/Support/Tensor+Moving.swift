import BinaryIO
import Tensors

/// Moving elements without looking at them: any element type is handled as an unsigned integer of
/// its width.
extension Tensor {
  /// The same memory as unsigned integers of the elements' width.
  var bits: Tensor { get throws { try viewed(as: carrier(of: dataType)) } }

  /// The same memory as another type of the same width.
  func viewed(as type: DataType) throws -> Tensor {
    try Tensor(viewing: storage, dataType: type, shape: shape, strides: strides, offset: offset)
  }

  /// Tensors of one type joined along an axis; they agree in all others.
  static func concatenated(_ tensors: [Tensor], axis: Int, shape: Shape) throws -> Tensor {
    func join<T: TensorScalar>(_ type: T.Type) throws -> Tensor {
      let parts = try tensors.map { try $0.bits.values(as: T.self) }
      let outer = shape.dimensions[..<axis].reduce(1, *)
      let widths = tensors.map { $0.shape.dimensions[axis...].reduce(1, *) }
      var result: [T] = []
      result.reserveCapacity(shape.elementCount)
      for i in 0..<(shape.elementCount == 0 ? 0 : outer) {
        for (part, width) in zip(parts, widths) {
          result += part[(i * width)..<((i + 1) * width)]
        }
      }
      return Tensor(shape: shape, result)
    }
    let type = tensors[0].dataType
    let joined =
      switch type.byteCount {
      case 1: try join(UInt8.self)
      case 2: try join(UInt16.self)
      case 4: try join(UInt32.self)
      default: try join(UInt64.self)
      }
    return try joined.viewed(as: type)
  }

  /// The places `indices` of an axis, in that order; `fill` (one element) where an index is
  /// negative.
  func selecting(axis: Int, _ indices: [Int], fill: Tensor? = nil) throws -> Tensor {
    var extents = shape.dimensions
    extents[axis] = indices.count
    let result = try bounded(extents)
    func select<T: TensorScalar & FixedWidthInteger>(_ type: T.Type) throws -> Tensor {
      let source = try bits.values(as: T.self)
      let filling = try fill?.bits.values(as: T.self).first ?? 0
      let width = shape.dimensions[(axis + 1)...].reduce(1, *)
      let outer = shape.dimensions[..<axis].reduce(1, *)
      var values: [T] = []
      values.reserveCapacity(result.elementCount)
      for i in 0..<(result.elementCount == 0 ? 0 : outer) {
        for index in indices {
          if index < 0 {
            values += repeatElement(filling, count: width)
          } else {
            let start = (i * shape[axis] + index) * width
            values += source[start..<(start + width)]
          }
        }
      }
      return Tensor(shape: result, values)
    }
    return try moved(select, select, select, select)
  }

  /// Single elements, chosen by their places in row-major order.
  func picking(_ places: [Int], shape: Shape) throws -> Tensor {
    func pick<T: TensorScalar>(_ type: T.Type) throws -> Tensor {
      let source = try bits.values(as: T.self)
      return Tensor(shape: shape, places.map { source[$0] })
    }
    return try moved(pick, pick, pick, pick)
  }

  /// Runs the variant for the elements' width and gives its result this tensor's type again.
  private func moved(
    _ one: (UInt8.Type) throws -> Tensor, _ two: (UInt16.Type) throws -> Tensor,
    _ four: (UInt32.Type) throws -> Tensor, _ eight: (UInt64.Type) throws -> Tensor
  ) throws -> Tensor {
    let result =
      switch dataType.byteCount {
      case 1: try one(UInt8.self)
      case 2: try two(UInt16.self)
      case 4: try four(UInt32.self)
      default: try eight(UInt64.self)
      }
    return try result.viewed(as: dataType)
  }
}

/// The unsigned integer that is as wide as an element.
private func carrier(of type: DataType) -> DataType {
  switch type.byteCount {
  case 1: .uint8
  case 2: .uint16
  case 4: .uint32
  default: .uint64
  }
}
