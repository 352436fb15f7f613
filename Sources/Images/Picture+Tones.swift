extension Picture {
  /// With so many bits left of each byte, 0 to 8.
  ///
  /// - Source: PIL's ImageOps, pixel for pixel; so are the others here.
  public func posterized(bits: Int) -> Picture {
    let mask = bits >= 8 ? UInt8.max : ~(UInt8.max >> UInt8(max(bits, 0)))
    return mapped { $0 & mask }
  }

  /// With what is as bright as the threshold, or brighter, inverted.
  public func solarized(threshold: Double) -> Picture {
    mapped { Double($0) < threshold ? $0 : 255 - $0 }
  }

  /// With the range of each colour stretched from black to white.
  public func autocontrasted() -> Picture {
    perChannel { histogram in
      guard let low = histogram.firstIndex(where: { $0 > 0 }),
        let high = histogram.lastIndex(where: { $0 > 0 }), high > low
      else { return nil }
      let scale = 255 / Double(high - low)
      let offset = -Double(low) * scale
      return (0...255).map { UInt8(min(max(Double($0) * scale + offset, 0), 255)) }
    }
  }

  /// With all tones of each colour about as frequent.
  public func equalized() -> Picture {
    perChannel { histogram in
      guard let last = histogram.last(where: { $0 > 0 }) else { return nil }
      let step = (histogram.reduce(0, +) - last) / 255
      guard step > 0 else { return nil }
      var sum = step / 2
      return histogram.map { count in
        defer { sum += count }
        return UInt8(min(sum / step, 255))
      }
    }
  }

  /// Each colour through a table made from how often each tone occurs; nil leaves it alone.
  private func perChannel(_ table: ([Int]) -> [UInt8]?) -> Picture {
    var result = pixels
    for channel in 0..<3 {
      var histogram = [Int](repeating: 0, count: 256)
      for place in stride(from: channel, to: pixels.count, by: 3) {
        histogram[Int(pixels[place])] += 1
      }
      guard let table = table(histogram) else { continue }
      for place in stride(from: channel, to: pixels.count, by: 3) {
        result[place] = table[Int(pixels[place])]
      }
    }
    return Picture(width: width, height: height, pixels: result)
  }
}
