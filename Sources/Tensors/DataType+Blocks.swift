/// Block-quantised types: neighbouring elements share scales, and lie in a block of bytes.
///
/// A tensor of such a type lies row by row; its last axis is a multiple of the block. Views may pick
/// rows, not single elements.
extension DataType {
  /// Elements that share a block; 1 for other types.
  public var blockElements: Int {
    switch self {
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_nl, .mxfp4: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: 256
    default: 1
    }
  }

  /// Bytes of a block; of an element for other types.
  public var blockBytes: Int {
    switch self {
    case .q4_0, .iq4_nl: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .mxfp4: 17
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    default: byteCount
    }
  }

  public var isBlockQuantised: Bool { blockElements > 1 }

  /// The type of that name whose elements stand alone: what files name that hold no blocks.
  public init?(elementName name: String) {
    guard let type = DataType(rawValue: name), !type.isBlockQuantised else { return nil }
    self = type
  }

  /// Whether the elements stand for real numbers: floats, or blocks of them.
  public var isReal: Bool { isFloatingPoint || isBlockQuantised }

  /// Whether `cast(to:)` makes tensors of it.
  public var isWritable: Bool {
    switch self {
    case .q2_K, .q3_K, .q5_K, .iq4_nl, .mxfp4: false
    default: true
    }
  }

  /// Bytes of so many elements that lie densely; a block that is begun counts whole.
  public func byteCount(of elementCount: Int) -> Int {
    let elements = blockElements
    return (elementCount / elements + (elementCount % elements == 0 ? 0 : 1)) * blockBytes
  }

  /// Whether a tensor of the shape can have the type.
  public func fits(_ shape: Shape) -> Bool {
    guard isBlockQuantised else { return true }
    guard let last = shape.dimensions.last else { return false }
    return last % blockElements == 0
  }
}
