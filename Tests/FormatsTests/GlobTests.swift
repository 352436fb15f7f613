import Formats
import Testing

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", "anything", true), ("layer1.*", "layer1.0.conv1.weight", true),
    ("*.bias", "fc.weight", false),
    ("l?yer", "layer", true), ("l?yer", "lyer", false), ("*a*b*c", "xxaxxbxxc", true),
    ("*a*b*c", "xxaxxbxx", false),
    ("", "", true), ("", "x", false), ("**", "", true),
  ])
  func matches(pattern: String, name: String, expected: Bool) {
    #expect(Glob(pattern).matches(name) == expected)
  }

  @Test func manyStarsDoNotTakeForEver() {
    #expect(
      !Glob(String(repeating: "*a", count: 40)).matches(String(repeating: "a", count: 39) + "b"))
  }
}
