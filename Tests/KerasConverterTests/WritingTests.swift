import BinaryIO
import Formats
import JSON
import KerasConverter
import ModelGraph
import Operators
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite struct WritingTests {
  static let formats: [any ModelFormat] = [KerasHDF5Format(), KerasArchiveFormat()]
  static let sources = ["sequential.h5", "functional.keras", "nested.h5", "keras2.h5", "keras1.h5"]

  /// Names, shapes and bits of the common form.
  static func form(_ checkpoint: Checkpoint) throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: try checkpoint.normalised.map {
        ($0.entry.name, "\($0.entry.dataType) \($0.entry.shape) \(try $0.entry.load().sha256)")
      })
  }

  @Test(arguments: sources, [0, 1])
  func comesBackBitForBitWithTheSameOutputs(_ source: String, _ format: Int) throws {
    let scratch = ScratchDirectory()
    let format = WritingTests.formats[format]
    let path = scratch.file("out.\(format.extensions[0])")
    let before = try readKeras(Fixtures.path("keras/\(source)"))
    let report = try format.write(before, to: path)
    #expect(report.map(\.source) == before.normalised.map(\.entry.name))
    #expect(scratch.names == ["out.\(format.extensions[0])"])
    let after = try readKeras(path)
    #expect(after.graphError == nil)
    #expect(try WritingTests.form(after) == WritingTests.form(before))
    for line in report {
      let target = try #require(line.target)
      let written = try #require(after.tensors.first { $0.name == target })
      #expect(try line.written?.load().sha256 == written.load().sha256)
    }
    let stem = String(source.split(separator: ".")[0])
    var inputs: [Tensor] = []
    while let next = try? array("keras/\(stem)-input-\(inputs.count).npy") { inputs.append(next) }
    let expected = try outputs(of: before, inputs)
    for (a, b) in zip(try outputs(of: after, inputs), expected) {
      #expect(a.shape == b.shape)
      #expect(zip(a.floats, b.floats).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test(arguments: [0, 1])
  func theSameInputGivesTheSameBytes(_ format: Int) throws {
    let scratch = ScratchDirectory()
    let format = WritingTests.formats[format]
    let checkpoint = try readKeras(Fixtures.path("keras/functional.h5"))
    for name in ["a", "b"] { _ = try format.write(checkpoint, to: scratch.file(name)) }
    let first = try MappedFile(path: scratch.file("a")).bytes
    #expect(first.elementsEqual(try MappedFile(path: scratch.file("b")).bytes))
  }

  @Test(arguments: [0, 1])
  func weightsAloneAreRefusedWithTheReason(_ format: Int) throws {
    let checkpoint = try readKeras(Fixtures.path("keras/sequential-weights.h5"))
    let error = try #require(WritingTests.formats[format].obstacle(to: checkpoint))
    #expect(error.code == .unsupported)
    #expect(error.description.contains("architecture"))
    let scratch = ScratchDirectory()
    #expect(throws: DataError.self) {
      try WritingTests.formats[format].write(checkpoint, to: scratch.file("out"))
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func everythingThatKerasLacksIsListedAtOnce() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, ["batch", 3, 8, 8]))
    let a = graph.add(Sin(), [x], name: "wave")
    let b = graph.add(Erf(), [a], name: "error")
    graph.outputs = [graph.add(Sin(), [b], name: "again")]
    let error = try #require(
      KerasHDF5Format().obstacle(to: Checkpoint(format: "test", tensors: [], graph: graph)))
    #expect(error.description.contains("Sin") && error.description.contains("2 times"))
    #expect(error.description.contains("Erf"))
  }

  /// PyTorch's own padding, and names with what Keras does not allow.
  @Test func aChannelsFirstGraphComesBackWithItsNames() throws {
    var graph = Graph(name: "net")
    let x = graph.addInput("input", TensorType(.float32, ["batch", 3, 9, 9]))
    var tensors: [TensorEntry] = []
    func parameter(_ name: String, _ shape: Shape) -> ValueID {
      let values = (0..<shape.elementCount).map { Float(($0 * 7919) % 101) / 101 - 0.4 }
      tensors.append(TensorEntry(name: name, Tensor(shape: shape, values)))
      return graph.addParameter(name, TensorType(.float32, shape: shape))
    }
    let conv = graph.add(
      Conv(strides: [2, 2], padding: .all(1)),
      [x, parameter("layer1.0.conv/1.weight", [4, 3, 3, 3])],
      name: "/layer1/conv")
    let relu = graph.add(Relu(), [conv], name: "relu")
    let pool = graph.add(
      MaxPool(kernel: [3, 3], strides: [2, 2], padding: .all(1)), [relu], name: "maxpool")
    let flat = graph.add(Flatten(axis: 1), [pool], name: "flatten")
    graph.outputs = [
      graph.add(
        Gemm(transposeB: true),
        [flat, parameter("fc.weight", [5, 36]), parameter("fc.bias", [5])],
        name: "fc")
    ]
    let before = Checkpoint(format: "test", tensors: tensors, graph: graph)
    let scratch = ScratchDirectory()
    let path = scratch.file("net.h5")
    _ = try KerasHDF5Format().write(before, to: path)
    let after = try readKeras(path)
    #expect(try WritingTests.form(after) == WritingTests.form(before))
    let picture = Tensor(shape: [2, 3, 9, 9], (0..<486).map { Float(($0 * 31) % 17) / 17 })
    let ours = try outputs(of: before, [picture])[0]
    let theirs = try outputs(of: after, [picture.permuted([0, 2, 3, 1]).contiguous()])[0]
    #expect(zip(ours.floats, theirs.floats).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test(arguments: [0, 1])
  func runningStatisticsFollowAsTheySaid(_ format: Int) throws {
    let before = try readKeras(Fixtures.path("keras/functional.keras"))
    var graph = try #require(before.graph)
    func norms(_ graph: Graph?) -> [RunningStatistics] {
      (graph?.nodes ?? []).compactMap { ($0.operator as? BatchNormalization)?.statistics }
    }
    #expect(!norms(graph).isEmpty && norms(graph).allSatisfy { $0 == .keras(momentum: 0.99) })
    graph.nodes = graph.nodes.map { node in
      guard var norm = node.operator as? BatchNormalization else { return node }
      norm.statistics.momentum = 0.75
      return Node(name: node.name, norm, inputs: node.inputs, outputs: node.outputs)
    }
    var changed = before
    changed.graph = graph
    let scratch = ScratchDirectory()
    let path = scratch.file("out.\(format == 0 ? "h5" : "keras")")
    _ = try WritingTests.formats[format].write(changed, to: path)
    let after = norms(try readKeras(path).graph)
    #expect(after.count == norms(graph).count)
    #expect(after.allSatisfy { $0 == .keras(momentum: 0.75) })
  }

  @Test(arguments: [0, 1])
  func whatIsDroppedWhileLearningStays(_ format: Int) throws {
    var graph = Graph()
    var x = graph.addInput("x", TensorType(.float32, ["batch", 3, 8, 8]))
    for (place, ratio) in [0.25, 0, 0.5].enumerated() {
      x = graph.add(Relu(), [x], name: "relu\(place)")
      x = graph.add(Dropout(ratio: ratio), [x], name: "drop\(place)")
    }
    graph.outputs = [graph.add(Flatten(), [x], name: "flat")]
    let scratch = ScratchDirectory()
    let path = scratch.file("out.\(WritingTests.formats[format].extensions[0])")
    _ = try WritingTests.formats[format].write(
      Checkpoint(format: "test", tensors: [], graph: graph), to: path)
    let nodes = try #require(try readKeras(path).graph).nodes
    let dropouts = nodes.filter { $0.operator is Dropout }
    #expect(dropouts.map { ($0.operator as? Dropout)?.ratio } == [0.25, 0.5])
    #expect(dropouts.map(\.name) == ["drop0", "drop2"])
  }

  @Test func longListsOfNamesAreWrittenInPieces() throws {
    var graph = Graph()
    var value = graph.addInput("x", TensorType(.float32, ["batch", 4]))
    let long = String(repeating: "n", count: 300)
    for i in 0..<400 { value = graph.add(Relu(), [value], name: "\(long)\(i)") }
    graph.outputs = [value]
    let scratch = ScratchDirectory()
    _ = try KerasHDF5Format().write(
      Checkpoint(format: "test", tensors: [], graph: graph), to: scratch.file("long.h5"))
    let after = try readKeras(scratch.file("long.h5"))
    #expect(after.graph?.nodes.count == 400)
  }
}
