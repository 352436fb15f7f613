import ModelGraph
import Training

/// The last layer learns; what comes before it is computed once for each sample.
public enum HeadMethod: LearningMethod {
  public static let name = "head"
  public static let summary = "the last layer"

  public static func usualRate(optimizer: String) -> Double { optimizer == SGD.name ? 1e-2 : 1e-3 }

  public static func prepare(
    _ task: any LearningTask, _ options: FineTuningOptions
  ) throws -> LearningModel {
    let graph = try task.model.graph()
    let names = graph.parameters.map { graph[$0].name }
    var learning = try LearningModel(
      task.model, learning: names.filter(task.head.contains), running: [])
    learning.keepsFeatures = true
    return learning
  }
}
