/// The messages of an ONNX file, as `Sources/COnnxProto/onnx.proto` declares them.
enum MessageKind {
  case model, graph, node, attribute, tensor, sparseTensor, valueInfo, function
  case type, tensorType, sequenceType, mapType, optionalType, shape, dimension
  case opset, entry
}

/// What stands in a field.
enum FieldRule {
  /// One message, which may occur once; fields with the same `slot` exclude each other.
  case one(MessageKind, slot: Int)
  case many(MessageKind)
  /// UTF-8.
  case text
  case bytes
  /// One number or many, of variable length.
  case number
  case float
  /// Elements of a tensor, which are left where they are.
  case elements
}

extension MessageKind {
  /// The rule for a field; nil for one that is skipped.
  func rule(for field: Int) -> FieldRule? {
    switch (self, field) {
    case (.model, 1), (.model, 5): .number
    case (.model, 2), (.model, 3), (.model, 4), (.model, 6): .text
    case (.model, 7): .one(.graph, slot: 0)
    case (.model, 8): .many(.opset)
    case (.model, 14): .many(.entry)
    case (.model, 25): .many(.function)

    case (.opset, 1): .text
    case (.opset, 2): .number
    case (.entry, 1), (.entry, 2): .text

    case (.graph, 1): .many(.node)
    case (.graph, 2), (.graph, 10): .text
    case (.graph, 5): .many(.tensor)
    case (.graph, 11), (.graph, 12), (.graph, 13): .many(.valueInfo)
    case (.graph, 15): .many(.sparseTensor)
    case (.graph, 16): .many(.entry)

    case (.node, 1), (.node, 2), (.node, 3), (.node, 4), (.node, 6), (.node, 7), (.node, 8): .text
    case (.node, 5): .many(.attribute)
    case (.node, 9): .many(.entry)

    case (.attribute, 1), (.attribute, 13), (.attribute, 21): .text
    case (.attribute, 2), (.attribute, 7): .float
    case (.attribute, 3), (.attribute, 8), (.attribute, 20): .number
    case (.attribute, 4), (.attribute, 9): .bytes
    case (.attribute, 5): .one(.tensor, slot: 0)
    case (.attribute, 6): .one(.graph, slot: 1)
    case (.attribute, 10): .many(.tensor)
    case (.attribute, 11): .many(.graph)
    case (.attribute, 14): .one(.type, slot: 2)
    case (.attribute, 15): .many(.type)
    case (.attribute, 22): .one(.sparseTensor, slot: 3)
    case (.attribute, 23): .many(.sparseTensor)

    case (.tensor, 1), (.tensor, 2), (.tensor, 14): .number
    case (.tensor, 4), (.tensor, 5), (.tensor, 6), (.tensor, 7), (.tensor, 9), (.tensor, 10),
      (.tensor, 11):
      .elements
    case (.tensor, 8), (.tensor, 12): .text
    case (.tensor, 13): .many(.entry)

    case (.sparseTensor, 1): .one(.tensor, slot: 0)
    case (.sparseTensor, 2): .one(.tensor, slot: 1)
    case (.sparseTensor, 3): .number

    case (.valueInfo, 1), (.valueInfo, 3): .text
    case (.valueInfo, 2): .one(.type, slot: 0)

    case (.type, 1), (.type, 8): .one(.tensorType, slot: 0)
    case (.type, 4): .one(.sequenceType, slot: 0)
    case (.type, 5): .one(.mapType, slot: 0)
    case (.type, 9): .one(.optionalType, slot: 0)
    case (.type, 6): .text
    case (.tensorType, 1): .number
    case (.tensorType, 2): .one(.shape, slot: 0)
    case (.sequenceType, 1), (.optionalType, 1): .one(.type, slot: 0)
    case (.mapType, 1): .number
    case (.mapType, 2): .one(.type, slot: 0)
    case (.shape, 1): .many(.dimension)
    case (.dimension, 1): .number
    case (.dimension, 2), (.dimension, 3): .text

    case (.function, 1), (.function, 4), (.function, 5), (.function, 6), (.function, 8),
      (.function, 10), (.function, 13):
      .text
    case (.function, 7): .many(.node)
    case (.function, 9): .many(.opset)
    case (.function, 11): .many(.attribute)
    default: nil
    }
  }
}
