import Formats
import JSON

/// Where a library lets a model drop while it learns, and what says how much.
///
/// Places have the graph's names; one that a graph has not, since it has another head, drops nothing.
public struct DropoutRule: Sendable, Hashable {
  public enum Site: Sendable, Hashable {
    /// A value by its name.
    case value(String)
    /// The shares of the attention of that name.
    case shares(String)
    /// What the last layer takes, where that tells classes apart.
    case head
  }

  public var sites: [Site]
  /// What `config.json` may call the rate; the first that is there counts.
  public var keys: [String]
  /// The library's own rate, where nothing says another.
  public var usual: Double
  /// Whether sites are branches beside which the rest flows on, and are dropped for whole samples (stochastic depth): the
  /// rate grows from 0 at the first to the whole at the last.
  public var isPath: Bool

  public init(_ keys: [String], usual: Double, _ sites: [Site]) {
    self.keys = keys
    self.usual = usual
    self.sites = sites
    isPath = false
  }

  /// Elements of values.
  static func values(_ names: [String], _ keys: String..., usual: Double) -> DropoutRule {
    DropoutRule(keys, usual: usual, names.map { .value($0) })
  }

  /// Shares of attentions.
  static func shares(_ names: [String], _ keys: String..., usual: Double) -> DropoutRule {
    DropoutRule(keys, usual: usual, names.map { .shares($0) })
  }

  static func head(_ keys: String..., usual: Double) -> DropoutRule {
    DropoutRule(keys, usual: usual, [.head])
  }

  /// Branches in their order.
  static func path(_ branches: [String], _ keys: String..., usual: Double = 0) -> DropoutRule {
    var rule = DropoutRule(keys, usual: usual, branches.map { .value($0) })
    rule.isPath = true
    return rule
  }

  /// The rate, and the key of `config.json` that says it; nil for the library's own.
  /// - Returns: a rate as it stands there, be it one or not.
  public func rate(in config: JSONValue?) -> (rate: Double, key: String?) {
    for key in keys { if let rate = config?[key]?.double { return (rate, key) } }
    return (usual, nil)
  }

  /// The site's part of the rule's rate.
  public func share(of index: Int) -> Double {
    guard isPath else { return 1 }
    return sites.count > 1 ? Double(index) / Double(sites.count - 1) : 1
  }
}

extension ZooModel {
  /// Where its library drops while it learns, with the rates that files beside the weights say.
  public func dropouts(
    sidecars: Sidecars
  ) -> [(rule: DropoutRule, rate: Double, key: String?)] {
    let config = sidecars.modelConfiguration
    return configuration.dropouts(in: dialect).map { rule in
      let (rate, key) = rule.rate(in: config)
      return (rule, rate, key)
    }
  }
}
