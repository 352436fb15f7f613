import BinaryIO
import Images
import Tensors
import Training

/// Pictures of a folder as a graph takes them, each with the class of its folder.
struct PictureSource: TrainingSource {
  let loader: PictureLoader
  let input: PictureInput
  let classes: Int
  let labelSmoothing: Double

  var count: Int { loader.entries.count }

  func batch(_ indices: [Int], epoch: Int) throws -> TrainingBatch {
    let batch = try loader.batch(indices, epoch: epoch)
    var targets: [Float] = []
    for label in batch.labels {
      targets += (0..<classes).map { index in
        let share = labelSmoothing / Double(classes)
        return Float(share + (index == label ? 1 - labelSmoothing : 0))
      }
    }
    return TrainingBatch(
      inputs: [input.name: input.adapted(batch.pictures)],
      targets: Tensor(shape: [batch.labels.count, classes], targets), labels: batch.labels)
  }
}
