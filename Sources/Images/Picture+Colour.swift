extension Picture {
  /// Brighter (above 1) or darker (below 1).
  ///
  /// - Source: PIL's ImageEnhance.Brightness, pixel for pixel; so are the others here.
  public func brightness(_ factor: Double) -> Picture { mapped { blend(0, Float($0), factor) } }

  /// With more or less contrast: away from, or towards, the mean of its grey.
  public func contrast(_ factor: Double) -> Picture {
    let grey = greys()
    let sum = grey.reduce(0) { $0 + Int($1) }
    let mean = Float(Int(Double(sum) / Double(max(grey.count, 1)) + 0.5))
    return mapped { blend(mean, Float($0), factor) }
  }

  /// With more or less colour: away from, or towards, grey.
  public func saturation(_ factor: Double) -> Picture {
    let grey = greys()
    var result = pixels
    for place in result.indices {
      result[place] = blend(Float(grey[place / 3]), Float(pixels[place]), factor)
    }
    return Picture(width: width, height: height, pixels: result)
  }

  /// Sharper (above 1) or blurred (below 1).
  public func sharpness(_ factor: Double) -> Picture {
    var result = pixels
    let row = width * 3
    for y in 0..<height {
      for x in 0..<row {
        let place = y * row + x
        var smooth = Float(pixels[place])
        if y > 0, y < height - 1, x >= 3, x < row - 3 {
          var sum = 4 * Int(pixels[place])
          for line in [place - row, place, place + row] {
            sum += Int(pixels[line - 3]) + Int(pixels[line]) + Int(pixels[line + 3])
          }
          smooth = Float(Int(Float(sum) / 13 + 0.5))
        }
        result[place] = blend(smooth, Float(pixels[place]), factor)
      }
    }
    return Picture(width: width, height: height, pixels: result)
  }

  /// With all hues turned by a part of the circle, from -0.5 to 0.5.
  ///
  /// - Source: torchvision's adjust_hue on PIL's 8-bit HSV.
  public func hue(_ turn: Double) -> Picture {
    let step = UInt8(truncatingIfNeeded: Int(turn * 255))
    var result = pixels
    for place in stride(from: 0, to: result.count, by: 3) {
      var (h, s, v) = hsv(pixels[place], pixels[place + 1], pixels[place + 2])
      h &+= step
      (result[place], result[place + 1], result[place + 2]) = rgb(h, s, v)
    }
    return Picture(width: width, height: height, pixels: result)
  }

  /// The brightness of each pixel.
  ///
  /// - Source: ITU-R BT.601 luma in 16 fractional bits, as PIL's `convert("L")`.
  func greys() -> [UInt8] {
    var greys: [UInt8] = []
    greys.reserveCapacity(width * height)
    for place in stride(from: 0, to: pixels.count, by: 3) {
      let (r, g, b) = (pixels[place], pixels[place + 1], pixels[place + 2])
      let sum = Int(r) * 19595 + Int(g) * 38470 + Int(b) * 7471 + 0x8000
      greys.append(UInt8(sum >> 16))
    }
    return greys
  }

  /// Each byte by itself.
  func mapped(_ value: (UInt8) -> UInt8) -> Picture {
    let table = (0...255).map { value(UInt8($0)) }
    return Picture(width: width, height: height, pixels: pixels.map { table[Int($0)] })
  }
}

/// From one value to another and beyond, cut to a byte.
private func blend(_ from: Float, _ to: Float, _ factor: Double) -> UInt8 {
  let value = from + Float(factor) * (to - from)
  return value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
}

private func hsv(_ r: UInt8, _ g: UInt8, _ b: UInt8) -> (UInt8, UInt8, UInt8) {
  let (most, least) = (max(r, g, b), min(r, g, b))
  guard most > least else { return (0, 0, most) }
  let range = Float(most - least)
  let (fromR, fromG, fromB) = (
    Float(most - r) / range, Float(most - g) / range, Float(most - b) / range
  )
  let sixths: Float =
    r == most ? fromB - fromG : g == most ? 2 + fromR - fromB : 4 + fromG - fromR
  let turn = (Double(sixths) / 6 + 1).truncatingRemainder(dividingBy: 1)
  return (UInt8(turn * 255), UInt8(range / Float(most) * 255), most)
}

private func rgb(_ h: UInt8, _ s: UInt8, _ v: UInt8) -> (UInt8, UInt8, UInt8) {
  guard s > 0 else { return (v, v, v) }
  let place = Float(h) * 6 / 255
  let sector = place.rounded(.down)
  let (rest, depth, value) = (place - sector, Float(s) / 255, Float(v))
  func byte(_ share: Float) -> UInt8 { UInt8((value * (1 - share)).rounded()) }
  let (p, q, t) = (byte(depth), byte(depth * rest), byte(depth * (1 - rest)))
  switch Int(sector) % 6 {
  case 0: return (v, t, p)
  case 1: return (q, v, p)
  case 2: return (p, v, t)
  case 3: return (p, q, v)
  case 4: return (t, p, v)
  default: return (v, p, q)
  }
}
