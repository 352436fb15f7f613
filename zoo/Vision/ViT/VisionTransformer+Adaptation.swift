import BinaryIO
import Formats
import Tensors

/// The same vision transformer in the words of another library, as far as it has it.
extension VisionTransformerConfiguration {
  /// The epsilon of all libraries but transformers, which asks its configuration.
  static let usualEpsilon = 1e-6

  public func adapted(to dialect: Dialect) -> Adaptation {
    guard nameMap(for: dialect) != nil else {
      return .impossible("\(dialect) has no \(kind.rawValue)")
    }
    let reasons =
      whatOnlyTimmHas + (dialect == .huggingFace ? whatTransformersLacks : whatOthersLack(dialect))
    guard reasons.isEmpty else {
      return .impossible(
        "the same name, another architecture: in this \(variant), compared with that of \(dialect), "
          + reasons.joined(separator: "; "))
    }
    var target = self
    target.interface = Interface(dialect)
    // A smaller one is beyond what float32 shows beside variances of trained weights
    if dialect != .huggingFace { target.epsilon = Self.usualEpsilon }
    switch dialect {
    case .timm:
      target.placesLeadingTokens = placesLeadingTokens && registers == 0
      target.hasMaskToken = false
    case .meta:
      target.placesLeadingTokens = true
      target.hasMaskToken = true
    default:
      target.placesLeadingTokens = true
      // transformers' own have one unless their configuration says otherwise
      if dialect == .huggingFace, kind.isDINO { target.hasMaskToken = true }
    }
    return .possible(target)
  }

  /// What only timm has, so that no other library can be adapted to.
  private var whatOnlyTimmHas: [String] {
    (hasPreNorm ? ["its tokens are normalised before the first layer"] : [])
      + (hasPatchBias ? [] : ["its patches have no bias"])
  }

  private var whatTransformersLacks: [String] {
    if case .first? = head, kind.isDINO { return ["its head takes the first token alone"] }
    return []
  }

  private func whatOthersLack(_ dialect: Dialect) -> [String] {
    var reasons: [String] = []
    if epsilon > Self.usualEpsilon * 1.001 {
      reasons.append("its LayerNorm epsilon is \(epsilon), not \(Self.usualEpsilon)")
    }
    if activation != .gelu { reasons.append("it has no exact GELU") }
    if hasPooler { reasons.append("it has a pooler") }
    switch head {
    case nil: if dialect == .torchvision { reasons.append("it has no head") }
    case .first:
      if dialect == .meta { reasons.append("it has a head") }
      if hasDistillationToken { reasons.append("its second token has no head") }
    case .firstAndMean: reasons.append("its head takes the first token and the mean")
    case .distilled: break
    }
    if dialect == .torchvision, heads * 64 != hidden {
      reasons.append("its heads are not 64 wide")
    }
    if [.torchvision, .google].contains(dialect), !hasBiases {
      reasons.append("its queries, keys and values have no biases")
    }
    return reasons
  }

  /// Positions of the leading tokens become a part of these, or zeros; a token for hidden patches that is wanted is zeros.
  public func weights(
    _ own: [NormalisedTensor], adaptedTo target: any ModelConfiguration
  ) throws -> [NormalisedTensor] {
    guard let target = target as? VisionTransformerConfiguration else { return own }
    var weights = own
    let mask = "embeddings.mask_token"
    if !target.hasMaskToken { weights.removeAll { $0.entry.name == mask } }
    if target.hasMaskToken, !hasMaskToken {
      let zeros = Tensor(shape: [1, hidden], [Float](repeating: 0, count: hidden))
      weights.append(
        NormalisedTensor(TensorEntry(name: mask, zeros), sources: [], action: .synthesised))
    }
    guard target.placesLeadingTokens != placesLeadingTokens else { return weights }
    let count = leadingTokens
    guard let table = weights.firstIndex(where: { $0.entry.name == Self.positionTable }) else {
      return weights
    }
    let places = weights[table].entry
    var extents = places.shape.dimensions
    extents[1] += target.placesLeadingTokens ? count : -count
    let shape = try Shape(checking: extents)
    if target.placesLeadingTokens {
      weights[table].entry = places.mapped(shape: shape) { tensor in
        let zeros = [Double](repeating: 0, count: count * hidden)
        return Tensor(shape: shape, zeros + tensor.doubles).cast(to: tensor.dataType)
      }
    } else {
      for (index, name) in ["cls_token", "distillation_token"].prefix(count).enumerated() {
        guard let place = weights.firstIndex(where: { $0.entry.name == "embeddings.\(name)" })
        else { continue }
        let token = weights[place].entry
        weights[place].entry = try token.mapped(shape: token.shape) { tensor in
          let row = try places.load().sliced(axis: 1, index..<(index + 1)).doubles
          return Tensor(shape: tensor.shape, zip(tensor.doubles, row).map { $0 + $1 })
            .cast(to: tensor.dataType)
        }
        weights[place].sources += weights[table].sources
        weights[place].action = .folded
      }
      weights[table].entry = places.mapped(shape: shape) {
        $0.sliced(axis: 1, count..<places.shape[1])
      }
    }
    weights[table].action = .folded
    return weights
  }

  static let positionTable = "embeddings.position_embeddings"
}
