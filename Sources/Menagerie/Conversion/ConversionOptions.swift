import Formats
import Tensors

/// What a conversion is asked for beside its two files.
public struct ConversionOptions: Sendable {
  /// The target format's identifier; nil for what the output's extension says.
  public var format: String?
  /// Whose names the output uses; nil for the source's own.
  public var dialect: String?
  /// Overrules recognition.
  public var architecture: String?
  /// The type of floating-point tensors in the output; nil for their own.
  public var dataType: DataType?
  /// The user's own names: from the source's to the output's.
  public var nameMap: NameMap?
  /// Takes the tensors as they are: no recognition, no graph.
  public var isWeightsOnly = false
  /// The most bytes of one file of a format that writes several; nil for the format's usual.
  public var shardByteCount: Int?
  /// Whether the output is read back and run beside the source before it gets its name.
  public var isVerified = true
  /// Whether the state of the source's optimiser goes along, where the format has a place for it.
  public var keepsOptimizer = false
  /// Threads for the check; nil for all.
  public var threads: Int?

  public init() {}
}
