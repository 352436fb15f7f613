import BinaryIO
import Formats
import KerasConverter
import ModelGraph
import Tensors
import TestSupport
import Testing

/// Files that are broken, foreign or hostile: one error, no crash, no circle without end.
@Suite struct DamageTests {
  static let goldens = [
    "sequential.h5", "functional.weights.h5", "keras2.h5", "compressed.h5", "latest-layout.h5",
    "chunked-names.h5", "bfloat16.weights.h5", "nested.keras",
  ]

  @Test(arguments: goldens)
  func mutationsCrashNothing(_ file: String) throws {
    let golden = try Fixtures.bytes("keras/\(file)").array
    let scratch = ScratchDirectory()
    var state = UInt64(golden.count)
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for round in 0..<80 {
      var bytes = golden
      // Half of them near the beginning, where the structure is
      for _ in 0...next(4) {
        let place = next(round % 2 == 0 ? bytes.count : min(bytes.count, 4096))
        bytes[place] = [bytes[place] ^ (1 << UInt8(next(8))), 0, 0xFF, UInt8(next(256))][next(4)]
      }
      let path = try scratch.write("\(round).\(file)", bytes)
      do {
        let checkpoint = try readKeras(path)
        for tensor in checkpoint.tensors + checkpoint.auxiliary { _ = try? tensor.load().sha256 }
      } catch let error as DataError {
        #expect(error.path == path && !error.description.contains("\n"))
      }
    }
  }

  @Test(arguments: ["sequential.h5", "functional.keras"])
  func cutFilesAreRefused(_ file: String) throws {
    let golden = try Fixtures.bytes("keras/\(file)").array
    let scratch = ScratchDirectory()
    for share in [0.001, 0.02, 0.35, 0.8, 0.99] {
      let path = try scratch.write(file, Array(golden.prefix(Int(Double(golden.count) * share))))
      #expect(throws: DataError.self) { try readKeras(path) }
    }
  }

  @Test(arguments: [
    ("external-storage.h5", DataError.Code.unsupported), ("external-link.h5", .unsupported),
    ("soft-link-to-nowhere.h5", .malformed), ("dangling-weight.h5", .malformed),
    ("ghost-layer.h5", .malformed), ("absurd-shape.h5", .limitExceeded),
    ("texts.h5", .unsupported), ("lzf.h5", .unsupported),
  ])
  func hostileFilesAreRefused(_ file: String, _ code: DataError.Code) throws {
    let error = #expect(throws: DataError.self) {
      try readKeras(Fixtures.path("keras-hostile/\(file)"))
    }
    #expect(error?.code == code, Comment(rawValue: error?.description ?? ""))
  }

  @Test func groupsThatContainThemselvesEnd() throws {
    let checkpoint = try readKeras(Fixtures.path("keras-hostile/circle.h5"))
    #expect(checkpoint.tensors.count == 2)
    #expect(checkpoint.notes.contains { $0.contains("again") })
  }

  @Test(arguments: [
    ("wrong-shape.h5", DataError.Code.mismatch), ("configuration-garbage.h5", .malformed),
    ("configuration-deep.h5", .limitExceeded), ("circle.keras", .malformed),
    ("ghost-output.keras", .malformed), ("huge-units.keras", .malformed),
    ("negative-filters.keras", .malformed), ("other-kernel.keras", .mismatch),
    ("other-module.keras", .unsupported), ("configuration-absent.keras", .malformed),
  ])
  func weightsAreReadWhereTheGraphIsBroken(_ file: String, _ code: DataError.Code) throws {
    let checkpoint = try readKeras(Fixtures.path("keras-hostile/\(file)"))
    #expect(checkpoint.tensors.count >= 2)
    #expect(checkpoint.graph == nil)
    #expect(checkpoint.graphError?.code == code, "\(checkpoint.graphError?.description ?? "none")")
  }

  @Test func classesOfOtherModulesAreReported() throws {
    let checkpoint = try readKeras(Fixtures.path("keras-hostile/other-module.keras"))
    #expect(checkpoint.security.map(\.kind) == ["python-class"])
  }
}
