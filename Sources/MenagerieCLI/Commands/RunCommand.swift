import ArgumentParser
import BinaryIO
import Execution
import Formats
import JSON
import Menagerie
import NumPyConverter
import Tensors

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a model: pictures to classes, texts to what the model does, arrays to arrays.",
    discussion: """
      menagerie run resnet50.pth cat.jpg dog.png --top 3
      menagerie run all-MiniLM-L6-v2/ "A man eats bread." "Someone has a meal."
      menagerie run bert-base-uncased/ "Paris is the capital of [MASK]."
      menagerie run distilbert-squad/ "Where does Ada live?" "Ada lives in London."
      menagerie run clip-vit-base-patch32/ cat.jpg --labels "a photo of a cat" "a photo of a dog"
      menagerie run dinov2-small/ cat.jpg dog.png --outputs embeddings.npz
      menagerie run all-MiniLM-L6-v2/ --file lines.txt --outputs embeddings.npz
      menagerie run model.onnx --inputs in.npz --outputs out.npz

      Arrays are matched to the model's inputs by name; a single array needs no name. To have a
      model write, see 'menagerie generate'.
      """)

  @Argument(help: "A model file, or a Hugging Face directory.", completion: .file())
  var model: String

  @Argument(
    help: ArgumentHelp("Pictures (JPEG, PNG), or texts.", valueName: "files or texts"),
    completion: .file())
  var subjects: [String] = []

  @Option(help: ArgumentHelp("Texts, one a line.", valueName: "lines.txt"), completion: .file())
  var file: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Texts that may describe the pictures, for a model that takes both.", valueName: "texts"))
  var labels: [String] = []

  @Option(
    help: ArgumentHelp(
      "What to do: \(Task.allCases.map(\.rawValue).joined(separator: ", ")); by default what the model is for.",
      valueName: "task"))
  var task: Task?

  @Option(parsing: .unconditional, help: "How many classes or words to show.")
  var top = 5

  @Option(
    help: ArgumentHelp("Arrays for the model's inputs (.npz or .npy).", valueName: "in.npz"),
    completion: .file())
  var inputs: String?

  @Option(
    help: ArgumentHelp("Where to write the model's outputs.", valueName: "out.npz"),
    completion: .file())
  var outputs: String?

  @Option(help: ArgumentHelp("What the model is, if it is not recognised.", valueName: "name"))
  var architecture: String?

  @Option(
    help: ArgumentHelp("An adapter of peft's (LoRA) to run it with.", valueName: "folder"),
    completion: .directory)
  var adapter: String?

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "One JSON document.")
  var json = false

  /// What can be done with pictures and texts.
  enum Task: String, ExpressibleByArgument, CaseIterable {
    case classify, embed, similarity
    case fillMask = "fill-mask"
    case zeroShot = "zero-shot"
    case tokens = "token-classification"
    case answer = "question-answering"
  }

  func validate() throws {
    guard (inputs != nil) != (!subjects.isEmpty || !labels.isEmpty || file != nil) else {
      throw ValidationError("give either pictures or texts, or arrays with --inputs")
    }
    guard inputs == nil || outputs != nil else {
      throw ValidationError("--inputs needs --outputs, a file for the results")
    }
    guard top > 0 else { throw ValidationError("--top \(top): expected 1 or more") }
  }

  func run() throws {
    var loaded = try Model(
      contentsOf: model, as: architecture, options: SessionOptions(threads: threads.count))
    if let adapter { loaded = try loaded.mergingAdapter(at: adapter) }
    if let inputs, let outputs {
      try runArrays(loaded, inputs, outputs)
    } else if try loaded.takesTokens {
      try runTexts(loaded)
    } else {
      try runPictures(loaded)
    }
  }

  private func runArrays(_ model: Model, _ inputs: String, _ outputs: String) throws {
    let results = try model.run(try model.arrays(at: inputs))
    try NPZ.write(results.map { TensorEntry(name: $0.name, $0.tensor) }, to: outputs)
    if json {
      Terminal.say(json: [
        "outputs": .array(
          results.map {
            [
              "name": .string($0.name), "dtype": .string($0.tensor.dataType.rawValue),
              "shape": .array($0.tensor.shape.map { .integer($0) }),
            ]
          })
      ])
    } else {
      for (name, tensor) in results { Terminal.say("\(name)  \(tensor.dataType) \(tensor.shape)") }
    }
  }
}

extension [ImageClassifier.Class] {
  var json: JSONValue {
    .array(
      map {
        ["index": .integer($0.index), "label": .string($0.label), "score": .number($0.score)]
      })
  }
}

extension Terminal {
  /// A line of an answer: ` 87.3 %  tabby cat`.
  static func say(score: Double, _ label: String, isNumber: Bool = false) {
    guard !isNumber else { return say("\(Quantities.fixed(score, 4))  \(label)") }
    let percent = Quantities.fixed(score * 100, 1)
    say("\(String(repeating: " ", count: 5 - min(percent.count, 5)))\(percent) %  \(label)")
  }
}
