import BinaryIO
import Converters
import Formats
import TestSupport
import Testing

@Suite struct FormatDetection {
  @Test(arguments: [
    ("pytorch/state.pth", "pytorch"), ("pytorch/state-legacy.pth", "pytorch"),
    ("pytorch/harmful.pkl", "pytorch"), ("safetensors/state.safetensors", "safetensors"),
    ("numpy/state.npz", "npz"), ("numpy/compressed.npz", "npz"), ("numpy/cube.npy", "npy"),
    ("keras/functional.h5", "keras-h5"), ("keras/functional.keras", "keras"),
  ]) func goesByContent(_ file: String, _ identifier: String) throws {
    #expect(try FormatRegistry.format(of: Fixtures.path(file)).identifier == identifier)
  }

  @Test func aNameDoesNotDeceive() throws {
    let scratch = ScratchDirectory()
    let path = try scratch.write("a.pth", try Fixtures.bytes("safetensors/state.safetensors").array)
    #expect(try FormatRegistry.format(of: path).identifier == "safetensors")
  }

  @Test func endingsThatCanBeWrittenAreNamedOnce() throws {
    let error = #expect(throws: DataError.self) {
      try FormatRegistry.format(forOutput: "model.unknown")
    }
    let names = try #require(error?.expected).split(separator: ", ")
    #expect(names.contains("a name ending in '/'") && names.contains(".safetensors"))
    #expect(Set(names).count == names.count, "\(names)")
  }

  struct Stranger: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let said: String
    let code: DataError.Code
    var testDescription: String { said }

    init(_ text: String, _ said: String, _ code: DataError.Code = .unknownFormat) {
      self.init(Array(text.utf8), said, code)
    }
    init(_ bytes: [UInt8], _ said: String, _ code: DataError.Code = .unknownFormat) {
      (self.bytes, self.said, self.code) = (bytes, said, code)
    }
  }

  static let strangers = [
    Stranger("<!DOCTYPE html><html></html>", "HTML page"),
    Stranger(
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
    Stranger("hello, I am not a model\n", "is text"),
    Stranger("{\"architectures\": []}", "JSON text"),
    Stranger([0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A, 0, 0, 0, 0], "PNG picture"),
    Stranger([0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "gzip archive"),
    Stranger([UInt8](repeating: 0, count: 257) + Array("ustar\u{0}00".utf8), "tar archive"),
    Stranger([0x1C, 0, 0, 0] + Array("TFL3".utf8) + [0, 0], "TensorFlow Lite", .unsupported),
    Stranger([0x81, 0xA6] + Array("params".utf8) + [0x80], "Flax msgpack", .unsupported),
  ]

  @Test(arguments: strangers) func namesAStranger(_ stranger: Stranger) throws {
    let scratch = ScratchDirectory()
    let path = try scratch.write("a.pth", stranger.bytes)
    let error = #expect(throws: DataError.self) { try FormatRegistry.format(of: path) }
    #expect(error?.code == stranger.code)
    #expect(error?.found.contains(stranger.said) == true, "\(error?.description ?? "")")
    #expect(error?.path == path)
  }

  @Test func namesAnExportedProgram() throws {
    let error = #expect(throws: DataError.self) {
      try FormatRegistry.format(of: Fixtures.path("pytorch/exported.pt2"))
    }
    #expect(error?.code == .unsupported)
    #expect(error?.found.contains("torch.export") == true)
  }

  @Test func saysWhatIsWrongWithEmptyAndMissingOnes() throws {
    let scratch = ScratchDirectory()
    let empty = try scratch.write("empty.pth", [])
    #expect(throws: DataError.self) { try FormatRegistry.format(of: empty) }
    let missing = #expect(throws: DataError.self) {
      try FormatRegistry.format(of: scratch.file("nowhere.pth"))
    }
    #expect(missing?.code == .notFound)
    let nothing = ScratchDirectory()
    let directory = #expect(throws: DataError.self) { try FormatRegistry.format(of: nothing.path) }
    #expect(directory?.code == .unknownFormat)
  }

  @Test(arguments: [
    ("a.pth", "pytorch"), ("b/a.PT", "pytorch"), ("a.bin", "pytorch"),
    ("a.safetensors", "safetensors"),
    ("a.npz", "npz"), ("a.h5", "keras-h5"), ("a.hdf5", "keras-h5"), ("a.keras", "keras"),
    ("a.onnx", "onnx"), ("folder/", "huggingface"),
  ]) func takesTheOutputsFormatFromItsName(_ name: String, _ identifier: String) throws {
    #expect(try FormatRegistry.format(forOutput: name).identifier == identifier)
  }

  @Test(arguments: ["a", "a.xyz", "a.b/c"]) func refusesANameThatSaysNothing(_ name: String) {
    let error = #expect(throws: DataError.self) { try FormatRegistry.format(forOutput: name) }
    #expect(error?.code == .unsupported)
  }

  @Test func identifiersAndExtensionsAreOneFormatsOnly() {
    let formats = FormatRegistry.all
    #expect(Set(formats.map(\.identifier)).count == formats.count)
    // Directories are of several formats: the first is the usual one
    let extensions = formats.flatMap(\.extensions).filter { $0 != "/" }
    #expect(Set(extensions).count == extensions.count)
  }
}
