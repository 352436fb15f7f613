/// How a picture is made into what a model takes: resized, cut, scaled and normalised, in this order.
public struct Preprocessing: Sendable, Hashable {
  /// How a picture gets another size.
  public enum Resize: Sendable, Hashable {
    /// Not at all.
    case none
    /// The shorter edge to so many pixels, the other in proportion (rounded down, as in torchvision).
    case shortestEdge(Int)
    /// To exactly this size, whatever the proportions.
    case exactly(height: Int, width: Int)
  }

  public enum ChannelOrder: String, Sendable { case rgb, bgr }

  public struct Size: Sendable, Hashable {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  public var resize: Resize
  public var interpolation: Interpolation
  /// The part in the middle that is used; nil for all.
  public var crop: Size?
  /// Whether half of what is too much is rounded down, as transformers does, and not to even, as torchvision.
  public var roundsMarginsDown: Bool
  /// What each byte is multiplied with.
  public var scale: Double
  /// What is subtracted after scaling, a number a channel of the model's order.
  public var mean: [Double]
  /// What the difference is divided by.
  public var standardDeviation: [Double]
  public var channelOrder: ChannelOrder
  /// Whether the model takes `[N, H, W, C]`.
  public var isChannelsLast: Bool

  public init(
    resize: Resize, interpolation: Interpolation = .bilinear, crop: Size? = nil,
    roundsMarginsDown: Bool = false, scale: Double = 1 / 255, mean: [Double] = [0, 0, 0],
    standardDeviation: [Double] = [1, 1, 1],
    channelOrder: ChannelOrder = .rgb, isChannelsLast: Bool = false
  ) {
    self.resize = resize
    self.interpolation = interpolation
    self.crop = crop
    self.roundsMarginsDown = roundsMarginsDown
    self.scale = scale
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.channelOrder = channelOrder
    self.isChannelsLast = isChannelsLast
  }

  /// The size of the pictures that come out; nil when it is that of the pictures that go in.
  public var outputSize: Size? {
    if let crop { return crop }
    if case .exactly(let height, let width) = resize { return Size(height: height, width: width) }
    return nil
  }
}

/// How pixels between pixels are found; the filters are PIL's, which widen when a picture shrinks.
public enum Interpolation: String, Sendable, CaseIterable {
  case nearest, bilinear, bicubic, box, hamming, lanczos
}
