import Testing

@testable import Text

/// What a pattern matches, as Oniguruma would have it.
@Suite struct RegexTests {
  static func matches(_ pattern: String, _ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    var memory = RegexMemory()
    var found: [String] = []
    try Pattern(pattern).forEachMatch(in: bytes, 0..<bytes.count, &memory) {
      found.append(UTF8Text.string(bytes[$0]))
    }
    return found
  }

  @Test(arguments: [
    (#"a|ab"#, "abab", ["a", "a"]), (#"(?:ab|a)b?"#, "abba", ["abb", "a"]),
    (#"\s+(?!\S)|\s+"#, "a   b  ", ["  ", " ", "  "]), (#"\p{N}{1,3}"#, "12345", ["123", "45"]),
    (#"\p{N}{2}"#, "12345", ["12", "34"]), (#"(?i:'s|'ll)"#, "'S 'Ll 'ſ", ["'S", "'Ll", "'ſ"]),
    (#"[^\s\p{L}]+"#, "ab?! 1é", ["?!", "1"]), (#"[a-z&&[^aeiou]]+"#, "abcde", ["bcd"]),
    (#"a*?b"#, "aab", ["aab"]), (#"a*+a"#, "aaa", []), (#"(?<=a)b"#, "abcb", ["b"]),
    (#"(?<!a)b"#, "abcb", ["b"]), (#"^\w+$"#, "ab\ncd", ["ab", "cd"]),
    (#"x*"#, "axb", ["", "x", ""]),
    (#"[[:punct:]]"#, "a-b", ["-"]), (#"\x{65e5}|\u672C"#, "日本", ["日", "本"]),
    (#"(?>a+)ab"#, "aaab", []), (#"\bfoo\b"#, "foo food", ["foo"]),
    (#"[\p{Han}]+"#, "a東京b", ["東京"]),
    (#"(a|b*)*c"#, "abbac", ["abbac"]), (#"[]a]+"#, "]a", ["]a"]), (#"(?x) a b # c"#, "ab", ["ab"]),
  ])
  func finds(pattern: String, text: String, expected: [String]) throws {
    #expect(try RegexTests.matches(pattern, text) == expected)
  }
}
