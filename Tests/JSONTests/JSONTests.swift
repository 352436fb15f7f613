import BinaryIO
import JSON
import OrderedCollections
import Testing

@Suite struct JSONParserClaims {
  @Test func keepsTheOrderOfKeys() throws {
    let value = try JSONValue(
      parsing: #"{"b": 1, "a": [true, null, -2.5e1], "c": {"é": "x\u00e9\ud83d\ude00\n"}}"#)
    #expect(value.object?.keys.elements == ["b", "a", "c"])
    #expect(value["a"]?[2]?.double == -25)
    #expect(value["c"]?["é"]?.string == "xé😀\n")
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\" 1}", "{\"a\":1,}", "\"abc", "tru", "01x", "[1] 2", "\"\\x\"",
    "\"\u{1}\"",
    "nan", "-", "+1", "--1", "\"\\u12g4\"", "Inf",
  ])
  func refusesWhatIsNoJSON(text: String) {
    let error = #expect(throws: DataError.self) { try JSONValue(parsing: text) }
    #expect(error?.code == .malformed)
  }

  @Test func refusesAKeyTwice() {
    #expect(throws: DataError.self) { try JSONValue(parsing: #"{"a": 1, "a": 2}"#) }
  }

  @Test func refusesDepthWithoutRecursingIntoIt() {
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    let error = #expect(throws: DataError.self) { try JSONValue(parsing: Bytes(deep)) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func refusesBytesThatAreNotUTF8() {
    #expect(throws: DataError.self) {
      try JSONValue(parsing: Bytes([0x22, 0xFF, 0x22] as [UInt8]))
    }
  }

  @Test func bigWholeNumbersStayExact() throws {
    #expect(try JSONValue(parsing: "9007199254740993").integer == 9_007_199_254_740_993)
    #expect(try JSONValue(parsing: "18446744073709551615").integer == nil)
    #expect(try JSONValue(parsing: "3.0").integer == 3)
  }
}

@Suite struct JSONWriterClaims {
  @Test(arguments: [
    #"{"b":1,"a":[true,null,-25.5],"c":{"é":"x😀\n\u0001\"\\"}}"#, "[]", "{}", "1.5e-07",
  ])
  func givesBackWhatWasParsed(text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(value.text() == text)
    #expect(try JSONValue(parsing: value.text(indented: true)) == value)
  }

  @Test func numbersWithoutAWordBecomeNull() {
    #expect(
      JSONValue.array([.number(.nan), .number(.infinity), .number(2)]).text() == "[null,null,2.0]")
  }
}
