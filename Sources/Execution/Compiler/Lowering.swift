import ModelGraph

/// How one operator becomes steps.
struct Lowering: Sendable {
  /// The operator's type.
  let subject: ObjectIdentifier

  /// Appends the node's steps and places its outputs; false, with nothing done, when it does not know this case.
  let lower: @Sendable (Node, ProgramBuilder) throws -> Bool

  init<Subject: Operator>(
    _ subject: Subject.Type,
    _ lower: @escaping @Sendable (Subject, Node, ProgramBuilder) throws -> Bool
  ) {
    self.subject = ObjectIdentifier(subject)
    self.lower = { node, builder in
      guard let typed = node.operator as? Subject else { return false }
      return try lower(typed, node, builder)
    }
  }

  /// All lowerings by their operator's type.
  static let bySubject: [ObjectIdentifier: Lowering] = Dictionary(
    all.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
}
