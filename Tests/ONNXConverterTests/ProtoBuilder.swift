/// Fields of protobuf messages, spelt out byte by byte, so that tests do not lean on the code that they test.
enum Proto {
  static func varint(_ value: Int) -> [UInt8] {
    var rest = UInt64(bitPattern: Int64(value))
    var bytes: [UInt8] = []
    repeat {
      bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }

  static func number(_ field: Int, _ value: Int) -> [UInt8] { varint(field << 3) + varint(value) }

  static func bytes(_ field: Int, _ content: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(content.count) + content
  }

  static func text(_ field: Int, _ content: String) -> [UInt8] { bytes(field, Array(content.utf8)) }
}

/// A small ONNX model that tests change in one place.
struct TestModel {
  var irVersion = 8
  var opsets: [(domain: String, version: Int)] = [("", 17)]
  var nodes: [[UInt8]] = []
  var initializers: [[UInt8]] = []
  var inputs: [[UInt8]] = []
  var outputs: [[UInt8]] = []
  /// More fields of the model, and of its graph.
  var extra: [UInt8] = []
  var graphExtra: [UInt8] = []

  var bytes: [UInt8] {
    var graph = nodes.flatMap { Proto.bytes(1, $0) } + Proto.text(2, "g")
    graph += initializers.flatMap { Proto.bytes(5, $0) } + inputs.flatMap { Proto.bytes(11, $0) }
    graph += outputs.flatMap { Proto.bytes(12, $0) } + graphExtra
    let sets = opsets.flatMap {
      Proto.bytes(8, Proto.text(1, $0.domain) + Proto.number(2, $0.version))
    }
    return Proto.number(1, irVersion) + Proto.bytes(7, graph) + sets + extra
  }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [[UInt8]] = [],
    domain: String = "", name: String = ""
  ) -> [UInt8] {
    inputs.flatMap { Proto.text(1, $0) } + outputs.flatMap { Proto.text(2, $0) }
      + (name.isEmpty ? [] : Proto.text(3, name)) + Proto.text(4, type)
      + attributes.flatMap { Proto.bytes(5, $0) } + (domain.isEmpty ? [] : Proto.text(7, domain))
  }

  static func attribute(_ name: String, integer: Int) -> [UInt8] {
    Proto.text(1, name) + Proto.number(3, integer) + Proto.number(20, 2)
  }

  static func attribute(_ name: String, integers: [Int]) -> [UInt8] {
    Proto.text(1, name) + integers.flatMap { Proto.number(8, $0) } + Proto.number(20, 7)
  }

  static func attribute(_ name: String, number: Float) -> [UInt8] {
    Proto.text(1, name) + Proto.varint(2 << 3 | 5) + little(number.bitPattern) + Proto.number(20, 1)
  }

  static func attribute(_ name: String, text: String) -> [UInt8] {
    Proto.text(1, name) + Proto.text(4, text) + Proto.number(20, 3)
  }

  static func attribute(_ name: String, tensor: [UInt8]) -> [UInt8] {
    Proto.text(1, name) + Proto.bytes(5, tensor) + Proto.number(20, 4)
  }

  static func attribute(_ name: String, graph: [UInt8]) -> [UInt8] {
    Proto.text(1, name) + Proto.bytes(6, graph) + Proto.number(20, 5)
  }

  static func tensor(_ name: String, _ shape: [Int], type: Int, _ elements: [UInt8]) -> [UInt8] {
    shape.flatMap { Proto.number(1, $0) } + Proto.number(2, type) + Proto.text(8, name) + elements
  }

  /// A float32 tensor with raw bytes.
  static func tensor(_ name: String, _ shape: [Int], _ values: [Float]) -> [UInt8] {
    tensor(name, shape, type: 1, Proto.bytes(9, values.flatMap { little($0.bitPattern) }))
  }

  static func integers(_ name: String, _ values: [Int]) -> [UInt8] {
    tensor(name, [values.count], type: 7, Proto.bytes(7, values.flatMap(Proto.varint)))
  }

  /// The type and shape of an input or output; a name for a symbolic extent.
  static func value(_ name: String, _ shape: [Any], type: Int = 1) -> [UInt8] {
    let dimensions = shape.flatMap { extent -> [UInt8] in
      if let extent = extent as? Int { return Proto.bytes(1, Proto.number(1, extent)) }
      return Proto.bytes(1, Proto.text(2, extent as? String ?? ""))
    }
    return Proto.text(1, name)
      + Proto.bytes(2, Proto.bytes(1, Proto.number(1, type) + Proto.bytes(2, dimensions)))
  }

  static func little(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * numericCast($0))) }
  }
}

extension TestModel {
  /// x [batch, 2] → Gemm with weight [3, 2] and bias → Relu → y.
  static var linear: TestModel {
    var model = TestModel()
    model.inputs = [value("x", ["batch", 2])]
    model.outputs = [value("y", ["batch", 3])]
    model.initializers = [
      tensor("fc.weight", [3, 2], [1, 2, 3, 4, 5, 6]), tensor("fc.bias", [3], [0.5, -100, 1]),
    ]
    model.nodes = [
      node(
        "Gemm", ["x", "fc.weight", "fc.bias"], ["h"], [attribute("transB", integer: 1)], name: "fc"),
      node("Relu", ["h"], ["y"]),
    ]
    return model
  }
}
