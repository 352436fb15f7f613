import BinaryIO

/// Whose names a set of weights has: a library's, as it writes them to disk.
public struct Dialect: RawRepresentable, Sendable, Hashable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let torchvision = Dialect(rawValue: "torchvision")
  public static let timm = Dialect(rawValue: "timm")
  /// `transformers`, as on the Hugging Face Hub.
  public static let huggingFace = Dialect(rawValue: "huggingface")
  public static let kerasApplications = Dialect(rawValue: "keras.applications")
  public static let kerasHub = Dialect(rawValue: "kerashub")
  /// KerasHub's objects in place of its names, as in `.weights.h5` and presets.
  public static let kerasHubObjects = Dialect(rawValue: "kerashub-objects")

  /// llama.cpp's names, as in GGUF files.
  public static let gguf = Dialect(rawValue: "gguf")
  /// Meta's own, as in `consolidated.00.pth` of Llama (and Mistral's) and the `.pth` files of DINOv2.
  public static let meta = Dialect(rawValue: "meta")

  /// The names that OpenAI gave its models' parts, and that open_clip has too.
  public static let openAI = Dialect(rawValue: "openai")

  /// Google's own of vision transformers, as in the `.npz` files of its JAX code.
  public static let google = Dialect(rawValue: "google")

  /// All of them.
  public static let all = [
    torchvision, timm, huggingFace, kerasApplications, kerasHub, kerasHubObjects, gguf, meta,
    openAI, google,
  ]

  /// The dialect that a person means: case, dots and dashes do not matter, and short names are understood.
  public init?(named name: String) {
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    let short: [String: Dialect] = [
      "hf": .huggingFace, "transformers": .huggingFace, "keras": .kerasApplications,
      "tv": .torchvision,
    ]
    let known = Dialect.all.first { $0.rawValue.filter { $0.isLetter || $0.isNumber } == plain }
    guard let dialect = known ?? short[plain] else { return nil }
    self = dialect
  }

  /// Whether its framework takes images as `[N, H, W, C]`.
  public var isChannelsLast: Bool {
    self == .kerasApplications || self == .google || isKerasHub
  }

  /// Whether KerasHub builds the network.
  public var isKerasHub: Bool { self == .kerasHub || self == .kerasHubObjects }
}

extension Dialect: CustomStringConvertible {
  public var description: String { rawValue }
}

extension Dialect {
  /// The dialect that a person named.
  /// - Throws: `.unsupported` with the names that there are.
  public init(checking name: String) throws {
    guard let dialect = Dialect(named: name) else {
      throw DataError(
        .unsupported, "there is no dialect '\(name)'",
        expected: Dialect.all.map(\.rawValue).joined(separator: ", "))
    }
    self = dialect
  }
}
