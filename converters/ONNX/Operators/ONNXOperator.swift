import ModelGraph

/// One operator of the standard: how a node of it becomes ours, and how ours becomes a node.
struct ONNXOperator: Sendable {
  /// The standard's name.
  let name: String
  /// Domains that it is known in; "" is the standard's own.
  let domains: Set<String>
  let read: @Sendable (inout NodeReading) throws -> Void
  /// Our operator that it writes.
  let type: ObjectIdentifier?
  let write: (@Sendable (any Operator, inout NodeWriting) throws -> Void)?

  /// An operator that is translated both ways. `since` is the opset from which its newest form is the one we write.
  init<Ours: Operator>(
    _ ours: Ours.Type, since: Int = 1, domains: Set<String> = [""],
    read: @escaping @Sendable (inout NodeReading) throws -> Void,
    write: @escaping @Sendable (Ours, inout NodeWriting) throws -> Void
  ) {
    name = Ours.name
    self.domains = domains
    self.read = read
    type = ObjectIdentifier(ours)
    self.write = { ours, writing in
      guard let ours = ours as? Ours else { return }
      writing.require(opset: since)
      try write(ours, &writing)
    }
  }

  /// An operator without attributes that has meant the same ever since.
  init<Ours: Operator>(
    plain ours: Ours.Type, since: Int = 1, _ make: @escaping @Sendable () -> Ours
  ) {
    self.init(ours, since: since) {
      try $0.emit(make())
    } write: {
      $1.emit()
    }
  }

  /// An operator of older files that becomes another one.
  init(
    reading name: String, domains: Set<String> = [""],
    _ read: @escaping @Sendable (inout NodeReading) throws -> Void
  ) {
    self.name = name
    self.domains = domains
    self.read = read
    type = nil
    write = nil
  }
}
