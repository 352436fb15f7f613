import BinaryIO
import COnnxProto

extension ModelMessage {
  /// The message as bytes, without its graph: that follows as a field of its own.
  var packedWithoutGraph: [UInt8] {
    let packing = Packing()
    return unsafe packing.bytes(packing.model(self)) { unsafe protobuf_c_message_pack($0, $1) }
  }
}

extension GraphMessage {
  /// The message as bytes, without its initializers: these follow as fields of their own.
  var packedWithoutInitializers: [UInt8] {
    let packing = Packing()
    return unsafe packing.bytes(packing.graph(self, withInitializers: false)) {
      unsafe protobuf_c_message_pack($0, $1)
    }
  }
}

extension TensorMessage {
  /// The message as bytes; without elements where there are none.
  var packed: [UInt8] {
    let packing = Packing()
    return unsafe packing.bytes(packing.tensor(self)) { unsafe protobuf_c_message_pack($0, $1) }
  }
}

/// Turns values into protobuf-c's structures, which live as long as `arena`.
private struct Packing {
  let arena = MessageArena()

  func bytes<Message>(
    _ message: UnsafeMutablePointer<Message>,
    _ pack: (UnsafePointer<ProtobufCMessage>, UnsafeMutablePointer<UInt8>) -> Int
  ) -> [UInt8] {
    let base = unsafe UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    let size = unsafe protobuf_c_message_get_packed_size(base)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      if let start = buffer.baseAddress { unsafe _ = pack(base, start) }
      count = size
    }
    withExtendedLifetime(arena) {}
    return bytes
  }

  func model(_ model: ModelMessage) -> UnsafeMutablePointer<Onnx__ModelProto> {
    unsafe arena.make { m in
      unsafe onnx__model_proto__init(m)
      unsafe m.pointee.has_ir_version = 1
      unsafe m.pointee.ir_version = Int64(model.irVersion)
      unsafe m.pointee.producer_name = arena.text(model.producerName)
      unsafe m.pointee.producer_version = arena.text(model.producerVersion)
      unsafe m.pointee.domain = arena.text(model.domain)
      unsafe m.pointee.has_model_version = model.modelVersion == 0 ? 0 : 1
      unsafe m.pointee.model_version = Int64(model.modelVersion)
      unsafe m.pointee.doc_string = arena.text(model.documentation)
      unsafe m.pointee.n_opset_import = model.opsets.count
      unsafe m.pointee.opset_import = arena.array(model.opsets) { unsafe opset($0) }
      unsafe m.pointee.n_metadata_props = model.metadata.count
      unsafe m.pointee.metadata_props = arena.array(model.metadata) { unsafe entry($0) }
    }
  }

  private func opset(_ opset: OpsetMessage) -> UnsafeMutablePointer<Onnx__OperatorSetIdProto>? {
    unsafe arena.make { m in
      unsafe onnx__operator_set_id_proto__init(m)
      unsafe m.pointee.domain = arena.string(opset.domain)
      unsafe m.pointee.has_version = 1
      unsafe m.pointee.version = Int64(opset.version)
    }
  }

  private func entry(_ entry: EntryMessage) -> UnsafeMutablePointer<Onnx__StringStringEntryProto>? {
    unsafe arena.make { m in
      unsafe onnx__string_string_entry_proto__init(m)
      unsafe m.pointee.key = arena.string(entry.key)
      unsafe m.pointee.value = arena.string(entry.value)
    }
  }

  func graph(
    _ graph: GraphMessage, withInitializers: Bool = true
  ) -> UnsafeMutablePointer<Onnx__GraphProto> {
    unsafe arena.make { m in
      unsafe onnx__graph_proto__init(m)
      unsafe m.pointee.name = arena.string(graph.name)
      unsafe m.pointee.n_node = graph.nodes.count
      unsafe m.pointee.node = arena.array(graph.nodes) { unsafe node($0) }
      if withInitializers {
        unsafe m.pointee.n_initializer = graph.initializers.count
        unsafe m.pointee.initializer = arena.array(graph.initializers) { unsafe tensor($0) }
      }
      unsafe m.pointee.n_sparse_initializer = graph.sparseInitializers.count
      unsafe m.pointee.sparse_initializer = arena.array(graph.sparseInitializers) {
        unsafe sparseTensor($0)
      }
      unsafe m.pointee.n_input = graph.inputs.count
      unsafe m.pointee.input = arena.array(graph.inputs) { unsafe valueInfo($0) }
      unsafe m.pointee.n_output = graph.outputs.count
      unsafe m.pointee.output = arena.array(graph.outputs) { unsafe valueInfo($0) }
      unsafe m.pointee.n_value_info = graph.valueInfo.count
      unsafe m.pointee.value_info = arena.array(graph.valueInfo) { unsafe valueInfo($0) }
    }
  }

  private func node(_ node: NodeMessage) -> UnsafeMutablePointer<Onnx__NodeProto>? {
    unsafe arena.make { m in
      unsafe onnx__node_proto__init(m)
      unsafe m.pointee.n_input = node.inputs.count
      unsafe m.pointee.input = arena.array(node.inputs) { unsafe arena.string($0) }
      unsafe m.pointee.n_output = node.outputs.count
      unsafe m.pointee.output = arena.array(node.outputs) { unsafe arena.string($0) }
      unsafe m.pointee.name = arena.text(node.name)
      unsafe m.pointee.op_type = arena.string(node.type)
      unsafe m.pointee.domain = arena.text(node.domain)
      unsafe m.pointee.overload = arena.text(node.overload)
      unsafe m.pointee.n_attribute = node.attributes.count
      unsafe m.pointee.attribute = arena.array(node.attributes) { unsafe attribute($0) }
    }
  }

  private func attribute(_ attribute: AttributeMessage) -> UnsafeMutablePointer<
    Onnx__AttributeProto
  >? {
    unsafe arena.make { m in
      unsafe onnx__attribute_proto__init(m)
      unsafe m.pointee.name = arena.string(attribute.name)
      unsafe m.pointee.has_type = 1
      unsafe fill(m, attribute.value)
    }
  }

  private func fill(_ m: UnsafeMutablePointer<Onnx__AttributeProto>, _ value: AttributeValue) {
    switch value {
    case .float(let value):
      unsafe (m.pointee.type, m.pointee.has_f, m.pointee.f) = (1, 1, value)
    case .integer(let value):
      unsafe (m.pointee.type, m.pointee.has_i, m.pointee.i) = (2, 1, Int64(value))
    case .string(let bytes):
      unsafe (m.pointee.type, m.pointee.has_s, m.pointee.s) = (3, 1, arena.binary(bytes))
    case .tensor(let value):
      unsafe (m.pointee.type, m.pointee.t) = (4, tensor(value))
    case .graph(let value):
      unsafe (m.pointee.type, m.pointee.g) = (5, graph(value))
    case .floats(let values):
      unsafe (m.pointee.type, m.pointee.n_floats) = (6, values.count)
      unsafe m.pointee.floats = arena.array(values) { $0 }
    case .integers(let values):
      unsafe (m.pointee.type, m.pointee.n_ints) = (7, values.count)
      unsafe m.pointee.ints = arena.array(values) { Int64($0) }
    case .strings(let values):
      unsafe (m.pointee.type, m.pointee.n_strings) = (8, values.count)
      unsafe m.pointee.strings = arena.array(values) { unsafe arena.binary($0) }
    case .tensors(let values):
      unsafe (m.pointee.type, m.pointee.n_tensors) = (9, values.count)
      unsafe m.pointee.tensors = arena.array(values) { unsafe tensor($0) }
    case .graphs(let values):
      unsafe (m.pointee.type, m.pointee.n_graphs) = (10, values.count)
      unsafe m.pointee.graphs = arena.array(values) { unsafe graph($0) }
    case .sparseTensor(let value):
      unsafe (m.pointee.type, m.pointee.sparse_tensor) = (11, sparseTensor(value))
    case .reference(let name): unsafe m.pointee.ref_attr_name = arena.text(name)
    case .other: break
    }
  }

  func tensor(_ tensor: TensorMessage) -> UnsafeMutablePointer<Onnx__TensorProto> {
    unsafe arena.make { m in
      unsafe onnx__tensor_proto__init(m)
      unsafe m.pointee.n_dims = tensor.dimensions.count
      unsafe m.pointee.dims = arena.array(tensor.dimensions) { Int64($0) }
      unsafe (m.pointee.has_data_type, m.pointee.data_type) = (1, Int32(tensor.elementType))
      unsafe m.pointee.name = arena.text(tensor.name)
      if let external = tensor.externalData {
        unsafe (m.pointee.has_data_location, m.pointee.data_location) = (1, 1)
        unsafe m.pointee.n_external_data = external.count
        unsafe m.pointee.external_data = arena.array(external) { unsafe entry($0) }
      } else if let raw = tensor.elements.raw {
        unsafe (m.pointee.has_raw_data, m.pointee.raw_data) = (1, arena.binary(raw.array))
      } else if !tensor.elements.runs.isEmpty {
        unsafe fill(m, tensor.elements)
      }
    }
  }

  /// Elements that stand in fields of their type.
  private func fill(_ m: UnsafeMutablePointer<Onnx__TensorProto>, _ elements: ElementRuns) {
    let strings = elements.runs.filter { $0.field == 6 }.map(\.bytes.array)
    unsafe m.pointee.n_string_data = strings.count
    unsafe m.pointee.string_data = arena.array(strings) { unsafe arena.binary($0) }
    let floats = elements.words(4, of: UInt32.self)
    unsafe m.pointee.n_float_data = floats.count
    unsafe m.pointee.float_data = arena.array(floats) { Float(bitPattern: $0) }
    let doubles = elements.words(10, of: UInt64.self)
    unsafe m.pointee.n_double_data = doubles.count
    unsafe m.pointee.double_data = arena.array(doubles) { Double(bitPattern: $0) }
    let int32s = elements.varints(5)
    unsafe m.pointee.n_int32_data = int32s.count
    unsafe m.pointee.int32_data = arena.array(int32s) { Int32(truncatingIfNeeded: $0) }
    let int64s = elements.varints(7)
    unsafe m.pointee.n_int64_data = int64s.count
    unsafe m.pointee.int64_data = arena.array(int64s) { Int64(truncatingIfNeeded: $0) }
    let uint64s = elements.varints(11)
    unsafe m.pointee.n_uint64_data = uint64s.count
    unsafe m.pointee.uint64_data = arena.array(uint64s) { $0 }
  }

  private func sparseTensor(
    _ sparse: SparseTensorMessage
  ) -> UnsafeMutablePointer<Onnx__SparseTensorProto> {
    unsafe arena.make { m in
      unsafe onnx__sparse_tensor_proto__init(m)
      unsafe m.pointee.values = tensor(sparse.values)
      unsafe m.pointee.indices = tensor(sparse.indices)
      unsafe m.pointee.n_dims = sparse.dimensions.count
      unsafe m.pointee.dims = arena.array(sparse.dimensions) { Int64($0) }
    }
  }

  private func valueInfo(_ info: ValueInfoMessage) -> UnsafeMutablePointer<Onnx__ValueInfoProto>? {
    unsafe arena.make { m in
      unsafe onnx__value_info_proto__init(m)
      unsafe m.pointee.name = arena.string(info.name)
      guard case .tensor(let elementType, let dimensions) = info.type else { return }
      let tensor: UnsafeMutablePointer<Onnx__TensorTypeProto> = unsafe arena.make { t in
        unsafe onnx__tensor_type_proto__init(t)
        unsafe (t.pointee.has_elem_type, t.pointee.elem_type) = (1, Int32(elementType))
        if let dimensions { unsafe t.pointee.shape = shape(dimensions) }
      }
      unsafe m.pointee.type = arena.make { t in
        unsafe onnx__type_proto__init(t)
        unsafe t.pointee.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
        unsafe t.pointee.tensor_type = tensor
      }
    }
  }

  private func shape(_ dimensions: [DimensionMessage]) -> UnsafeMutablePointer<
    Onnx__TensorShapeProto
  > {
    unsafe arena.make { m in
      unsafe onnx__tensor_shape_proto__init(m)
      unsafe m.pointee.n_dim = dimensions.count
      unsafe m.pointee.dim = arena.array(dimensions) { unsafe dimension($0) }
    }
  }

  private func dimension(_ dimension: DimensionMessage) -> UnsafeMutablePointer<
    Onnx__DimensionProto
  >? {
    unsafe arena.make { m in
      unsafe onnx__dimension_proto__init(m)
      switch dimension {
      case .value(let value):
        unsafe m.pointee.value_case = ONNX__DIMENSION_PROTO__VALUE_DIM_VALUE
        unsafe m.pointee.dim_value = Int64(value)
      case .name(let name):
        unsafe m.pointee.value_case = ONNX__DIMENSION_PROTO__VALUE_DIM_PARAM
        unsafe m.pointee.dim_param = arena.string(name)
      case .unknown: break
      }
    }
  }
}
