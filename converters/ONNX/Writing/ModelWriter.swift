import BinaryIO
import Formats
import JSON
import ModelGraph
import Operators
import OrderedCollections
import Tensors

/// Writes a checkpoint with a graph as an ONNX model.
///
/// Everything but the weights' elements is packed by protobuf-c; these stream from where they lie.
struct ModelWriter {
  private let checkpoint: Checkpoint
  private let plan: WeightPlan
  private let graph: GraphWriter

  /// The newest version of the file format that goes with an operator set.
  /// - Source: the standard's table of versions.
  private static func irVersion(opset: Int) -> Int {
    switch opset {
    case ...18: 8
    case 19...20: 9
    case 21...22: 10
    case 23: 11
    case 24: 12
    case 25...27: 13
    default: 14
    }
  }

  /// The newest operator set whose operators are written as they are.
  private static let widelyKnownOpset = 21

  init(_ checkpoint: Checkpoint) throws {
    guard let graph = checkpoint.graph else {
      throw checkpoint.graphError
        ?? DataError(
          .unsupported, "weights without a graph",
          remedy: "ONNX files hold a graph: name the architecture with --architecture")
    }
    self.checkpoint = checkpoint
    plan = WeightPlan(checkpoint.normalised.map(\.entry), used: graph)
    // What came from an ONNX file keeps its operators; others are said in ones that most runtimes know.
    let opset = checkpoint.format == "onnx" ? Int.max : ModelWriter.widelyKnownOpset
    let types = plan.written.mapValues(\.dataType)
    self.graph = try GraphWriter(
      graph.decomposed(opset: opset).widening { [names = plan.names] in
        names[$0].flatMap { types[$0] }
      }, weights: plan.names, tensors: plan.written)
  }

  /// - Returns: what became of each tensor, in the checkpoint's order.
  func write(to path: String) throws -> [WrittenTensor] {
    let model = self.model.packedWithoutGraph
    let graph = self.graph.message.packedWithoutInitializers
    var fields: [InitializerField] = []
    var size = graph.count
    for entry in plan.written.values {
      let field = InitializerField(entry)
      size += field.byteCount
      fields.append(field)
    }
    guard model.count + size + 16 <= ModelReader.maximumSize else {
      throw DataError(
        .unsupported, "a model of \(size) bytes", expected: "at most \(ModelReader.maximumSize)",
        path: path)
    }
    let writer = try AtomicFileWriter(path: path)
    try writer.write(model)
    try writer.write(Wire.header(7, length: size) + graph)
    for field in fields { try field.write(to: writer) }
    try writer.commit()
    return plan.report
  }

  private var model: ModelMessage {
    var model = ModelMessage()
    let opset = graph.opsets[""] ?? 17
    let narrow: [DataType] = [.float8E4M3, .float8E5M2]
    let hasNarrowFloats = plan.written.values.contains { narrow.contains($0.dataType) }
    model.opsets = graph.opsets.map { OpsetMessage(domain: $0, version: $1) }
    if hasNarrowFloats { model.opsets[0].version = max(opset, 19) }
    model.irVersion = ModelWriter.irVersion(opset: model.opsets[0].version)
    model.producerName = "menagerie"
    let metadata = checkpoint.metadata
    if checkpoint.format == "onnx" {
      model.domain = metadata["domain"]?.string ?? ""
      model.documentation = metadata["doc_string"]?.string ?? ""
      model.modelVersion = metadata["model_version"]?.integer ?? 0
      for (key, value) in metadata["metadata_props"]?.object ?? [:] {
        model.metadata.append(EntryMessage(key: key, value: value.string ?? value.text()))
      }
    }
    model.metadata += OwnMetadata.entries(
      extras: plan.extras, constants: graph.constantNames, sidecars: checkpoint.sidecars)
    return model
  }
}

/// One initializer as a field of the graph.
private struct InitializerField {
  private let entry: TensorEntry
  private let description: [UInt8]
  private let contentCount: Int

  init(_ entry: TensorEntry) {
    self.entry = entry
    let message = TensorMessage(
      name: entry.name, dimensions: entry.shape.dimensions,
      elementType: ElementType.number(entry.dataType))
    description = message.packed
    contentCount =
      description.count + Wire.header(9, length: entry.byteCount).count + entry.byteCount
  }

  var byteCount: Int { Wire.header(5, length: contentCount).count + contentCount }

  func write(to writer: AtomicFileWriter) throws {
    try writer.write(Wire.header(5, length: contentCount) + description)
    try writer.write(Wire.header(9, length: entry.byteCount))
    let tensor = try entry.load()
    guard tensor.byteCount == entry.byteCount else {
      throw DataError(.malformed, "another size than announced", subject: "tensor '\(entry.name)'")
    }
    try writer.write(tensor.contiguousBytes)
  }
}

/// Protobuf's headers of fields with a length.
enum Wire {
  static func header(_ field: Int, length: Int) -> [UInt8] {
    varint(field << 3 | 2) + varint(length)
  }

  private static func varint(_ value: Int) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
