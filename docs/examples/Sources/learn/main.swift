// learn MODEL FOLDER OUT: a loop of one's own. FOLDER has a folder of pictures for each class.
import Menagerie

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 3 else { fatalError("usage: learn MODEL FOLDER OUT") }
let (path, pictures, out) = (arguments[1], arguments[2], arguments[3])

var options = FineTuningOptions()
options.validationShare = 0
let task = try PictureTask(Model(contentsOf: path), data: pictures, options: options)

// where: { $0.hasPrefix("fc.") } would let only these learn
let learning = try LearningModel(task.model)
let session = try learning.session(task.objective)
var optimization = Optimization(
  AdamW(), ParameterGroup.groups(learning.parameters, weightDecay: 0.01))
let order = EpochOrder(count: task.training.count, seed: 0)

for epoch in 0..<5 {
  var losses: [Double] = []
  for samples in order.batches(epoch: epoch, size: 4) {
    let batch = try task.training.batch(samples, epoch: epoch)
    losses.append(try session.step(batch.inputs, targets: batch.targets, adds: false).loss)
    optimization.step(rate: 3e-4)
  }
  print("epoch \(epoch + 1): loss \(losses.reduce(0, +) / Double(losses.count))")
}
print(try Converter().convert(learning.result(), to: out).summary)
