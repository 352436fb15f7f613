import ArgumentParser
import BinaryIO
import Formats
import JSON
import Menagerie
import NumPyConverter
import Tensors
import Zoo

/// What `run` does with pictures, and with pictures beside texts.
extension RunCommand {
  func runPictures(_ model: Model) throws {
    guard file == nil, labels.isEmpty else {
      throw ValidationError(
        "\(file == nil ? "--labels" : "--file") gives texts, and the model takes pictures")
    }
    let hasClasses = model.zooModel.map { $0.configuration.classes != nil } ?? true
    switch task ?? (hasClasses ? .classify : .embed) {
    case .classify:
      guard outputs == nil else {
        throw ValidationError("--outputs needs --inputs: classes are printed")
      }
      try classify(try ImageClassifier(model))
    case .embed: try embed(try ImageEmbedder(model))
    case let task:
      throw ValidationError("--task \(task.rawValue) is for texts; the model takes pictures")
    }
  }

  private func classify(_ classifier: ImageClassifier) throws {
    var results: [JSONValue] = []
    for file in subjects {
      let classes = try classifier.classify(imageAt: file, top: top)
      if json {
        results.append(["file": .string(file), "classes": classes.json])
      } else {
        if subjects.count > 1 { Terminal.say(Terminal.bold(System.lastComponent(file))) }
        for one in classes {
          Terminal.say(score: one.score, one.label, isNumber: classifier.isRegression)
        }
      }
    }
    if json { Terminal.say(json: ["results": .array(results)]) }
  }

  private func embed(_ embedder: ImageEmbedder) throws {
    try say([(subjects, "file", try subjects.map { try embedder.embed(imageAt: $0) }, "embeddings")]
    )
  }

  /// The subjects of a model that takes both: what is a file on the disk is a picture.
  private func picturesAndTexts() throws -> (pictures: [String], texts: [String]) {
    let isPicture = subjects.map { System.isDirectory($0) == false }
    let texts = zip(subjects, isPicture).filter { !$1 }.map(\.0)
    return (
      zip(subjects, isPicture).filter(\.1).map(\.0),
      try texts + labels + (file.map(TextLines.read) ?? [])
    )
  }

  /// Each picture with each text.
  func match(_ classifier: ZeroShotClassifier) throws {
    let (pictures, texts) = try picturesAndTexts()
    guard !pictures.isEmpty, !texts.isEmpty else {
      throw ValidationError("give a picture, and the texts that may describe it with --labels")
    }
    let answers = try classifier.classify(imagesAt: pictures, as: texts)
    if json {
      Terminal.say(json: [
        "results": .array(
          zip(pictures, answers).map {
            ["file": .string($0), "classes": Array($1.prefix(top)).json]
          })
      ])
      return
    }
    for (picture, classes) in zip(pictures, answers) {
      if pictures.count > 1 { Terminal.say(Terminal.bold(System.lastComponent(picture))) }
      for one in classes.prefix(top) { Terminal.say(score: one.score, one.label) }
    }
  }

  /// The vectors of pictures and of texts, which may be compared with each other.
  func embedBoth(_ model: Model) throws {
    let (pictures, texts) = try picturesAndTexts()
    var groups: [(names: [String], key: String, vectors: [[Float]], array: String)] = []
    if !pictures.isEmpty {
      let embedder = try ImageEmbedder(model)
      let vectors = try pictures.map { try embedder.embed(imageAt: $0) }
      groups.append((pictures, "file", vectors, "image_embeds"))
    }
    if !texts.isEmpty {
      let vectors = try ZeroShotClassifier(model).embed(texts)
      groups.append((texts, "text", vectors, "text_embeds"))
    }
    try say(groups)
  }

  /// Vectors into the terminal, JSON, or the arrays of a file.
  private func say(
    _ groups: [(names: [String], key: String, vectors: [[Float]], array: String)]
  ) throws {
    if let outputs {
      let entries = groups.map { group in
        TensorEntry(
          name: group.array,
          Tensor(
            shape: [group.vectors.count, group.vectors.first?.count ?? 0],
            group.vectors.flatMap(\.self)))
      }
      try NPZ.write(entries, to: outputs)
      if !json {
        for entry in entries { Terminal.say("\(entry.name)  \(entry.dataType) \(entry.shape)") }
      }
    }
    if json {
      let results = groups.flatMap { group in
        zip(group.names, group.vectors).map { name, vector -> JSONValue in
          [
            group.key: .string(name),
            "embedding": .array(vector.map { .number(shortest: $0) }),
          ]
        }
      }
      Terminal.say(json: ["results": .array(results)])
    } else if outputs == nil {
      let named = groups.flatMap { group in
        zip(group.names, group.vectors).map {
          (group.key == "file" ? System.lastComponent($0) : $0, $1)
        }
      }
      for (name, vector) in named { sayVector(name, vector) }
      if named.count > 1 { sayMostSimilar(named.map(\.0), named.map(\.1)) }
    }
  }
}
