import BinaryIO

// The messages of an ONNX file as Swift values: what protobuf-c unpacks and packs, without its memory.

struct ModelMessage: Sendable {
  var irVersion = 0
  var producerName = ""
  var producerVersion = ""
  var domain = ""
  var modelVersion = 0
  var documentation = ""
  var graph: GraphMessage?
  var opsets: [OpsetMessage] = []
  var metadata: [EntryMessage] = []
  var functions: [FunctionMessage] = []
}

struct OpsetMessage: Sendable {
  var domain = ""
  var version = 0
}

struct EntryMessage: Sendable {
  var key = ""
  var value = ""
}

struct GraphMessage: Sendable {
  var name = ""
  var nodes: [NodeMessage] = []
  var initializers: [TensorMessage] = []
  var sparseInitializers: [SparseTensorMessage] = []
  var inputs: [ValueInfoMessage] = []
  var outputs: [ValueInfoMessage] = []
  var valueInfo: [ValueInfoMessage] = []
}

struct NodeMessage: Sendable {
  var name = ""
  var type = ""
  var domain = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [AttributeMessage] = []
}

struct AttributeMessage: Sendable {
  var name: String
  var value: AttributeValue
}

enum AttributeValue: Sendable {
  case float(Float)
  case integer(Int)
  case string([UInt8])
  case tensor(TensorMessage)
  case graph(GraphMessage)
  case floats([Float])
  case integers([Int])
  case strings([[UInt8]])
  case tensors([TensorMessage])
  case graphs([GraphMessage])
  case sparseTensor(SparseTensorMessage)
  /// Inside a function: the attribute of that name of whoever calls it.
  case reference(String)
  /// A kind that we keep no value of; the text names it.
  case other(String)
}

struct TensorMessage: Sendable {
  var name = ""
  var dimensions: [Int] = []
  /// The standard's number of the element type.
  var elementType = 0
  /// Set for a tensor that lies in a file beside.
  var externalData: [EntryMessage]?
  var elements = ElementRuns()
}

/// The elements of a tensor as they stand in the file: runs of bytes with their field's number.
struct ElementRuns: Sendable {
  struct Run: Sendable {
    /// `float_data` 4, `int32_data` 5, `string_data` 6, `int64_data` 7, `raw_data` 9, `double_data` 10,
    /// `uint64_data` 11.
    let field: Int
    let bytes: Bytes
  }

  var runs: [Run] = []
}

struct SparseTensorMessage: Sendable {
  var values = TensorMessage()
  var indices = TensorMessage()
  var dimensions: [Int] = []
}

struct ValueInfoMessage: Sendable {
  var name = ""
  var type: TypeMessage = .unknown
}

/// Only tensors are told apart: nothing here computes with sequences, maps and optional values.
enum TypeMessage: Sendable {
  case unknown
  case tensor(elementType: Int, dimensions: [DimensionMessage]?)
  case other(String)
}

enum DimensionMessage: Sendable, Equatable {
  case value(Int)
  case name(String)
  case unknown
}

struct FunctionMessage: Sendable {
  var name = ""
  var domain = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String] = []
  var defaults: [AttributeMessage] = []
  var nodes: [NodeMessage] = []
  var opsets: [OpsetMessage] = []
}
