extension Recognition {
  /// What a dialect's whole models have before the names that this one, a bare backbone, has without it (`bert.`); empty where
  /// names are whole.
  public func omittedPrefix(in dialect: Dialect) -> String {
    guard dialect != self.dialect else { return basePrefix }
    switch configuration.task {
    case .textFeatures, .imageFeatures:
      let family = Catalogue.standard.families.first { $0.name == configuration.family }
      return family?.dialects.first { $0.dialect == dialect }?.basePrefix ?? ""
    default: return ""
    }
  }
}
