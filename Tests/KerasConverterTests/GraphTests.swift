import BinaryIO
import Execution
import Formats
import JSON
import KerasConverter
import ModelGraph
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// Both formats behind one door.
func readKeras(_ path: String) throws -> Checkpoint {
  path.hasSuffix(".keras")
    ? try KerasArchiveFormat().read(path) : try KerasHDF5Format().read(path)
}

/// A float32 array that NumPy wrote.
func array(_ name: String) throws -> Tensor {
  let bytes = try Fixtures.bytes(name)
  let length: UInt16 = try bytes.load(at: 8)
  let header = try bytes[10..<(10 + Int(length))].utf8()
  let inside = try #require(header.split(separator: "(").last?.split(separator: ")").first)
  let extents = inside.split(separator: ",").compactMap { Int($0.filter(\.isNumber)) }
  let data = TensorStorage(bytes[(10 + Int(length))..<bytes.count])
  return try Tensor(viewing: data, dataType: .float32, shape: Shape(checking: extents))
}

/// What the checkpoint's own graph gives.
func outputs(of checkpoint: Checkpoint, _ inputs: [Tensor]) throws -> [Tensor] {
  let graph = try #require(checkpoint.graph)
  let weights = Dictionary(
    uniqueKeysWithValues: checkpoint.normalised.map { ($0.entry.name, $0.entry) })
  let session = try Session(graph: graph) { name in
    guard let entry = weights[name] else { throw DataError(.mismatch, "no weight '\(name)'") }
    return try entry.load()
  }
  let named = Dictionary(
    uniqueKeysWithValues: zip(session.inputs, inputs).map { ($0.0.name, $0.1) })
  let results = try session.run(named)
  return try session.outputs.map { try #require(results[$0.name]) }
}

@Suite struct GraphTests {
  static let withAnswers = Golden.all.filter {
    $0.facts["outputs"] != nil || $0.facts["answers"] != nil
  }

  @Test func thereAreAnswers() { #expect(GraphTests.withAnswers.count >= 10) }

  @Test(arguments: withAnswers)
  func givesWhatKerasGives(_ golden: Golden) throws {
    let checkpoint = try readKeras(golden.path)
    if let error = checkpoint.graphError { throw error }
    let stem = golden.facts["answers"]?.string ?? String(golden.file.split(separator: ".")[0])
    var inputs: [Tensor] = []
    while let next = try? array("keras/\(stem)-input-\(inputs.count).npy") { inputs.append(next) }
    if let names = golden.facts["inputs"]?.array {
      let graph = try #require(checkpoint.graph)
      #expect(graph.inputs.map { graph[$0].name } == names.map(\.string))
    }
    let results = try outputs(of: checkpoint, inputs)
    for (i, result) in results.enumerated() {
      let expected = try array("keras/\(stem)-output-\(i).npy")
      #expect(result.shape == expected.shape)
      let size = expected.floats.map(abs).max() ?? 0
      let off = zip(result.floats, expected.floats).map { abs($0 - $1) }.max() ?? 0
      #expect(off <= 1e-5 * max(size, 1e-3), "output \(i) is off by \(off) of \(size)")
    }
  }

  @Test(arguments: Golden.all.filter { $0.file.hasSuffix(".keras") })
  func archivesAreReadBitForBit(_ golden: Golden) throws {
    let checkpoint = try KerasArchiveFormat().read(golden.path)
    let expected = try #require(golden.facts["tensors"]?.object)
    let entries = checkpoint.tensors + checkpoint.auxiliary
    #expect(Set(entries.map(\.name)) == Set(expected.keys))
    for entry in entries {
      #expect(try entry.load().sha256 == expected[entry.name]?["sha256"]?.string, "\(entry.name)")
    }
  }

  /// The archive numbers its layers, the HDF5 file names them: both must lead to the same names.
  @Test(arguments: ["sequential", "functional", "nested", "keras2"])
  func archiveAndHDF5HaveTheSameCommonForm(_ stem: String) throws {
    func form(_ file: String) throws -> [String: String] {
      let checkpoint = try readKeras(Fixtures.path("keras/\(file)"))
      return Dictionary(
        uniqueKeysWithValues: try checkpoint.normalised.map {
          ($0.entry.name, "\($0.entry.shape) \(try $0.entry.load().sha256)")
        })
    }
    let hdf5 = try form("\(stem).h5")
    #expect(try form("\(stem).keras") == hdf5)
    if stem != "keras2" { #expect(try form("\(stem).weights.h5").count == hdf5.count) }
  }

  @Test(arguments: ["lambda.h5", "lambda.keras"])
  func lambdasAreReportedAndNotRun(_ file: String) throws {
    let checkpoint = try readKeras(Fixtures.path("keras/\(file)"))
    #expect(checkpoint.security == [SecurityFinding(kind: "lambda", name: "layer 'twice'")])
    #expect(checkpoint.graph == nil)
    let error = try #require(checkpoint.graphError)
    #expect(error.code == .unsupported)
    #expect(error.description.contains("Lambda ('twice')"))
    #expect(checkpoint.normalised.map(\.entry.name).sorted() == ["dense.bias", "dense.weight"])
  }

  @Test(arguments: ["unknown-layer.h5", "unknown-layer.keras"])
  func unknownLayersAreNamed(_ file: String) throws {
    let checkpoint = try readKeras(Fixtures.path("keras/\(file)"))
    #expect(checkpoint.graph == nil)
    let error = try #require(checkpoint.graphError)
    #expect(error.code == .unsupported)
    #expect(error.description.contains("Mystery ('mystery')"))
  }
}
