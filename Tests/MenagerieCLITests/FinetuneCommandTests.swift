import ArgumentParser
import BinaryIO
import TestSupport
import Testing

@testable import MenagerieCLI

@Suite struct FinetuneCommandTests {
  /// What cannot be written at the end is refused before anything learns.
  @Test func anAdapterHasNoStateToSave() throws {
    let scratch = ScratchDirectory()
    try System.createDirectory(scratch.file("data"))
    for name in ["grey", "photo"] {
      try System.createDirectory(scratch.file("data/\(name)"))
      for copy in 0..<2 {
        let bytes = try Fixtures.bytes("images/\(name).png").array
        try scratch.write("data/\(name)/\(copy).png", bytes)
      }
    }
    let command = try FinetuneCommand.parse([
      Fixtures.path("architectures/torchvision-resnet-basic/model.pth"), "--data",
      scratch.file("data"), "-o", scratch.file("out.pth"),
      "--method", "lora", "--save-optimizer", "--epochs", "1", "--resume", scratch.file("run"),
    ])
    let error = #expect(throws: DataError.self) { try command.run() }
    #expect(error?.found.contains("lora") == true, "\(String(describing: error))")
    #expect(scratch.names == ["data"])
  }
}
