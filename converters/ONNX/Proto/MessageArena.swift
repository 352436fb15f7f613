import COnnxProto

/// The memory of protobuf-c's structures while a message is packed; all of it goes at once.
@safe
final class MessageArena {
  private var blocks = unsafe [UnsafeMutableRawPointer]()

  /// A structure, set up by `initialize`.
  func make<Message>(_ initialize: (UnsafeMutablePointer<Message>) -> Void) -> UnsafeMutablePointer<
    Message
  > {
    let pointer = unsafe allocate(Message.self, 1)
    unsafe initialize(pointer)
    return unsafe pointer
  }

  /// A C string; nil for the empty text, which protobuf leaves out.
  func text(_ text: String) -> UnsafeMutablePointer<CChar>? {
    text.isEmpty ? nil : unsafe string(text)
  }

  /// A C string, also of the empty text.
  func string(_ text: String) -> UnsafeMutablePointer<CChar> {
    let characters = text.utf8CString
    let pointer = unsafe allocate(CChar.self, characters.count)
    for (i, character) in characters.enumerated() { unsafe pointer[i] = character }
    return unsafe pointer
  }

  func binary(_ bytes: some Collection<UInt8>) -> ProtobufCBinaryData {
    let pointer = unsafe allocate(UInt8.self, max(bytes.count, 1))
    for (i, byte) in bytes.enumerated() { unsafe pointer[i] = byte }
    return unsafe ProtobufCBinaryData(len: bytes.count, data: pointer)
  }

  /// A C array of what `convert` makes of each element; nil for none.
  func array<Element, C>(
    _ elements: [Element], _ convert: (Element) -> C
  ) -> UnsafeMutablePointer<C>? {
    if elements.isEmpty { return nil }
    let pointer = unsafe allocate(C.self, elements.count)
    for (i, element) in elements.enumerated() {
      unsafe (pointer + i).initialize(to: convert(element))
    }
    return unsafe pointer
  }

  private func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<
    Element
  > {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(MemoryLayout<Element>.stride * count, 1), alignment: 16)
    unsafe blocks.append(block)
    return unsafe block.bindMemory(to: Element.self, capacity: count)
  }

  deinit {
    while let block = unsafe blocks.popLast() { unsafe block.deallocate() }
  }
}
