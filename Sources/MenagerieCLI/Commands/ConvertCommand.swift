import ArgumentParser
import BinaryIO
import Formats
import Menagerie
import Tensors

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a model in another format.",
    discussion: """
      OUT's extension says the format: .pth .safetensors .h5 .keras .onnx .npz, a name ending in / for a Hugging Face \
      directory. Every tensor is accounted for, and the result is checked by running both sides. OUT is replaced only \
      when all went well.
      """)

  @Argument(help: "The model to read.", completion: .file())
  var input: String

  @Argument(help: "The file to write.", completion: .file())
  var output: String

  @Option(
    help: ArgumentHelp(
      "The format to write, if OUT's extension does not say it.", valueName: "format"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "Whose names to use: torchvision, timm, huggingface, keras.applications …", valueName: "name")
  )
  var dialect: String?

  @Option(help: ArgumentHelp("What the model is, if it is not recognised.", valueName: "name"))
  var architecture: String?

  @Option(
    help: ArgumentHelp(
      "The type of floating-point tensors: float32, float16, bfloat16 …", valueName: "type"))
  var dtype: String?

  @Option(
    help: ArgumentHelp("Your own rules of names (see docs/name-maps.md).", valueName: "rules.yaml"),
    completion: .file())
  var map: String?

  @Option(
    help: ArgumentHelp(
      "An adapter of peft's (LoRA) whose work the weights take over.", valueName: "folder"),
    completion: .directory)
  var mergeAdapter: String?

  @Option(
    help: ArgumentHelp(
      "The most bytes of one file in a Hugging Face directory (500MB, 5GB).", valueName: "size"))
  var shardSize: String?

  @Flag(help: "Only the tensors, as they are: no recognition, no graph.")
  var weightsOnly = false

  @Flag(help: "Take the state of the optimizer along, where OUT's format has a place for it.")
  var withOptimizer = false

  @Flag(name: .customLong("no-verify"), help: "Do not check the result.")
  var isUnverified = false

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "The certificate: one JSON document with each tensor's source, target and SHA-256.")
  var json = false

  func validate() throws {
    guard mergeAdapter == nil || !weightsOnly else {
      throw ValidationError("--merge-adapter needs a model, which --weights-only does not look for")
    }
  }

  func run() throws {
    var options = ConversionOptions()
    options.format = to
    options.dialect = dialect
    options.architecture = architecture
    options.isWeightsOnly = weightsOnly
    options.isVerified = !isUnverified
    options.keepsOptimizer = withOptimizer
    options.threads = threads.count
    if let dtype {
      let types = DataType.allCases.filter { $0.isReal && $0.isWritable }
      let short = ["f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16"]
      let wanted = (short[dtype.lowercased()] ?? dtype).lowercased()
      guard let type = types.first(where: { $0.rawValue.lowercased() == wanted }) else {
        let names = types.map(\.rawValue)
        throw ValidationError(
          "unknown --dtype '\(dtype)'; expected \(names.joined(separator: ", "))")
      }
      options.dataType = type
    }
    if let shardSize {
      guard let count = Quantities.byteCount(shardSize), count > 0 else {
        throw ValidationError("'\(shardSize)' is no size; expected one such as 500MB or 5GB")
      }
      options.shardByteCount = count
    }
    if let map {
      options.nameMap = try namingFile(map) {
        try NameMap(yaml: try MappedFile(path: map).bytes.utf8())
      }
    }
    let converter = Converter(options: options) { Terminal.progress($0 + " …") }
    let report = try converter.convert(input, mergingAdapterAt: mergeAdapter, to: output)
    Terminal.endProgress()
    if json { Terminal.say(json: try report.json()) } else { Terminal.say(report.summary) }
  }
}
