import BinaryIO
import Formats
import JSON
import KerasConverter
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// What the real Keras wrote into a fixture, as its script noted it down.
struct Golden: Sendable, CustomStringConvertible {
  let file: String
  let facts: JSONValue
  var description: String { file }

  static let all: [Golden] = {
    guard let bytes = try? Fixtures.bytes("keras/expected.json"),
      let document = try? JSONValue(parsing: bytes), let members = document.object
    else { return [] }
    return members.map { Golden(file: $0.key, facts: $0.value) }
  }()

  var path: String { Fixtures.path("keras/\(file)") }
  static var hdf5: [Golden] { all.filter { $0.file.hasSuffix(".h5") } }
}

@Suite struct WeightsTests {
  @Test func goldensAreThere() { #expect(Golden.hdf5.count >= 19) }

  @Test(arguments: Golden.hdf5)
  func everyDatasetIsReadBitForBit(_ golden: Golden) throws {
    let checkpoint = try KerasHDF5Format().read(golden.path)
    let expected = try #require(golden.facts["tensors"]?.object)
    let entries = checkpoint.tensors + checkpoint.auxiliary
    #expect(Set(entries.map(\.name)) == Set(expected.keys))
    #expect(entries.count == expected.count)
    for entry in entries {
      let facts = try #require(expected[entry.name])
      #expect(entry.dataType.rawValue == facts["dtype"]?.string, "\(entry.name)")
      #expect(entry.shape.dimensions == facts["shape"]?.integers, "\(entry.name)")
      #expect(try entry.load().sha256 == facts["sha256"]?.string, "\(entry.name)")
    }
    #expect(checkpoint.graphError == nil)
  }

  @Test func optimizerStateIsAuxiliary() throws {
    let checkpoint = try KerasHDF5Format().read(Fixtures.path("keras/sequential.h5"))
    #expect(checkpoint.tensors.allSatisfy { !$0.name.hasPrefix("optimizer") })
    #expect(!checkpoint.auxiliary.isEmpty)
  }

  @Test func contiguousDatasetsAreMappedAndPackedOnesAreNot() throws {
    let plain = try KerasHDF5Format().read(Fixtures.path("keras/sequential.h5"))
    #expect(plain.tensors.allSatisfy { $0.identity != nil })
    #expect(plain.normalised.allSatisfy { $0.entry.identity != nil })
    let packed = try KerasHDF5Format().read(Fixtures.path("keras/compressed.h5"))
    #expect(packed.tensors.allSatisfy { $0.identity == nil })
  }

  /// Every flavour of the same model has the same common form.
  @Test(arguments: [
    [
      "sequential.h5", "sequential-weights.h5", "chunked-names.h5", "compressed.h5",
      "latest-layout.h5",
    ],
    ["functional.h5"], ["nested.h5"], ["keras2.h5", "keras2-fixed-strings.h5"],
  ])
  func flavoursAgree(_ files: [String]) throws {
    var first: [String: String]?
    for file in files {
      let checkpoint = try KerasHDF5Format().read(Fixtures.path("keras/\(file)"))
      let digests = Dictionary(
        uniqueKeysWithValues: try checkpoint.normalised.map {
          ($0.entry.name, "\($0.entry.shape) \(try $0.entry.load().sha256)")
        })
      #expect(digests == first ?? digests, "\(file)")
      first = first ?? digests
    }
  }

  @Test func namesAndAxesAreThoseOfTheCommonForm() throws {
    let checkpoint = try KerasHDF5Format().read(Fixtures.path("keras/functional.h5"))
    let shapes = Dictionary(
      uniqueKeysWithValues: checkpoint.normalised.map { ($0.entry.name, $0.entry.shape) })
    #expect(shapes["stem.weight"] == [8, 3, 3, 3])
    #expect(shapes["stem_norm.weight"] == nil)
    #expect(shapes["stem_norm.running_var"] == [8])
    #expect(shapes["depthwise.weight"] == [16, 1, 3, 3])
    #expect(shapes["depthwise_norm.bias"] == nil)
    #expect(shapes["separable.depthwise.weight"] == [16, 1, 3, 3])
    #expect(shapes["separable.pointwise.weight"] == [8, 16, 1, 1])
    #expect(shapes["separable.pointwise.bias"] == [8])
    #expect(shapes["grouped.weight"] == [8, 4, 1, 1])
    #expect(shapes["transpose.weight"] == [6, 4, 3, 3])
    #expect(shapes["prelu.weight"] == [4])
    #expect(shapes["hidden.weight"] == [6, 13])
    #expect(shapes["layer_norm.bias"] == [6])
  }

  @Test func nestedModelsNameTheirPlace() throws {
    let checkpoint = try KerasHDF5Format().read(Fixtures.path("keras/nested.h5"))
    let names = Set(checkpoint.normalised.map(\.entry.name))
    #expect(names.isSuperset(of: ["stem.weight", "block.inner.weight", "tail.logits.bias"]))
    let older = try KerasHDF5Format().read(Fixtures.path("keras/keras2-nested.h5"))
    #expect(older.normalised.map(\.entry.name).contains("block.inner_norm.running_mean"))
  }

  /// Copies of a channel lie side by side: element (c·m + j, 0, y, x) is (y, x, c, j) of the file.
  @Test func depthwiseKernelsKeepTheirChannelsInOrder() throws {
    let checkpoint = try KerasHDF5Format().read(Fixtures.path("keras/functional.h5"))
    let kernel = try #require(checkpoint.normalised.first { $0.entry.name == "depthwise.weight" })
    let theirs = try #require(checkpoint.tensors.first { $0.name == kernel.sources[0] }).load()
    let (file, ours) = (theirs.floats, try kernel.entry.load().floats)
    for (y, x, c, j) in [(0, 1, 3, 1), (2, 2, 7, 0), (1, 0, 0, 1)] {
      #expect(ours[((c * 2 + j) * 3 + y) * 3 + x] == file[((y * 3 + x) * 8 + c) * 2 + j])
    }
  }
}
