import Images

extension Preprocessing {
  private static let imageNetMean = [0.485, 0.456, 0.406]
  private static let imageNetDeviation = [0.229, 0.224, 0.225]

  /// torchvision's `ImageClassification` preset: resized, cut from the middle, ImageNet's mean and deviation.
  static func torchvision(resize: Int = 256, crop: Int = 224) -> Preprocessing {
    Preprocessing(
      resize: .shortestEdge(resize), crop: Size(height: crop, width: crop), mean: imageNetMean,
      standardDeviation: imageNetDeviation)
  }

  /// timm's usual evaluation: bicubic, `crop_pct` 0.875.
  static let timm = Preprocessing(
    resize: .shortestEdge(256), interpolation: .bicubic, crop: Size(height: 224, width: 224),
    mean: imageNetMean, standardDeviation: imageNetDeviation)

  /// transformers' `ConvNextImageProcessor` with its defaults for 224 pixels.
  static let convNextProcessor = Preprocessing(
    resize: .shortestEdge(256), interpolation: .bicubic, crop: Size(height: 224, width: 224),
    roundsMarginsDown: true, mean: imageNetMean, standardDeviation: imageNetDeviation)

  /// transformers' `MobileNetV2ImageProcessor` with its defaults.
  static let mobileNetProcessor = Preprocessing(
    resize: .shortestEdge(256), crop: Size(height: 224, width: 224), roundsMarginsDown: true,
    mean: [0.5, 0.5, 0.5],
    standardDeviation: [0.5, 0.5, 0.5])

  /// Keras's mode `caffe`: blue first, ImageNet's mean subtracted, not scaled.
  static let kerasCaffe = Preprocessing(
    resize: .exactly(height: 224, width: 224), interpolation: .nearest, scale: 1,
    mean: [103.939, 116.779, 123.68], channelOrder: .bgr, isChannelsLast: true)

  /// Keras's mode `tf`: from -1 to 1.
  static let kerasTF = Preprocessing(
    resize: .exactly(height: 224, width: 224), interpolation: .nearest, scale: 1 / 127.5,
    mean: [1, 1, 1], isChannelsLast: true)

  /// Keras's mode `torch`: ImageNet's mean and deviation.
  static let kerasTorch = Preprocessing(
    resize: .exactly(height: 224, width: 224), interpolation: .nearest, mean: imageNetMean,
    standardDeviation: imageNetDeviation, isChannelsLast: true)
}
