import Formats
import Tensors

/// Which names in a pickle another loader would import and might call.
///
/// - Source: `_get_allowed_globals` in `torch/_weights_only_unpickler.py` (PyTorch 2.15) for what is harmless, and the
///   plain containers of Python and NumPy beside it.
enum PickleSecurity {
  static func findings(_ heap: PickleHeap) -> [SecurityFinding] {
    heap.globals.filter { !isHarmless($0.name) }.map {
      SecurityFinding(kind: "pickle-global", name: $0.name, offset: $0.offset)
    }
  }

  static func isHarmless(_ name: String) -> Bool {
    if harmless.contains(name) { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let last = parts.last else { return false }
    switch parts.dropLast().joined(separator: ".") {
    case "torch":
      return isStorageClass(last) || isTensorClass(last) || types.contains(last)
    case "torch.cuda": return isStorageClass(last) || isTensorClass(last)
    case "torch.storage": return isStorageClass(last)
    case "torch._utils": return rebuilders.contains(last)
    case "numpy.core.multiarray", "numpy._core.multiarray":
      return last == "_reconstruct" || last == "scalar"
    case "numpy.core.numeric", "numpy._core.numeric": return last == "_frombuffer"
    case "numpy", "numpy.dtypes":
      return last.allSatisfy { $0.isLetter || $0.isNumber }
        && (last == "ndarray" || last == "dtype" || last.hasSuffix("DType"))
    default: return false
    }
  }

  private static func isStorageClass(_ name: String) -> Bool {
    guard name.hasSuffix("Storage") else { return false }
    let stem = String(name.dropLast("Storage".count))
    return StorageReference.types[stem] != nil
      || [
        "Untyped", "_Untyped", "Typed", "_Typed", "ComplexDouble", "QInt8", "QUInt8", "QInt32",
        "QUInt4x2", "QUInt2x4",
      ].contains(stem)
  }

  private static func isTensorClass(_ name: String) -> Bool {
    name.hasSuffix("Tensor") && StorageReference.types[String(name.dropLast("Tensor".count))] != nil
  }

  private static let harmless: Set<String> = [
    "collections.OrderedDict", "collections.Counter", "collections.defaultdict",
    "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "torch.serialization._get_layout",
    "torch.Size", "torch.Tensor", "torch.device", "torch._tensor._rebuild_from_type_v2",
    "_codecs.encode", "argparse.Namespace", "pathlib.PosixPath", "pathlib.WindowsPath",
    "pathlib.PurePosixPath", "pathlib._local.PosixPath", "datetime.datetime", "datetime.timedelta",
    "builtins.set", "builtins.frozenset", "builtins.complex", "builtins.bytearray", "builtins.dict",
    "builtins.list", "builtins.tuple", "builtins.int", "builtins.float", "builtins.str",
    "builtins.bool", "builtins.bytes", "builtins.slice", "builtins.range", "__builtin__.set",
    "__builtin__.frozenset", "__builtin__.complex", "__builtin__.bytearray", "__builtin__.dict",
    "__builtin__.list", "__builtin__.long", "__builtin__.unicode", "__builtin__.int",
  ]

  private static let rebuilders: Set<String> = [
    "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
    "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_sparse_tensor",
    "_rebuild_meta_tensor_no_storage", "_rebuild_nested_tensor", "_rebuild_wrapper_subclass",
    "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor",
    "_rebuild_xla_tensor",
  ]

  private static let types: Set<String> = Set(
    DataType.allCases.filter { !$0.isBlockQuantised }.map(\.rawValue)
  ).union([
    "complex128", "complex32", "float", "double", "half", "long", "int", "short", "qint8", "quint8",
    "qint32", "quint4x2", "quint2x4", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float4_e2m1fn_x2", "bits8", "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine",
    "per_channel_symmetric", "per_channel_affine_float_qparams", "strided",
  ]).union((1...7).flatMap { ["int\($0)", "uint\($0)"] })
}
