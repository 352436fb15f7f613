/// - Source: timm's `drop_path_rate`, which is 0 as a rule; the other libraries know none.
extension ResNetConfiguration {
  public func dropouts(in dialect: Dialect) -> [DropoutRule] {
    let last = block == .basic ? 2 : 3
    let branches = depths.indices.flatMap { stage in
      (0..<depths[stage]).map {
        "layer\(stage + 1).\($0).\(isPreActivated ? "conv" : "bn")\(last)"
      }
    }
    return [.head(usual: 0), .path(branches, "drop_path_rate")]
  }
}
