import BinaryIO
import Formats
import Testing

@Suite struct NamePatternTests {
  @Test(arguments: [
    ("layer{s}.{b}.conv{i}.*", "layer2.10.conv3.weight", ["s": 2, "b": 10, "i": 3], "weight"),
    ("stages.{s-1}.x", "stages.0.x", ["s": 1], nil),
    ("a{2*i+1}", "a7", ["i": 3], nil),
    (
      "conv{s+1}_block{b+1}_{i}_conv.*", "conv2_block1_3_conv.bias", ["s": 1, "b": 0, "i": 3],
      "bias"
    ),
    ("*.num_batches_tracked", "a.b.num_batches_tracked", [:], "a.b"),
  ])
  func readsAndRendersTheSameName(
    pattern: String, name: String, numbers: [String: Int], rest: String?
  ) throws {
    let pattern = try NamePattern(parsing: pattern)
    let binding = try #require(pattern.match(name))
    #expect(binding.numbers == numbers)
    #expect(binding.rest == rest)
    #expect(pattern.render(binding) == name)
  }

  @Test(arguments: [
    ("layer{s}.x", "layer.x"), ("layer{s}.x", "layer01.x"), ("layer{s}.x", "layer1.y"),
    ("conv{s+1}", "conv0"), ("a{2*i+1}", "a4"), ("a{i}", "a12345678901234567890"), ("a.*", "a."),
    ("{i}.{i}", "1.2"), ("a", "ab"),
  ])
  func doesNotMatchAnotherForm(pattern: String, name: String) throws {
    #expect(try NamePattern(parsing: pattern).match(name) == nil)
  }

  @Test(arguments: [
    "a{", "a{}", "a{1}", "a{i", "{a}{b}", "*.*", "", "{0*i}", "{i+}", "{i*2}", "{é}",
  ])
  func rejectsWhatIsNoPattern(_ source: String) {
    #expect(throws: DataError.self) { try NamePattern(parsing: source) }
  }

  @Test func doesNotRenderANegativeNumber() throws {
    var binding = NameBinding()
    binding.numbers["s"] = 0
    #expect(try NamePattern(parsing: "stages.{s-1}").render(binding) == nil)
  }
}
