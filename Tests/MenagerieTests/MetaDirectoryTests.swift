import BinaryIO
import Formats
import JSON
import Menagerie
import Tensors
import TestSupport
import Testing
import Zoo

/// Directories as Meta's program takes them.
@Suite struct MetaDirectoryTests {
  private let scratch = ScratchDirectory()

  private func converted(_ name: String, dialect: String, to out: String) throws
    -> ConversionReport
  {
    var options = ConversionOptions()
    options.format = "huggingface"
    options.dialect = dialect
    return try Converter(options: options).convert(name, to: scratch.file(out))
  }

  @Test(arguments: ["llama", "llama-meta/consolidated.00.pth", "llama-parts"])
  func aLlamaGoesThereAndBack(name: String) throws {
    let source = Fixtures.path("decoders/\(name)")
    let report = try converted(source, dialect: "meta", to: "meta")
    #expect(report.verification.status == .checked && report.unmatched.isEmpty)
    let names = System.names(in: scratch.file("meta"))
    #expect(names.contains("consolidated.00.pth") && names.contains("params.json"))
    #expect(!names.contains("config.json") && !names.contains("model.safetensors"))
    let back = try converted(scratch.file("meta"), dialect: "huggingface", to: "back")
    #expect(back.verification.status == .checked)
    #expect(!System.names(in: scratch.file("back")).contains("params.json"))
    let (before, after) = (
      try #require(Model(contentsOf: source).zooModel),
      try #require(Model(contentsOf: scratch.file("back")).zooModel)
    )
    for tensor in before.weights {
      let other = try #require(after.weights.first { $0.entry.name == tensor.entry.name })
      #expect(try tensor.entry.load().isBitEqual(to: other.entry.load()), "\(tensor.entry.name)")
    }
    // What Meta's words have no place for is in our own description
    #expect(after.configuration.hiddenFacts == before.configuration.hiddenFacts)
    // A directory with such a model may be replaced by another
    _ = try converted(source, dialect: "meta", to: "meta")
  }

  @Test func theParametersAreThoseOfTheProgram() throws {
    _ = try converted(Fixtures.path("decoders/llama"), dialect: "meta", to: "meta")
    let file = try MappedFile(path: scratch.file("meta/params.json"))
    let parameters = try JSONValue(parsing: file.bytes)
    let sizes = [
      "dim": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "vocab_size": 80,
    ]
    for (name, size) in sizes { #expect(parameters[name]?.integer == size, "\(name)") }
    #expect(parameters["norm_eps"]?.double == 1e-5 && parameters["rope_theta"]?.double == 1e4)
    let plain = 8 * 32 / 3
    let inner = Int((parameters["ffn_dim_multiplier"]?.double ?? 1) * Double(plain))
    let multiple = try #require(parameters["multiple_of"]?.integer)
    #expect((inner + multiple - 1) / multiple * multiple == 48)
  }

  @Test(arguments: [
    ("llama3", "scales long contexts otherwise"), ("qwen2", "meta has no Qwen2"),
    ("llama-tokens", "meta has no Llama with such a head"),
  ])
  func whatTheProgramWouldComputeOtherwiseIsRefused(name: String, reason: String) throws {
    #expect {
      _ = try converted(Fixtures.path("decoders/\(name)"), dialect: "meta", to: "meta")
    } throws: {
      "\($0)".contains(reason)
    }
    #expect(System.isDirectory(scratch.file("meta")) == nil)
  }
}
