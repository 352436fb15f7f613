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
    commandName: "run", abstract: "Run a model: pictures to classes, or arrays to arrays.",
    discussion: """
      menagerie run resnet50.pth cat.jpg dog.png --top 3
      menagerie run model.onnx --inputs in.npz --outputs out.npz

      Arrays are matched to the model's inputs by name; a single array needs no name.
      """)

  @Argument(help: "A model file, or a Hugging Face directory.", completion: .file())
  var model: String

  @Argument(help: "Pictures (JPEG, PNG).", completion: .file())
  var files: [String] = []

  @Option(help: ArgumentHelp("What to do with the files: classify.", valueName: "task"))
  var task: String?

  @Option(help: "How many classes to show.")
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

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "One JSON document.")
  var json = false

  func validate() throws {
    guard (inputs != nil) != !files.isEmpty else {
      throw ValidationError("give either pictures, or arrays with --inputs")
    }
    guard (inputs == nil) == (outputs == nil) else {
      throw ValidationError("--inputs and --outputs go together")
    }
    if let task, task != "classify" {
      throw ValidationError("unknown --task '\(task)'; expected classify")
    }
    guard top > 0 else { throw ValidationError("--top \(top): expected 1 or more") }
  }

  func run() throws {
    let loaded = try Model(
      contentsOf: model, as: architecture, options: SessionOptions(threads: threads.count))
    if let inputs, let outputs {
      try runArrays(loaded, inputs, outputs)
    } else {
      try classify(try ImageClassifier(loaded))
    }
  }

  private func runArrays(_ model: Model, _ inputs: String, _ outputs: String) throws {
    let arrays = try NPZ.read(inputs)
    let session = try model.session()
    var feeds: [String: Tensor] = [:]
    for array in arrays {
      let isOnly = arrays.count == 1 && session.inputs.count == 1
      feeds[isOnly ? session.inputs[0].name : array.name] = try namingFile(inputs) {
        try array.load()
      }
    }
    let results = try model.run(feeds)
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

  private func classify(_ classifier: ImageClassifier) throws {
    var results: [JSONValue] = []
    for file in files {
      let classes = try classifier.classify(imageAt: file, top: top)
      if json {
        results.append([
          "file": .string(file),
          "classes": .array(
            classes.map {
              ["index": .integer($0.index), "label": .string($0.label), "score": .number($0.score)]
            }),
        ])
      } else {
        if files.count > 1 { Terminal.say(Terminal.bold(System.lastComponent(file))) }
        for one in classes {
          let percent = Quantities.fixed(one.score * 100, 1)
          Terminal.say(
            "\(String(repeating: " ", count: 5 - min(percent.count, 5)))\(percent) %  \(one.label)")
        }
      }
    }
    if json { Terminal.say(json: ["results": .array(results)]) }
  }
}
