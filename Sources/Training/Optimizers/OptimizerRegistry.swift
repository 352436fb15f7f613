/// The optimisers that there are.
public enum OptimizerRegistry {
  public static let all: [any Optimizer.Type] = [
    SGD.self,
    Adam.self,
    AdamW.self,
    RMSprop.self,
    Adafactor.self,
    Lion.self,
  ]

  public static var names: [String] { all.map { $0.name } }

  /// The optimiser with this name and settings, such as `momentum`.
  /// - Throws: `.mismatch` for a name or a setting that is none, or a value out of range.
  public static func optimizer(
    named name: String, settings: [String: Double] = [:]
  ) throws -> any Optimizer {
    try kind(of: all, named: name, "optimizer") { $0.name }.init(settings: settings)
  }
}
