import BinaryIO
import Formats
import Tensors

extension SparseTensorMessage {
  /// Bytes of the tensor with its zeros: a few bytes in a file can claim any number of them.
  private static let maximumSize = 1 << 29

  /// The tensor with its zeros, under the name of its values.
  /// - Throws: `DataError` that names the tensor.
  func entry(externalFiles: ExternalFiles?) throws -> TensorEntry {
    let elements = try values.entry(externalFiles: externalFiles)
    return try naming("tensor '\(values.name)'") {
      let shape = try Shape(checking: dimensions)
      guard shape.elementCount <= SparseTensorMessage.maximumSize / elements.dataType.byteCount
      else {
        throw DataError(.limitExceeded, "a sparse tensor of the shape \(shape)")
      }
      let places = try places(in: shape, count: elements.shape.elementCount, externalFiles)
      let size = elements.dataType.byteCount
      return TensorEntry(name: values.name, dataType: elements.dataType, shape: shape) {
        let source = try elements.load().contiguousBytes
        var bytes = [UInt8](repeating: 0, count: shape.elementCount * size)
        for (i, place) in places.enumerated() {
          for byte in 0..<size { bytes[place * size + byte] = source[i * size + byte] }
        }
        let storage = TensorStorage(Bytes(bytes))
        return try Tensor(viewing: storage, dataType: elements.dataType, shape: shape)
      }
    }
  }

  /// Where the values stand, as positions in row-major order.
  private func places(in shape: Shape, count: Int, _ files: ExternalFiles?) throws -> [Int] {
    let table = try indices.entry(externalFiles: files).load()
    guard table.dataType == .int64, table.shape == [count] || table.shape == [count, shape.rank]
    else {
      throw DataError(
        .malformed, "indices \(table.dataType) \(table.shape)",
        expected: "int64 [\(count)] or [\(count), \(shape.rank)]")
    }
    var places = table.integers
    if table.rank == 2 {
      let strides = shape.contiguousStrides
      let coordinates = places
      guard
        zip(coordinates.indices, coordinates).allSatisfy({ index, value in
          value >= 0 && value < shape[index % shape.rank]
        })
      else { throw DataError(.malformed, "an index outside the shape \(shape)") }
      places = (0..<count).map { i in
        (0..<shape.rank).reduce(0) { $0 + coordinates[i * shape.rank + $1] * strides[$1] }
      }
    }
    guard places.allSatisfy({ $0 >= 0 && $0 < shape.elementCount }) else {
      throw DataError(.malformed, "an index outside the shape \(shape)")
    }
    return places
  }
}
