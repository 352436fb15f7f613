/// AdamW: steps of a size that the gradient's own spread sets. Weights decay by themselves, beside the step.
///
/// - Source: Loshchilov and Hutter (2017); torch.optim.AdamW.
public struct AdamW: AdamRule {
  public static let name = "adamw"
  public static let isDecoupled = true
  public static let usualWeightDecay = 0.01
  public static let settings: [Setting<AdamW>] = [
    Setting("beta1", \.beta1, in: 0..<1),
    Setting("beta2", \.beta2, in: 0..<1),
    Setting("eps", \.epsilon),
    Setting("amsgrad", \.amsgrad),
    Setting("uncorrected_eps", \.isEpsilonUncorrected),
  ]

  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  /// Whether the greatest `v` so far is taken.
  public var amsgrad = false
  /// Whether epsilon is added before the start at zero is corrected, as Keras does it.
  public var isEpsilonUncorrected = false

  public init() {}
}
