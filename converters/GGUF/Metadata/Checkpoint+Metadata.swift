import BinaryIO
import Formats

extension Checkpoint {
  /// The metadata that a GGUF file of these tensors has.
  func metadataForGGUF() throws -> GGUFMetadata {
    gguf ?? GGUFMetadata()
  }
}
