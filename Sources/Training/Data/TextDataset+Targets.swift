import Tensors

extension TextDataset.Target {
  /// The one class of a sample, where it has one.
  public var label: Int? { if case .label(let label) = self { label } else { nil } }

  /// The same classes by other numbers.
  public func renumbered(_ places: [Int]) -> TextDataset.Target {
    switch self {
    case .label(let label): .label(places[label])
    case .labels(let own): .labels(own.map { places[$0] }.sorted())
    case .number: self
    }
  }
}

extension TextDataset.Kind {
  /// What a model that learns this is compared by.
  public var objective: any Objective {
    switch self {
    case .label: ClassObjective()
    case .labels: LabelsObjective()
    case .number: NumberObjective()
    }
  }

  public func judge(classes: Int) -> any Judge {
    switch self {
    case .label: ClassJudge(classes: classes)
    case .labels: LabelsJudge()
    case .number: NumberJudge()
    }
  }

  /// What the objective wants of samples of this kind: `[batch, classes]`, or `[batch, 1]` of numbers.
  ///
  /// - Parameter smoothing: of one label, the share that goes to all classes alike.
  public func tensor(
    of targets: [TextDataset.Target], classes: Int, smoothing: Double = 0
  ) -> Tensor {
    switch self {
    case .label:
      return ClassObjective.targets(
        targets.compactMap(\.label), classes: classes, smoothing: smoothing)
    case .labels:
      return LabelsObjective.targets(
        targets.map { if case .labels(let own) = $0 { own } else { [] } }, classes: classes)
    case .number:
      let numbers = targets.map {
        if case .number(let number) = $0 { Float(number) } else { Float(0) }
      }
      return Tensor(shape: [targets.count, 1], numbers)
    }
  }
}
