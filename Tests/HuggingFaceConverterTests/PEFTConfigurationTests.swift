import BinaryIO
import HuggingFaceConverter
import JSON
import Testing

@Suite struct PEFTConfigurationTests {
  private func read(_ dropout: String?) throws -> PEFTConfiguration {
    let rest = dropout.map { ", \"lora_dropout\": \($0)" } ?? ""
    let text = "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8\(rest)}"
    return try PEFTConfiguration(JSONValue(parsing: Bytes(Array(text.utf8))))
  }

  @Test func aShareToDropIsTakenAsItIs() throws {
    #expect(try read(nil).dropout == 0)
    #expect(try read("null").dropout == 0)
    #expect(try read("0").dropout == 0)
    #expect(try read("0.25").dropout == 0.25)
  }

  @Test(arguments: ["1", "1.5", "-0.1", "\"much\"", "true"])
  func aShareThatIsNoneIsRefused(dropout: String) {
    let error = #expect(throws: DataError.self) { try read(dropout) }
    #expect(error?.code == .malformed && error?.expected == "0 to below 1")
  }
}
