import Formats
import ModelGraph
import OrderedCollections
import Tensors

/// An architecture that its library has with a head that classifies texts.
public protocol TextClassifiable: ModelConfiguration {
  /// The same with such a head in the place of what stands on it.
  ///
  /// - Parameters:
  ///   - classes: 1 for a head that tells a number.
  ///   - problem: transformers' `problem_type`.
  ///   - padding: the token that fills texts up.
  func classifyingTexts(classes: Int, problem: String, padding: Int?) -> Self
  /// What the canonical names of the head's own weights begin with.
  var headPrefixes: [String] { get }
}

extension ZooModel {
  /// The same model with a head that classifies texts; nil where the architecture has none.
  ///
  /// - Parameter fresh: makes a weight, by its canonical name and shape, that the model does not have.
  /// - Returns: the model, and the canonical names of weights that were made.
  /// - Throws: `.unsupported` when the dialect has no such model.
  public func classifyingTexts(
    classes: Int, problem: String, padding: Int?, labels: [String]?,
    fresh: (String, Shape) -> Tensor
  ) throws -> (model: ZooModel, made: Set<String>)? {
    guard let base = configuration as? any TextClassifiable else { return nil }
    let target = base.classifyingTexts(classes: classes, problem: problem, padding: padding)
    let definition = try target.build()
    let shapes = Dictionary(
      definition.graph.parameters.map {
        (definition.graph[$0].name, definition.graph[$0].type.shape)
      }, uniquingKeysWith: { first, _ in first })
    let own = Dictionary(
      weights.map { ($0.entry.name, $0) }, uniquingKeysWith: { first, _ in first })
    var made: Set<String> = []
    let kept = definition.state.compactMap { name -> NormalisedTensor? in
      if let weight = own[name], shapes[name] == nil || shapes[name] == weight.entry.shape {
        return weight
      }
      guard let shape = shapes[name] ?? nil else { return nil }
      made.insert(name)
      return NormalisedTensor(
        TensorEntry(name: name, fresh(name, shape)), action: .synthesised)
    }
    let recognition = Recognition(
      dialect: dialect, evidence: recognition.evidence, differences: [], prefix: "",
      basePrefix: "", configuration: target, definition: definition)
    return (
      ZooModel(
        recognition: recognition, graph: definition.graph, weights: kept, account: account,
        preprocessing: nil, labels: labels), made
    )
  }
}
