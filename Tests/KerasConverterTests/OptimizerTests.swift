import BinaryIO
import Formats
import JSON
import KerasConverter
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// States of optimisers as Keras itself wrote them.
@Suite struct OptimizerTests {
  private func facts(_ file: String) throws -> JSONValue {
    let document = try JSONValue(parsing: try Fixtures.bytes("keras-optimizers/expected.json"))
    return try #require(document[file])
  }

  private func read(_ file: String) throws -> Checkpoint {
    try readKeras(Fixtures.path("keras-optimizers/\(file)"))
  }

  @Test(arguments: ["untrained.keras", "untrained.h5"])
  func aModelThatNeverLearntHasSettingsAlone(_ file: String) throws {
    let checkpoint = try read(file)
    #expect(checkpoint.optimizerError == nil)
    let record = try #require(checkpoint.optimizer)
    #expect(
      record.kind == "adam" && record.memories.isEmpty && record.groups[0].parameters.count == 6)
    #expect(record.groups[0].settings["lr"]?.double == Double(Float(0.001)))
  }

  /// Sums of gradients and averages lie before the moments, and a step is made of several batches.
  @Test(arguments: ["accumulating.keras", "accumulating.h5", "averaging.keras", "averaging.h5"])
  func momentsAreFoundBehindWhatElseIsKept(_ file: String) throws {
    let checkpoint = try read(file)
    #expect(checkpoint.optimizerError == nil)
    let (record, facts) = (try #require(checkpoint.optimizer), try facts(file))
    #expect(record.steps == facts["steps"]?.integer)
    #expect(record.memories.count == 6)
    for (fact, slot) in [("moments", "exp_avg"), ("velocities", "exp_avg_sq")] {
      let sums = try #require(facts[fact]?.object)
      #expect(sums.count == 6)
      for (path, sum) in sums {
        let parts = path.split(separator: "/").suffix(2)
        let isKernel = parts.last == "kernel"
        let name = "\(parts.first ?? "").\(isKernel ? "weight" : "bias")"
        let moment = try #require(record.memories[name]?.slots[slot]).load()
        // Where they stand in Keras's kernel, which has the inputs first
        let inKeras = (isKernel ? moment.permuted([1, 0]) : moment).doubles
        let found = inKeras.enumerated().reduce(0) { $0 + Double($1.offset + 1) * $1.element }
        #expect(abs(found - (sum.double ?? .nan)) < 1e-12, "\(name).\(slot)")
      }
    }
    #expect(record.notes.contains { $0.contains("gradient_accumulation_steps") })
  }

  /// HDF5 has the order of names, Keras that in which layers were made: moments of equal shapes would be swapped.
  @Test func anOrderThatTheFileDoesNotTellIsNotGuessed() throws {
    let checkpoint = try read("subclassed.keras")
    #expect(checkpoint.optimizer == nil && checkpoint.tensors.count == 4)
    let error = try #require(checkpoint.optimizerError)
    #expect(error.code == .unsupported && error.found.contains("does not say"), "\(error)")
  }

  @Test func aBrokenConfigurationOfTheTrainingKeepsNoOneFromTheWeights() throws {
    var bytes = try Fixtures.bytes("keras/sequential.h5").array
    let start = Array(#"{"loss": "#.utf8)
    let place = try #require(
      bytes.indices.first { bytes[$0...].starts(with: start) })
    bytes[place] = UInt8(ascii: "x")
    let scratch = ScratchDirectory()
    let checkpoint = try readKeras(scratch.write("broken.h5", bytes))
    #expect(checkpoint.graph != nil && checkpoint.tensors.count == 8)
    let error = try #require(checkpoint.optimizerError)
    #expect(error.description.contains("training_config"), "\(error)")
  }

  @Test func dampeningHasNoPlaceInKeras() {
    func record(_ dampening: Double) -> OptimizerRecord {
      let settings: OrderedDictionary<String, JSONValue> = [
        "lr": 0.1, "momentum": 0.9, "dampening": .number(dampening),
      ]
      return OptimizerRecord(
        kind: "sgd", groups: [.init(settings: settings, parameters: ["w"])], memories: [:])
    }
    for format in WritingTests.formats {
      #expect(format.obstacle(toOptimizer: record(0)) == nil)
      #expect(format.obstacle(toOptimizer: record(0.1))?.found.contains("dampening") == true)
    }
  }
}
