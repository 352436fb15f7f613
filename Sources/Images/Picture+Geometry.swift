import Glibc

extension Picture {
  /// Left and right exchanged.
  public func flipped() -> Picture {
    var result = pixels
    for y in 0..<height {
      for x in 0..<width {
        let (target, source) = ((y * width + x) * 3, (y * width + width - 1 - x) * 3)
        for channel in 0..<3 { result[target + channel] = pixels[source + channel] }
      }
    }
    return Picture(width: width, height: height, pixels: result)
  }

  /// The part from (`x`, `y`), which must lie inside.
  public func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    precondition(
      x >= 0 && y >= 0 && width >= 0 && height >= 0 && x + width <= self.width
        && y + height <= self.height,
      "\(width)×\(height) from (\(x), \(y)) of \(self.width)×\(self.height) pixels")
    var result: [UInt8] = []
    result.reserveCapacity(width * height * 3)
    for line in y..<(y + height) {
      let start = (line * self.width + x) * 3
      result += pixels[start..<(start + width * 3)]
    }
    return Picture(width: width, height: height, pixels: result)
  }

  /// Turned about its middle, against the clock, by an angle in degrees; black where nothing was.
  public func rotated(degrees: Double) -> Picture {
    let angle = degrees * .pi / 180
    let (c, s) = (cos(angle), sin(angle))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    return transformed(
      Affine(xx: c, xy: -s, x: x - c * x + s * y, yx: s, yy: c, y: y - s * x - c * y))
  }

  /// Every line moved to the left by `amount` times its distance from the top.
  public func shearedAcross(_ amount: Double) -> Picture {
    transformed(Affine(xx: 1, xy: amount, x: 0, yx: 0, yy: 1, y: 0))
  }

  /// Every column moved up by `amount` times its distance from the left.
  public func shearedDown(_ amount: Double) -> Picture {
    transformed(Affine(xx: 1, xy: 0, x: 0, yx: amount, yy: 1, y: 0))
  }

  /// Moved to the right and down by whole pixels.
  public func translated(x: Int, y: Int) -> Picture {
    transformed(Affine(xx: 1, xy: 0, x: -Double(x), yx: 0, yy: 1, y: -Double(y)))
  }

  /// From a new pixel's middle to where it comes from.
  private struct Affine {
    let xx, xy, x, yx, yy, y: Double
  }

  /// - Source: PIL's affine transform with the nearest pixel.
  private func transformed(_ a: Affine) -> Picture {
    var result = [UInt8](repeating: 0, count: pixels.count)
    for y in 0..<height {
      for x in 0..<width {
        let (px, py) = (Double(x) + 0.5, Double(y) + 0.5)
        let sx = (a.xx * px + a.xy * py + a.x).rounded(.down)
        let sy = (a.yx * px + a.yy * py + a.y).rounded(.down)
        guard sx >= 0, sx < Double(width), sy >= 0, sy < Double(height) else { continue }
        let (target, source) = ((y * width + x) * 3, (Int(sy) * width + Int(sx)) * 3)
        for channel in 0..<3 { result[target + channel] = pixels[source + channel] }
      }
    }
    return Picture(width: width, height: height, pixels: result)
  }
}
