import BinaryIO
import CHDF5
import Formats
import Tensors

/// A dataset: an array with a type and a shape, whose elements are in the file somehow.
struct HDF5Dataset {
  let path: String
  let dataType: DataType
  let shape: Shape
  private let content: Content

  private enum Content {
    /// Part of the file, byte for byte.
    case mapped(Bytes)
    /// Read by the library when asked for.
    case read(HDF5File, swapping: Bool)
  }

  init(file: HDF5File, parent: HDF5Handle, name: String, path: String) throws {
    self.path = path
    (dataType, shape, content) = try naming("dataset '\(path)'") {
      try HDF5Library.exclusively {
        let handle = try HDF5Dataset.open(parent, name)
        let element = try HDF5Dataset.elementType(handle)
        let shape = try HDF5Dataset.shape(handle)
        return (element.dataType, shape, try HDF5Dataset.content(file, handle, element, shape))
      }
    }
  }

  /// The elements as a named tensor, mapped where the file allows it.
  func entry(named name: String? = nil) -> TensorEntry {
    let name = name ?? path
    switch content {
    case .mapped(let bytes):
      let tensor = try? Tensor(viewing: TensorStorage(bytes), dataType: dataType, shape: shape)
      if let tensor { return TensorEntry(name: name, tensor) }
      preconditionFailure("\(bytes.count) bytes were checked to hold \(dataType) \(shape)")
    case .read(let file, let swapping):
      let (path, dataType, shape) = (path, dataType, shape)
      return TensorEntry(name: name, dataType: dataType, shape: shape) {
        try HDF5Dataset.load(file, path, dataType, shape, swapping)
      }
    }
  }

  private static func open(_ parent: HDF5Handle, _ name: String) throws -> HDF5Handle {
    try HDF5Handle(
      unsafe H5Dopen2(parent.id, name, mng_h5_default()), closedBy: { H5Dclose($0) },
      orThrow: "cannot be opened")
  }

  private static func elementType(_ dataset: HDF5Handle) throws -> HDF5ElementType {
    let type = try HDF5Handle(
      H5Dget_type(dataset.id), closedBy: { H5Tclose($0) }, orThrow: "has a broken type")
    return try HDF5ElementType(type.id) {
      try HDF5Attributes(owner: dataset, subject: "the attributes").text("dtype")
    }
  }

  private static func shape(_ dataset: HDF5Handle) throws -> Shape {
    let space = try HDF5Handle(
      H5Dget_space(dataset.id), closedBy: { H5Sclose($0) }, orThrow: "has a broken shape")
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank >= 0, H5Sget_simple_extent_type(space.id) != H5S_NULL else {
      throw DataError(.unsupported, "has no shape")
    }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    if rank > 0 { unsafe _ = H5Sget_simple_extent_dims(space.id, &extents, nil) }
    return try Shape(checking: extents.map { Int(clamping: $0) })
  }

  /// Where the elements are, checked against the bytes that the file really has.
  private static func content(
    _ file: HDF5File, _ dataset: HDF5Handle, _ element: HDF5ElementType, _ shape: Shape
  ) throws -> Content {
    let wanted = shape.elementCount * element.dataType.byteCount
    let properties = try HDF5Handle(
      H5Dget_create_plist(dataset.id), closedBy: { H5Pclose($0) }, orThrow: "has a broken layout")
    guard H5Pget_external_count(properties.id) == 0 else {
      throw DataError(
        .unsupported, "its elements lie in another file", remedy: "this is not followed")
    }
    if wanted == 0 { return .mapped(Bytes()) }
    switch H5Pget_layout(properties.id) {
    case H5D_CONTIGUOUS:
      let address = H5Dget_offset(dataset.id)
      guard address != mng_h5_undefined_address(), let offset = Int(exactly: address) else {
        return try neverWritten(file, wanted, element)
      }
      guard H5Dget_storage_size(dataset.id) >= wanted else {
        throw DataError(.malformed, "its storage is smaller than its shape \(shape)")
      }
      let bytes = try file.bytes.slice(at: offset, count: wanted)
      return element.isBigEndian ? .read(file, swapping: true) : .mapped(bytes)
    case H5D_COMPACT: return .read(file, swapping: element.isBigEndian)
    case H5D_CHUNKED:
      try checkChunks(dataset, properties, wanted)
      return .read(file, swapping: element.isBigEndian)
    case H5D_VIRTUAL: throw DataError(.unsupported, "its elements lie in other datasets")
    default: throw DataError(.unsupported, "has an unknown layout")
    }
  }

  /// A dataset to which nothing was ever written holds zeros; a large one is a trap.
  private static func neverWritten(_ file: HDF5File, _ wanted: Int, _ element: HDF5ElementType)
    throws
    -> Content
  {
    guard wanted <= 1 << 20 else {
      throw DataError(.limitExceeded, "claims \(wanted) bytes, of which none is in the file")
    }
    return .read(file, swapping: element.isBigEndian)
  }

  /// Chunks must be there, in a size that the file can hold, packed by filters that come with the library.
  private static func checkChunks(
    _ dataset: HDF5Handle, _ properties: HDF5Handle, _ wanted: Int
  ) throws {
    let stored = H5Dget_storage_size(dataset.id)
    var ratio: UInt64 = 1
    for i in 0..<UInt32(max(0, H5Pget_nfilters(properties.id))) {
      var flags: UInt32 = 0
      var valueCount = 0
      let filter = unsafe H5Pget_filter2(
        properties.id, i, &flags, &valueCount, nil, 0, nil, nil)
      switch filter {
      case H5Z_FILTER_DEFLATE: ratio = 1032  // the most that deflate can do
      case H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32: break
      default: throw DataError(.unsupported, "is packed by filter \(filter)", expected: "gzip")
      }
    }
    var extents = [hsize_t](repeating: 0, count: 32)
    let rank = unsafe H5Pget_chunk(properties.id, 32, &extents)
    guard rank >= 0 else { throw DataError(.malformed, "has broken chunks") }
    var chunk: UInt64 = 8
    for extent in extents.prefix(Int(rank)) {
      let (product, overflow) = chunk.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= 1 << 31 else {
        throw DataError(.limitExceeded, "has chunks of \(extents.prefix(Int(rank))) elements")
      }
      chunk = product
    }
    let (most, overflow) = stored.multipliedReportingOverflow(by: ratio)
    guard overflow || most >= wanted || wanted <= 1 << 16 else {
      throw DataError(
        .limitExceeded, "claims \(wanted) bytes, and \(stored) bytes are stored")
    }
  }

  private static func load(
    _ file: HDF5File, _ path: String, _ dataType: DataType, _ shape: Shape, _ swapping: Bool
  ) throws -> Tensor {
    try HDF5Library.exclusively {
      let dataset = try open(file.handle, path)
      let type = try HDF5Handle(
        H5Dget_type(dataset.id), closedBy: { H5Tclose($0) }, orThrow: "has a broken type")
      return try unsafe Tensor(dataType: dataType, shape: shape) { target in
        // Memory is asked for in the file's own type: the library copies and unpacks, and converts nothing
        let status = unsafe H5Dread(
          dataset.id, type.id, mng_h5_all(), mng_h5_all(), mng_h5_default(), target.baseAddress)
        guard status >= 0 else {
          throw DataError(.malformed, "cannot be read: broken or packed in an unknown way")
        }
        if swapping { unsafe swapBytes(target, dataType.byteCount) }
      }
    }
  }

  private static func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, _ size: Int) {
    for start in stride(from: 0, to: bytes.count, by: size) {
      unsafe bytes[start..<(start + size)].reverse()
    }
  }
}
