import Formats

/// What a library calls modules in its newer versions, where weights on disk have kept their names.
public struct ModuleRenaming: Sendable {
  private let rules: [(former: NamePattern, current: NamePattern)]

  public static let none = ModuleRenaming([])

  /// - Parameter rules: patterns of modules' names; the first that fits counts.
  public init(_ rules: [(former: NamePattern, current: NamePattern)]) { self.rules = rules }

  /// The module's name as it is now.
  public func current(_ name: String) -> String {
    for (former, current) in rules {
      if let found = former.match(name) { return current.render(found) ?? name }
    }
    return name
  }
}
