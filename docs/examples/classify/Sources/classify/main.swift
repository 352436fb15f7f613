// classify MODEL PICTURE…: what is on each picture, and the model's own numbers for the first one.
import Menagerie

let arguments = CommandLine.arguments.dropFirst()
guard let path = arguments.first, arguments.count > 1 else {
  fatalError("usage: classify MODEL PICTURE…")
}
let model = try Model(contentsOf: path)
let classifier = try ImageClassifier(model)
for picture in arguments.dropFirst() {
  for one in try classifier.classify(imageAt: picture, top: 1) {
    print("\(picture): \(one.label) (\(Int((one.score * 100).rounded())) %)")
  }
}
