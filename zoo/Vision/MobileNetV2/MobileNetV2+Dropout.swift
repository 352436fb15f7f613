/// - Source: torchvision's `mobilenet_v2`; transformers' `MobileNetV2Config`. timm and Keras drop nothing.
extension MobileNetV2Configuration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    switch dialect {
    case .torchvision: [.head(usual: 0.2), pathRule]
    case .huggingFace: [.head("classifier_dropout_prob", usual: 0.8), pathRule]
    default: [.head(usual: 0), pathRule]
    }
  }

  /// Blocks beside which their input flows on.
  private var pathRule: DropoutRule {
    var (branches, channels): ([String], Int) = ([], stemWidth)
    for (number, place) in places.enumerated() {
      if hasShortcut(number, from: channels) {
        branches.append("features.\(number + 1).conv.\(number > 0 ? 3 : 2)")
      }
      channels = widths[place.stage]
    }
    return .path(branches, "drop_path_rate")
  }
}
