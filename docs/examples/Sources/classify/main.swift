// classify MODEL PICTURE… [--labels TEXT…]: what is on each picture, or which of the texts fits it.
import Menagerie

let arguments = CommandLine.arguments.dropFirst()
let parts = arguments.split(separator: "--labels", maxSplits: 1)
guard let path = arguments.first, let pictures = parts.first?.dropFirst(), !pictures.isEmpty else {
  fatalError("usage: classify MODEL PICTURE… [--labels TEXT…]")
}
let model = try Model(contentsOf: path)

func say(_ picture: String, _ answer: ImageClassifier.Class?) {
  guard let answer else { return }
  print("\(picture): \(answer.label) (\(Int((answer.score * 100).rounded())) %)")
}

if parts.count > 1 {
  let classifier = try ZeroShotClassifier(model)
  for picture in pictures {
    say(picture, try classifier.classify(imageAt: picture, as: Array(parts[1])).first)
  }
} else {
  let classifier = try ImageClassifier(model)
  for picture in pictures { say(picture, try classifier.classify(imageAt: picture, top: 1).first) }
}
