import BinaryIO
import Tensors

extension NPYHeader {
  /// The array behind the header; a view of `file` unless its byte order is not ours.
  /// - Parameter file: the whole `.npy` file.
  func tensor(_ file: Bytes) throws -> Tensor {
    try checkSize(file.count)
    let width = type.dataType == .complex64 ? 4 : type.dataType.byteCount
    let data = file[dataOffset..<(dataOffset + byteCount)]
    let storage = TensorStorage(type.isBigEndian ? data.byteSwapped(width: width) : data)
    guard isFortran else {
      return try Tensor(viewing: storage, dataType: type.dataType, shape: shape)
    }
    let reversed = try Tensor(
      viewing: storage, dataType: type.dataType, shape: Shape(shape.dimensions.reversed()))
    return reversed.permuted(Array((0..<shape.rank).reversed()))
  }

  /// - Throws: `.truncated` when there are fewer bytes than elements, `.malformed` when there are more.
  func checkSize(_ fileByteCount: Int) throws {
    let available = fileByteCount - dataOffset
    guard available >= byteCount else {
      throw DataError(
        .truncated,
        "an array of shape \(shape) needs \(byteCount) bytes, and \(available) are there",
        remedy: "is the file cut short?")
    }
    guard available == byteCount else {
      throw DataError(.malformed, "\(available - byteCount) bytes behind the last element")
    }
  }
}
