import BinaryIO
import TestSupport

@testable import Menagerie

/// Pictures of the fixtures as classes to learn, and short runs.
enum Pictures {
  /// Two classes of a few pictures each.
  static func twoClasses(in scratch: ScratchDirectory) throws -> String {
    let folder = scratch.file("pictures")
    try System.createDirectory(folder)
    for (name, sources) in [("gray", ["grey.png", "grey.jpg"]), ("odd", ["420.jpg", "444.jpg"])] {
      try System.createDirectory("\(folder)/\(name)")
      for copy in 0..<3 {
        for source in sources {
          let writer = try AtomicFileWriter(path: "\(folder)/\(name)/\(copy)-\(source)")
          try writer.write(MappedFile(path: Fixtures.path("images/\(source)")).bytes)
          try writer.commit()
        }
      }
    }
    return folder
  }

  static func options(_ method: String) -> FineTuningOptions {
    var options = FineTuningOptions()
    options.method = method
    options.epochs = 6
    options.batchSize = 4
    options.schedule = "constant"
    options.rate = 0.002
    options.threads = 1
    return options
  }
}
