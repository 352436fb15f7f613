import Glibc

extension Picture {
  /// The picture in another size, pixel for pixel as PIL makes it.
  ///
  /// First across, then down; each pass a weighted sum of bytes with weights of 22 fractional bits, rounded to a byte. When a
  /// picture shrinks, the filter is stretched over all the pixels that become one.
  /// - Source: Pillow's `Image.resize`; `nearest` takes the pixel at the middle.
  public func resized(width: Int, height: Int, _ interpolation: Interpolation) -> Picture {
    precondition(width > 0 && height > 0, "\(width)×\(height) is no size")
    if width == self.width && height == self.height { return self }
    guard let filter = ResizeFilter(interpolation) else {
      return nearest(width: width, height: height)
    }
    var picture = self
    if width != self.width {
      picture = picture.filteredAcross(ResizeWeights(from: self.width, to: width, filter))
    }
    if height != self.height {
      picture = picture.filteredDown(ResizeWeights(from: self.height, to: height, filter))
    }
    return picture
  }

  private func filteredAcross(_ weights: ResizeWeights) -> Picture {
    let targetWidth = weights.starts.count
    var target = [UInt8](repeating: 0, count: targetWidth * height * 3)
    for y in 0..<height {
      for x in 0..<targetWidth {
        var sums = (ResizeWeights.half, ResizeWeights.half, ResizeWeights.half)
        var source = (y * width + weights.starts[x]) * 3
        for weight in weights[x] {
          sums.0 &+= Int32(pixels[source]) &* weight
          sums.1 &+= Int32(pixels[source + 1]) &* weight
          sums.2 &+= Int32(pixels[source + 2]) &* weight
          source += 3
        }
        let place = (y * targetWidth + x) * 3
        target[place] = ResizeWeights.byte(sums.0)
        target[place + 1] = ResizeWeights.byte(sums.1)
        target[place + 2] = ResizeWeights.byte(sums.2)
      }
    }
    return Picture(width: targetWidth, height: height, pixels: target)
  }

  private func filteredDown(_ weights: ResizeWeights) -> Picture {
    let targetHeight = weights.starts.count
    let row = width * 3
    var target = [UInt8](repeating: 0, count: targetHeight * row)
    var sums = [Int32](repeating: 0, count: row)
    for y in 0..<targetHeight {
      for i in 0..<row { sums[i] = ResizeWeights.half }
      var source = weights.starts[y] * row
      for weight in weights[y] {
        for i in 0..<row { sums[i] &+= Int32(pixels[source + i]) &* weight }
        source += row
      }
      for i in 0..<row { target[y * row + i] = ResizeWeights.byte(sums[i]) }
    }
    return Picture(width: width, height: targetHeight, pixels: target)
  }

  private func nearest(width: Int, height: Int) -> Picture {
    let columns = Self.nearestPlaces(from: self.width, to: width)
    let rows = Self.nearestPlaces(from: self.height, to: height)
    var target: [UInt8] = []
    target.reserveCapacity(width * height * 3)
    for y in rows {
      for x in columns {
        let source = (y * self.width + x) * 3
        target += pixels[source..<(source + 3)]
      }
    }
    return Picture(width: width, height: height, pixels: target)
  }

  /// The place is stepped to, not computed anew each time, so that it is rounded as PIL's is.
  private static func nearestPlaces(from source: Int, to target: Int) -> [Int] {
    let step = Double(source) / Double(target)
    var place = step * 0.5
    return (0..<target).map { _ in
      defer { place += step }
      return min(Int(place), source - 1)
    }
  }
}

/// For each new pixel, the old ones that it is made of and how much of each, in fixed point.
struct ResizeWeights {
  static let fractionBits: Int32 = 22
  static let half: Int32 = 1 << (fractionBits - 1)

  /// The first old pixel of each new one.
  private(set) var starts: [Int] = []
  private var ends: [Int] = []
  private var values: [Int32] = []

  init(from source: Int, to target: Int, _ filter: ResizeFilter) {
    let scale = Double(source) / Double(target)
    let stretch = max(scale, 1)
    let reach = filter.support * stretch
    for place in 0..<target {
      let centre = (Double(place) + 0.5) * scale
      let start = max(Int(centre - reach + 0.5), 0)
      let end = max(min(Int(centre + reach + 0.5), source), start + 1)
      let exact = (start..<end).map { filter.weight((Double($0) - centre + 0.5) * (1 / stretch)) }
      let total = exact.reduce(0, +)
      for weight in exact {
        let share = (total == 0 ? weight : weight / total) * Double(1 << Self.fractionBits)
        values.append(Int32(share < 0 ? share - 0.5 : share + 0.5))
      }
      starts.append(start)
      ends.append(values.count)
    }
  }

  subscript(place: Int) -> ArraySlice<Int32> {
    values[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
  }

  static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> fractionBits) }
}

/// How much a pixel counts by its distance.
struct ResizeFilter {
  /// The distance beyond which pixels do not count.
  let support: Double
  let weight: (Double) -> Double

  /// Nil for `nearest`, which weighs nothing.
  init?(_ interpolation: Interpolation) {
    switch interpolation {
    case .nearest: return nil
    case .box:
      support = 0.5
      weight = { $0 > -0.5 && $0 <= 0.5 ? 1 : 0 }
    case .bilinear:
      support = 1
      weight = { max(1 - abs($0), 0) }
    case .hamming:
      support = 1
      weight = { x in
        if x == 0 { return 1 }
        if abs(x) >= 1 { return 0 }
        let angle = abs(x) * Double.pi
        return sin(angle) / angle * (0.54 + 0.46 * cos(angle))
      }
    case .bicubic:
      support = 2
      weight = { x in
        // Keys's cubic with a = -1/2.
        let a = -0.5
        let x = abs(x)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
      }
    case .lanczos:
      support = 3
      func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
      weight = { $0 >= -3 && $0 < 3 ? sinc($0) * sinc($0 / 3) : 0 }
    }
  }
}
