import BinaryIO
import Formats

/// ONNX models: weights and graph, IR versions 3 to 14.
public struct ONNXFormat: ModelFormat {
  public let identifier = "onnx"
  public let title = "ONNX model"
  public let extensions = ["onnx"]
  public let holdsGraph = true

  public init() {}

  public func matches(_ probe: FileProbe) -> Bool {
    !probe.isDirectory && ModelMessage.looksLikeModel(probe.bytes)
  }

  public func read(_ path: String) throws -> Checkpoint {
    try namingFile(path) { try ModelReader(path: path).checkpoint() }
  }

  public func obstacle(to checkpoint: Checkpoint) -> DataError? {
    if let obstacle = obstacle(toBlocksOf: checkpoint) { return obstacle }
    do {
      _ = try ModelWriter(checkpoint)
      return nil
    } catch {
      return error as? DataError
    }
  }

  public func write(_ checkpoint: Checkpoint, to path: String) throws -> [WrittenTensor] {
    if let obstacle = obstacle(toBlocksOf: checkpoint) { throw obstacle }
    return try ModelWriter(checkpoint).write(to: path)
  }
}

extension ModelMessage {
  /// Whether the first fields are those of a model: no other file of protobuf messages has a graph or an operator set there.
  static func looksLikeModel(_ bytes: Bytes) -> Bool {
    var reader = WireReader(bytes, in: 0..<bytes.count)
    for _ in 0..<64 {
      do {
        guard let field = try reader.next() else { return false }
        switch (field.number, field.kind) {
        case (1, .varint), (5, .varint): continue
        case (2...4, .lengthDelimited), (6, .lengthDelimited), (14, .lengthDelimited),
          (20, .lengthDelimited), (25, .lengthDelimited), (26, .lengthDelimited):
          continue
        case (7, .lengthDelimited), (8, .lengthDelimited): return true
        default: return false
        }
      } catch {
        // A graph that is cut short is a graph all the same.
        return reader.position > 0 && bytes[0] == 0x08
      }
    }
    return false
  }
}
