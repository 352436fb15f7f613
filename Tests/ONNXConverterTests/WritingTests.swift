import BinaryIO
import Formats
import JSON
import ModelGraph
import ONNXConverter
import Operators
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite struct WritingTests {
  private let scratch = ScratchDirectory()

  private func roundTrip(_ checkpoint: Checkpoint) throws -> Checkpoint {
    _ = try ONNXFormat().write(checkpoint, to: scratch.file("out.onnx"))
    return try ONNXFormat().read(scratch.file("out.onnx"))
  }

  /// x [batch, 2] → Gemm, with weights named as in PyTorch.
  private func linear(_ more: [TensorEntry] = [], change: (inout Graph) -> Void = { _ in })
    -> Checkpoint
  {
    let weight = TensorEntry(name: "fc.weight", Tensor(shape: [2, 2], [1, 2, 3, 4] as [Float]))
    let bias = TensorEntry(name: "fc.bias", Tensor([5, 6] as [Float]))
    var graph = Graph(name: "linear")
    let x = graph.addInput("x", TensorType(.float32, ["batch", 2]))
    let w = graph.addParameter("fc.weight", TensorType(.float32, [2, 2]))
    let b = graph.addParameter("fc.bias", TensorType(.float32, [2]))
    graph.outputs = [graph.add(Gemm(transposeB: true), [x, w, b], name: "fc", output: "logits")]
    change(&graph)
    return Checkpoint(format: "pytorch", tensors: [weight] + more + [bias], graph: graph)
  }

  @Test func givesBackNamesOrderTiesAndUnusedTensors() throws {
    let shared = Tensor(shape: [2, 2], [1, 2, 3, 4] as [Float])
    var source = linear([
      TensorEntry(name: "bn.num_batches_tracked", Tensor(scalar: Int64(1 << 40))),
      TensorEntry(name: "unused.big", Tensor(zeros: [100], dataType: .bfloat16)),
    ])
    source.tensors[0] = TensorEntry(name: "fc.weight", shared)
    source.tensors.insert(TensorEntry(name: "tied.weight", shared), at: 3)
    source.normalised = source.tensors.map { NormalisedTensor($0) }
    let read = try roundTrip(source)
    #expect(read.tensors.map(\.name) == source.tensors.map(\.name))
    for (before, after) in zip(source.tensors, read.tensors) {
      #expect(try before.load().isBitEqual(to: after.load()), "\(before.name)")
    }
    #expect(read.graph?.inputs.count == 1)
    #expect(read.graph.map { $0[$0.outputs[0]].name } == "logits")
    #expect(read.graph.map { $0[$0.inputs[0]].type } == TensorType(.float32, ["batch", 2]))
  }

  @Test(arguments: [DataType.float16, .bfloat16, .float64])
  func castsWeightsOfAnotherFloatThanTheGraphs(type: DataType) throws {
    var source = linear()
    let weight = try source.tensors[0].load().cast(to: type)
    source.tensors[0] = TensorEntry(name: "fc.weight", weight)
    source.normalised = source.tensors.map { NormalisedTensor($0) }
    let read = try roundTrip(source)
    #expect(try read.tensors[0].load().isBitEqual(to: weight))
    var graph = try #require(read.graph)
    try graph.inferTypes()
    #expect(graph.nodes.map(\.operator.name) == ["Cast", "Gemm"])
    #expect(graph[graph.outputs[0]].type.dataType == .float32)
  }

  @Test(arguments: [0.9, 0.75])
  func keepsHowRunningStatisticsFollow(momentum: Double) throws {
    var graph = Graph(name: "norm")
    let x = graph.addInput("x", TensorType(.float32, ["batch", 2, 3]))
    let own = ["scale", "bias", "mean", "variance"]
    let inputs = own.map { graph.addParameter($0, TensorType(.float32, [2])) }
    let norm = BatchNormalization(statistics: .init(momentum: momentum, isUnbiased: true))
    graph.outputs = [graph.add(norm, [x] + inputs, name: "norm")]
    let tensors = own.map { TensorEntry(name: $0, Tensor([1, 2] as [Float])) }
    let read = try roundTrip(Checkpoint(format: "test", tensors: tensors, graph: graph))
    let back = try #require(read.graph?.nodes.first?.operator as? BatchNormalization)
    #expect(abs(back.statistics.momentum - momentum) < 1e-6)
    // As the standard says of the variance
    #expect(!back.statistics.isUnbiased)
  }

  @Test func keepsFilesThatTravelAlong() throws {
    var source = linear()
    source.sidecars["config.json"] = ["id2label": ["0": "tench"]]
    #expect(try roundTrip(source).sidecars == source.sidecars)
  }

  @Test func refusesWeightsWithoutAGraph() {
    let weight = TensorEntry(name: "w", Tensor([1 as Float]))
    let error = ONNXFormat().obstacle(to: Checkpoint(format: "pytorch", tensors: [weight]))
    #expect(error?.code == .unsupported)
  }

  @Test func namesAllOperatorsWithoutAForm() {
    struct Sorcery: Operator {
      static let name = "Sorcery"
      func outputTypes(for inputs: OperatorInputs) throws -> [TensorType] { [inputs[0]] }
      func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { inputs.compactMap(\.self) }
    }
    let source = linear { graph in
      let once = graph.add(Sorcery(), [graph.outputs[0]], name: "one")
      graph.outputs = [graph.add(Sorcery(), [once], name: "two")]
    }
    #expect(ONNXFormat().obstacle(to: source)?.found.contains("Sorcery (2×)") == true)
  }

  @Test func namesAWeightWithoutATensor() {
    var source = linear()
    source.normalised.removeLast()
    #expect(ONNXFormat().obstacle(to: source)?.found.contains("'fc.bias'") == true)
  }

  @Test func passesInputsThrough() throws {
    let source = linear { $0.outputs += [$0.inputs[0], $0.outputs[0]] }
    let x = Tensor(shape: [1, 2], [7, 8] as [Float])
    let read = try roundTrip(source)
    let results = try evaluate(read, [x])
    #expect(results.map(\.floats) == [[28, 59], [7, 8], [28, 59]])
    #expect(Set(read.graph?.outputs.map { read.graph?[$0].name ?? "" } ?? []).count == 3)
  }

  @Test func keepsValuesApartThatHaveOneName() throws {
    let source = linear { graph in
      let a = graph.add(Relu(), [graph.outputs[0]], name: "same")
      graph.outputs = [graph.add(Neg(), [a], name: "same", output: "fc.weight")]
    }
    let results = try evaluate(roundTrip(source), [Tensor(shape: [1, 2], [7, 8] as [Float])])
    #expect(results.map(\.floats) == [[-28, -59]])
  }

  @Test func saysYoungOperatorsWithOldOnes() throws {
    let source = linear { graph in
      graph.outputs = [graph.add(Swish(alpha: 0.5), [graph.outputs[0]], name: "swish")]
    }
    let read = try roundTrip(source)
    #expect(read.graph?.nodes.map(\.operator.name) == ["Gemm", "Mul", "Sigmoid", "Mul"])
    let x = Tensor(shape: [1, 2], [-7, 1] as [Float])
    let (before, after) = try (evaluate(source, [x]), evaluate(read, [x]))
    for (a, b) in zip(before[0].floats, after[0].floats) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func takesTheOldestOperatorSetThatDoes() throws {
    let plain = try roundTrip(linear())
    #expect(plain.metadata["opset_import"] == ["ai.onnx": 17])
    let young = linear { graph in
      graph.outputs = [graph.add(Gelu(), [graph.outputs[0]], name: "gelu")]
    }
    #expect(try roundTrip(young).metadata["opset_import"] == ["ai.onnx": 20])
    let narrow = TensorEntry(name: "f8", Tensor(zeros: [100], dataType: .float8E4M3))
    let read = try roundTrip(linear([narrow]))
    #expect(read.metadata["opset_import"] == ["ai.onnx": 19])
    #expect(read.metadata["ir_version"] == 9)
  }

  @Test func writesBackWhatItDoesNotKnow() throws {
    var model = TestModel.linear
    let table = TestModel.tensor("", [2], type: 8, Proto.text(6, "cat") + Proto.text(6, "dog"))
    model.nodes[1] = TestModel.node(
      "Frobnicate", ["h"], ["y"],
      [
        TestModel.attribute("k", integer: 3), TestModel.attribute("table", tensor: table),
        TestModel.attribute("axes", integers: [1, -2]), TestModel.attribute("mode", text: "fast"),
      ], domain: "acme")
    model.opsets.append(("acme", 4))
    let once = try roundTrip(read(model))
    let bytes = try MappedFile(path: scratch.file("out.onnx")).bytes.array
    _ = try roundTrip(once)
    #expect(try MappedFile(path: scratch.file("out.onnx")).bytes.array == bytes)
    #expect(once.metadata["opset_import"] == ["ai.onnx": 17, "acme": 4])
    for word in ["Frobnicate", "cat", "dog", "fast"] {
      #expect(String(decoding: bytes, as: UTF8.self).contains(word))
    }
  }
}
