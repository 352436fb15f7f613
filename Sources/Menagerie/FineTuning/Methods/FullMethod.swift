import ModelGraph
import Operators
import Training

/// All weights learn, and running statistics follow the batches.
public enum FullMethod: LearningMethod {
  public static let name = "full"
  public static let summary = "all weights"

  public static func usualRate(optimizer: String) -> Double { optimizer == SGD.name ? 1e-3 : 1e-4 }

  public static func prepare(
    _ task: any LearningTask, _ options: FineTuningOptions
  ) throws -> LearningModel {
    try LearningModel(task.model)
  }
}

extension Graph {
  /// Names of the means and variances that batch normalisations keep.
  var runningStatistics: Set<String> {
    var names: Set<String> = []
    for node in nodes where node.operator is BatchNormalization {
      for id in node.inputs.dropFirst(3) { if let id { names.insert(self[id].name) } }
    }
    return names
  }
}
