import BinaryIO
import CHDF5
import Tensors

/// What the elements of a dataset are.
///
/// Only types whose bytes are a tensor's, perhaps in the other order, are known: the library never converts for us.
struct HDF5ElementType {
  var dataType: DataType
  var isBigEndian = false

  /// Finds out what the library's datatype `id` is; `name` is the dataset's attribute `dtype`.
  /// - Throws: `.unsupported` with the kind of type that is no number.
  init(_ id: hid_t, name: () throws -> String?) throws {
    let size = H5Tget_size(id)
    if let known = HDF5ElementType.numbers.first(where: { H5Tequal(id, $0.little) > 0 }) {
      dataType = known.dataType
      return
    }
    if let known = HDF5ElementType.numbers.first(where: { H5Tequal(id, $0.big) > 0 }) {
      dataType = known.dataType
      isBigEndian = true
      return
    }
    switch H5Tget_class(id) {
    case H5T_FLOAT where size == 2 && HDF5ElementType.isHalf(id):
      dataType = .float16
      isBigEndian = H5Tget_order(id) == H5T_ORDER_BE
    case H5T_ENUM where size == 1 && H5Tget_nmembers(id) == 2: dataType = .bool
    case H5T_OPAQUE:
      let name = try name()
      guard let known = name.flatMap(DataType.init(elementName:)), known.byteCount == size else {
        throw DataError(
          .unsupported, "opaque elements of \(size) bytes (\(name ?? "without a name"))")
      }
      dataType = known
    case H5T_STRING: throw DataError(.unsupported, "holds texts", expected: "numbers")
    case H5T_COMPOUND: throw DataError(.unsupported, "holds compounds", expected: "numbers")
    default: throw DataError(.unsupported, "holds elements of an unknown type", expected: "numbers")
    }
  }

  /// The library's datatypes that are ours, byte for byte.
  private static var numbers: [(dataType: DataType, little: hid_t, big: hid_t)] {
    [
      (.float32, mng_h5_f32le(), mng_h5_f32be()), (.float64, mng_h5_f64le(), mng_h5_f64be()),
      (.int64, mng_h5_i64le(), mng_h5_i64be()), (.int32, mng_h5_i32le(), mng_h5_i32be()),
      (.int16, mng_h5_i16le(), mng_h5_i16be()), (.int8, mng_h5_i8le(), mng_h5_i8be()),
      (.uint64, mng_h5_u64le(), mng_h5_u64be()), (.uint32, mng_h5_u32le(), mng_h5_u32be()),
      (.uint16, mng_h5_u16le(), mng_h5_u16be()), (.uint8, mng_h5_u8le(), mng_h5_u8be()),
    ]
  }

  /// IEEE binary16: sign at 15, exponent of 5 bits at 10 with bias 15, mantissa of 10 bits.
  private static func isHalf(_ id: hid_t) -> Bool {
    var sign = 0
    var exponent = 0
    var exponentSize = 0
    var mantissa = 0
    var mantissaSize = 0
    let status = unsafe H5Tget_fields(
      id, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize)
    return status >= 0 && sign == 15 && exponent == 10 && exponentSize == 5 && mantissa == 0
      && mantissaSize == 10 && H5Tget_ebias(id) == 15
  }

  /// The library's datatype in which a writer stores `dataType`.
  static func stored(_ dataType: DataType) throws -> HDF5Handle {
    let id: hid_t
    switch dataType {
    case .float16:
      id = H5Tcopy(mng_h5_f32le())
      guard H5Tset_fields(id, 15, 10, 5, 0, 10) >= 0, H5Tset_size(id, 2) >= 0,
        H5Tset_ebias(id, 15) >= 0
      else { throw DataError(.unwritable, "the HDF5 library has no half precision") }
    case .bfloat16, .float8E4M3, .float8E5M2, .complex64:
      id = H5Tcreate(H5T_OPAQUE, dataType.byteCount)
      unsafe H5Tset_tag(id, dataType.rawValue)
    case .bool: id = H5Tcopy(mng_h5_u8le())
    default:
      guard let known = numbers.first(where: { $0.dataType == dataType }) else {
        throw DataError(.unsupported, "\(dataType) in an HDF5 file")
      }
      id = H5Tcopy(known.little)
    }
    return try HDF5Handle(id, closedBy: { H5Tclose($0) }, orThrow: "no datatype")
  }
}
