import Tensors

/// Parameters that learn alike.
public struct ParameterGroup: Sendable {
  public var parameters: [Parameter]
  /// What the schedule's rate is multiplied with.
  public var rateFactor: Double
  public var weightDecay: Double

  public init(_ parameters: [Parameter], rateFactor: Double = 1, weightDecay: Double = 0) {
    self.parameters = parameters
    self.rateFactor = rateFactor
    self.weightDecay = weightDecay
  }

  /// Groups of equal rate and decay, in the order of their first parameters.
  ///
  /// - Parameters:
  ///   - rateFactor: by the parameter's name; all alike when nobody says.
  public static func groups(
    _ parameters: [Parameter], weightDecay: Double, decays rule: WeightDecayRule = .matrices,
    rateFactor: (String) -> Double = { _ in 1 }
  ) -> [ParameterGroup] {
    groups(
      parameters, weightDecay: { rule.includes($0) ? weightDecay : 0 }, rateFactor: rateFactor)
  }

  /// Groups of equal rate and decay, in the order of their first parameters.
  public static func groups(
    _ parameters: [Parameter], weightDecay: (Parameter) -> Double, rateFactor: (String) -> Double
  ) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    for parameter in parameters {
      let factor = rateFactor(parameter.name)
      let decay = weightDecay(parameter)
      let place = groups.firstIndex { $0.rateFactor == factor && $0.weightDecay == decay }
      if let place {
        groups[place].parameters.append(parameter)
      } else {
        groups.append(ParameterGroup([parameter], rateFactor: factor, weightDecay: decay))
      }
    }
    return groups
  }
}

/// Which weights decay.
public struct WeightDecayRule: Sendable {
  private let rule: @Sendable (Parameter) -> Bool

  public init(_ rule: @escaping @Sendable (Parameter) -> Bool) { self.rule = rule }

  public func includes(_ parameter: Parameter) -> Bool { rule(parameter) }

  /// All but norms and biases: what has two axes or more, and is not called `bias`.
  ///
  /// - Source: timm's `param_groups_weight_decay`.
  public static let matrices = WeightDecayRule { parameter in
    parameter.shape.rank > 1 && parameter.name.split(separator: ".").last != "bias"
  }

  /// PyTorch's, where nobody says otherwise.
  public static let all = WeightDecayRule { _ in true }
}
