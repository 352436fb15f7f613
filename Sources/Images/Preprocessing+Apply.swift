extension Preprocessing {
  /// The size that a picture is resized to, before it is cut.
  public func resizedSize(width: Int, height: Int) -> Size {
    switch resize {
    case .none: return Size(height: height, width: width)
    case .exactly(let height, let width): return Size(height: height, width: width)
    case .shortestEdge(let edge):
      func long(_ long: Int, _ short: Int) -> Int {
        max(Int(Double(edge * long) / Double(short)), 1)
      }
      return width <= height
        ? Size(height: long(height, width), width: edge)
        : Size(height: edge, width: long(width, height))
    }
  }

  /// The picture as bytes, resized and cut.
  public func framed(_ picture: Picture) -> Picture {
    let size = resizedSize(width: picture.width, height: picture.height)
    let resized = picture.resized(width: size.width, height: size.height, interpolation)
    guard let crop else { return resized }
    return resized.croppedInTheMiddle(
      width: crop.width, height: crop.height, roundingDown: roundsMarginsDown)
  }

  /// The numbers that a model takes: `[3, H, W]`, or `[H, W, 3]` when it is channels-last.
  public func values(of picture: Picture) -> (values: [Float], size: Size) {
    values(ofFramed: framed(picture))
  }

  /// The numbers of a picture that has its size already: only scaled and normalised.
  public func values(ofFramed framed: Picture) -> (values: [Float], size: Size) {
    let count = framed.width * framed.height
    var values = [Float](repeating: 0, count: count * 3)
    for channel in 0..<3 {
      let source = channelOrder == .rgb ? channel : 2 - channel
      let place = min(channel, mean.count - 1)
      // Each byte has one value: 256 of them are computed, in the order and precision of the libraries.
      let divisor = Float(1 / scale)
      let table = (0..<256).map { byte in
        (Float(byte) / divisor - Float(mean[place])) / Float(standardDeviation[place])
      }
      for pixel in 0..<count {
        let target = isChannelsLast ? pixel * 3 + channel : channel * count + pixel
        values[target] = table[Int(framed.pixels[pixel * 3 + source])]
      }
    }
    return (values, Size(height: framed.height, width: framed.width))
  }
}

extension Picture {
  /// The part in the middle; black around it where the picture is smaller.
  public func croppedInTheMiddle(
    width: Int, height: Int, roundingDown: Bool = false
  ) -> Picture {
    if width == self.width && height == self.height { return self }
    let left = Self.margin(self.width, width, roundingDown)
    let top = Self.margin(self.height, height, roundingDown)
    var target = [UInt8](repeating: 0, count: width * height * 3)
    for y in max(0, -top)..<max(max(0, -top), min(height, self.height - top)) {
      let first = max(0, -left)
      let last = min(width, self.width - left)
      guard first < last else { break }
      let source = ((y + top) * self.width + first + left) * 3
      let place = (y * width + first) * 3
      let length = (last - first) * 3
      target.replaceSubrange(place..<(place + length), with: pixels[source..<(source + length)])
    }
    return Picture(width: width, height: height, pixels: target)
  }

  /// Half of what is too much, rounded to even as torchvision does, or down; half of what is missing, rounded down.
  private static func margin(_ extent: Int, _ wanted: Int, _ roundsDown: Bool) -> Int {
    if roundsDown, extent >= wanted { return (extent - wanted) / 2 }
    return extent >= wanted
      ? Int((Double(extent - wanted) / 2).rounded(.toNearestOrEven)) : -((wanted - extent) / 2)
  }
}
