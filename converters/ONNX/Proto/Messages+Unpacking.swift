import BinaryIO
import COnnxProto

extension ModelMessage {
  /// Unpacks a whole file; the elements of its tensors stay where they are.
  /// - Throws: `.truncated`, `.malformed` or `.limitExceeded` with the offset in the file.
  init(unpacking file: Bytes) throws {
    let skeleton = try Skeleton(of: file)
    let unpacked = unsafe skeleton.bytes.withUnsafeBufferPointer {
      unsafe onnx__model_proto__unpack(nil, $0.count, $0.baseAddress)
    }
    guard let unpacked = unsafe unpacked else {
      throw DataError(.malformed, "is no ONNX model: protobuf-c cannot unpack it")
    }
    defer { unsafe onnx__model_proto__free_unpacked(unpacked, nil) }
    let unpacking = Unpacking(file: file, payloads: skeleton.payloads)
    self = unsafe unpacking.model(unpacked.pointee)
  }
}

/// Turns protobuf-c's structures into values.
private struct Unpacking {
  let file: Bytes
  let payloads: [TensorPayload]

  func model(_ m: Onnx__ModelProto) -> ModelMessage {
    unsafe ModelMessage(
      irVersion: Int(m.ir_version), producerName: text(m.producer_name),
      producerVersion: text(m.producer_version), domain: text(m.domain),
      modelVersion: Int(m.model_version), documentation: text(m.doc_string),
      graph: m.graph.map { unsafe graph($0.pointee) },
      opsets: list(m.opset_import, m.n_opset_import, opset),
      metadata: list(m.metadata_props, m.n_metadata_props, entry),
      functions: list(m.functions, m.n_functions, function))
  }

  func opset(_ m: Onnx__OperatorSetIdProto) -> OpsetMessage {
    unsafe OpsetMessage(domain: text(m.domain), version: Int(m.version))
  }

  func entry(_ m: Onnx__StringStringEntryProto) -> EntryMessage {
    unsafe EntryMessage(key: text(m.key), value: text(m.value))
  }

  func graph(_ m: Onnx__GraphProto) -> GraphMessage {
    unsafe GraphMessage(
      name: text(m.name), nodes: list(m.node, m.n_node, node),
      initializers: list(m.initializer, m.n_initializer, tensor),
      sparseInitializers: list(m.sparse_initializer, m.n_sparse_initializer, sparseTensor),
      inputs: list(m.input, m.n_input, valueInfo), outputs: list(m.output, m.n_output, valueInfo),
      valueInfo: list(m.value_info, m.n_value_info, valueInfo))
  }

  func node(_ m: Onnx__NodeProto) -> NodeMessage {
    unsafe NodeMessage(
      name: text(m.name), type: text(m.op_type), domain: text(m.domain),
      overload: text(m.overload), inputs: texts(m.input, m.n_input),
      outputs: texts(m.output, m.n_output), attributes: list(m.attribute, m.n_attribute, attribute))
  }

  func attribute(_ m: Onnx__AttributeProto) -> AttributeMessage {
    unsafe AttributeMessage(name: text(m.name), value: attributeValue(m))
  }

  private func attributeValue(_ m: Onnx__AttributeProto) -> AttributeValue {
    if let reference = unsafe m.ref_attr_name, unsafe reference.pointee != 0 {
      return unsafe .reference(text(reference))
    }
    switch unsafe kind(of: m) {
    case 1: return unsafe .float(m.f)
    case 2: return unsafe .integer(Int(m.i))
    case 3: return unsafe .string(m.has_s != 0 ? binary(m.s) : [])
    case 4: return unsafe m.t.map { unsafe .tensor(tensor($0.pointee)) } ?? .other("no tensor")
    case 5: return unsafe m.g.map { unsafe .graph(graph($0.pointee)) } ?? .other("no graph")
    case 6: return unsafe .floats(numbers(m.floats, m.n_floats) { $0 })
    case 7: return unsafe .integers(numbers(m.ints, m.n_ints) { Int($0) })
    case 8: return unsafe .strings(numbers(m.strings, m.n_strings, binary))
    case 9: return unsafe .tensors(list(m.tensors, m.n_tensors, tensor))
    case 10: return unsafe .graphs(list(m.graphs, m.n_graphs, graph))
    case 11:
      return unsafe m.sparse_tensor.map { unsafe .sparseTensor(sparseTensor($0.pointee)) }
        ?? .other("no sparse tensor")
    case let kind: return .other("kind \(kind)")
    }
  }

  /// The announced kind, or, in the oldest files, that of the one field which is filled.
  private func kind(of m: Onnx__AttributeProto) -> Int {
    if unsafe m.has_type != 0, unsafe m.type != 0 { return unsafe Int(m.type) }
    let filled = unsafe [
      m.has_f != 0, m.has_i != 0, m.has_s != 0, m.t != nil, m.g != nil, m.n_floats > 0,
      m.n_ints > 0, m.n_strings > 0, m.n_tensors > 0, m.n_graphs > 0, m.sparse_tensor != nil,
    ]
    return (filled.firstIndex(of: true) ?? -1) + 1
  }

  func tensor(_ m: Onnx__TensorProto) -> TensorMessage {
    var message = unsafe TensorMessage(
      name: text(m.name), dimensions: numbers(m.dims, m.n_dims) { Int($0) },
      elementType: Int(m.data_type))
    if unsafe m.data_location == 1 || m.n_external_data > 0 {
      message.externalData = unsafe list(m.external_data, m.n_external_data, entry)
    }
    // raw_data is the tensor's index in `payloads`
    let index = unsafe binary(m.raw_data).reversed().reduce(0) { $0 << 8 | Int($1) }
    message.elements = ElementRuns(
      runs: payloads[index].runs.map { .init(field: $0.field, bytes: file[$0.range]) })
    return message
  }

  func sparseTensor(_ m: Onnx__SparseTensorProto) -> SparseTensorMessage {
    unsafe SparseTensorMessage(
      values: m.values.map { unsafe tensor($0.pointee) } ?? TensorMessage(),
      indices: m.indices.map { unsafe tensor($0.pointee) } ?? TensorMessage(),
      dimensions: numbers(m.dims, m.n_dims) { Int($0) })
  }

  func valueInfo(_ m: Onnx__ValueInfoProto) -> ValueInfoMessage {
    unsafe ValueInfoMessage(
      name: text(m.name), type: m.type.map { unsafe type($0.pointee) } ?? .unknown)
  }

  private func type(_ m: Onnx__TypeProto) -> TypeMessage {
    switch unsafe m.value_case {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = unsafe m.tensor_type?.pointee else { return .unknown }
      let dimensions = unsafe tensor.shape.map {
        unsafe list($0.pointee.dim, $0.pointee.n_dim, dimension)
      }
      return unsafe .tensor(elementType: Int(tensor.elem_type), dimensions: dimensions)
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE: return .other("sequence")
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE: return .other("map")
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE: return .other("sparse tensor")
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE: return .other("optional")
    default: return .unknown
    }
  }

  private func dimension(_ m: Onnx__DimensionProto) -> DimensionMessage {
    switch unsafe m.value_case {
    case ONNX__DIMENSION_PROTO__VALUE_DIM_VALUE: unsafe .value(Int(m.dim_value))
    case ONNX__DIMENSION_PROTO__VALUE_DIM_PARAM: unsafe .name(text(m.dim_param))
    default: .unknown
    }
  }

  func function(_ m: Onnx__FunctionProto) -> FunctionMessage {
    unsafe FunctionMessage(
      name: text(m.name), domain: text(m.domain), overload: text(m.overload),
      inputs: texts(m.input, m.n_input), outputs: texts(m.output, m.n_output),
      attributes: texts(m.attribute, m.n_attribute),
      defaults: list(m.attribute_proto, m.n_attribute_proto, attribute),
      nodes: list(m.node, m.n_node, node), opsets: list(m.opset_import, m.n_opset_import, opset))
  }

  // What all messages are made of

  private func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
    unsafe pointer.map { unsafe String(cString: $0) } ?? ""
  }

  private func texts(
    _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
  ) -> [String] {
    (0..<count).map { unsafe text(pointer![$0]) }
  }

  private func binary(_ data: ProtobufCBinaryData) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: data.data, count: data.len))
  }

  private func numbers<C, Value>(
    _ pointer: UnsafeMutablePointer<C>?, _ count: Int, _ convert: (C) -> Value
  ) -> [Value] {
    unsafe UnsafeBufferPointer(start: pointer, count: count).map(convert)
  }

  private func list<C, Message>(
    _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int,
    _ convert: (C) -> Message
  ) -> [Message] {
    (0..<count).compactMap { i in
      unsafe pointer![i].map { unsafe convert($0.pointee) }
    }
  }
}
