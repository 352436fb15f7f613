/// What a model is for, in the words of transformers' pipelines.
public enum ModelTask: String, Sendable {
  case imageClassification = "image-classification"
  case imageFeatures = "image-feature-extraction"
  case textFeatures = "feature-extraction"
  case maskedLanguageModel = "fill-mask"
  case textClassification = "text-classification"
  case tokenClassification = "token-classification"
  case questionAnswering = "question-answering"
  /// Several heads at once, as they were trained.
  case pretraining
  case textGeneration = "text-generation"
  /// Text in, another text out.
  case textToText = "text2text-generation"
  case imageTextMatching = "zero-shot-image-classification"

  /// Whether it takes pictures, and so has a preprocessing.
  public var takesPictures: Bool {
    switch self {
    case .imageClassification, .imageFeatures, .imageTextMatching: true
    default: false
    }
  }
}
