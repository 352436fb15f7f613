/// How deep in a model its parameters lie, from their names in the model's order.
///
/// A layer is what has one name up to its first number, or up to its second part: `conv1`, `layer1.0`, `encoder.layer.7`,
/// `model.norm`, `fc`.
public struct ModelDepth: Sendable, Hashable {
  /// The layers' names, from the input on.
  public let layers: [String]
  private let depths: [String: Int]

  /// - Parameter names: in the order in which the model uses them.
  public init(_ names: [String]) {
    var layers: [String] = []
    var depths: [String: Int] = [:]
    for name in names {
      let layer = ModelDepth.layer(of: name)
      if depths[layer] == nil {
        depths[layer] = layers.count
        layers.append(layer)
      }
    }
    self.layers = layers
    self.depths = depths
  }

  /// The layer of a parameter, counted from the input; nil for a name that was not among those of the model.
  public func depth(of name: String) -> Int? { depths[ModelDepth.layer(of: name)] }

  /// What the rate of a parameter is multiplied with, when each layer learns `decay` times as fast as the next one.
  ///
  /// - Source: Howard and Ruder, "Universal Language Model Fine-tuning" (2018): discriminative fine-tuning.
  public func rateFactor(of name: String, decay: Double) -> Double {
    guard let depth = depth(of: name) else { return 1 }
    return (0..<(layers.count - 1 - depth)).reduce(1) { factor, _ in factor * decay }
  }

  /// Whether a parameter learns in an epoch, when one more layer is set free each epoch, from the output on.
  ///
  /// - Parameter perEpoch: layers that are set free at a time.
  public func learns(_ name: String, epoch: Int, perEpoch: Int = 1) -> Bool {
    guard let depth = depth(of: name), epoch >= 0 else { return true }
    let (free, overflow) = (epoch + 1).multipliedReportingOverflow(by: max(perEpoch, 1))
    return overflow || layers.count - depth <= free
  }

  private static func layer(of name: String) -> String {
    let parts = name.split(separator: ".")
    let number = parts.firstIndex { $0.allSatisfy(\.isNumber) }
    // The last part is the parameter's own name
    let count = min(number.map { $0 + 1 } ?? 2, max(parts.count - 1, 1))
    return parts.prefix(count).joined(separator: ".")
  }
}
