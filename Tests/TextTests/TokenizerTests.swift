import BinaryIO
import Testing

@testable import Text

@Suite struct TokenizerTests {}
