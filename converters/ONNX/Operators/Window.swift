import BinaryIO
import ModelGraph
import Operators

/// What convolutions and pooling have in common: a window that moves over the spatial axes.
struct Window {
  var kernel: [Int]
  var strides: [Int]
  var padding: Padding
  var dilations: [Int]
}

extension NodeReading {
  /// Reads `kernel_shape`, `strides`, `dilations`, `pads` and `auto_pad`.
  mutating func window(weight: Int? = nil) throws -> Window {
    let extents = weight.flatMap { rank($0) == nil ? nil : optionalInput($0) }
      .flatMap { type($0).shape }.map { Array($0.dropFirst(2)) }
    guard let kernel = try integers("kernel_shape") ?? extents else {
      throw DataError(.unsupported, "a window whose extents are not known beforehand")
    }
    if let extents, extents != kernel {
      throw DataError(.malformed, "the window \(kernel) for a weight of \(extents)")
    }
    let ones = [Int](repeating: 1, count: kernel.count)
    let window = Window(
      kernel: kernel, strides: try integers("strides") ?? ones, padding: try padding(kernel.count),
      dilations: try integers("dilations") ?? ones)
    for list in [kernel, window.strides, window.dilations] {
      guard list.count == kernel.count, list.allSatisfy({ (1...(1 << 24)).contains($0) }) else {
        throw DataError(.malformed, "\(list) for a window over \(kernel.count) axes")
      }
    }
    return window
  }

  private mutating func padding(_ axes: Int) throws -> Padding {
    let pads = try integers("pads") ?? [Int](repeating: 0, count: 2 * axes)
    switch try text("auto_pad") ?? "NOTSET" {
    case "SAME_UPPER": return .sameUpper
    case "SAME_LOWER": return .sameLower
    case "VALID":
      let none = [Int](repeating: 0, count: axes)
      return .explicit(begin: none, end: none)
    case "NOTSET", "":
      guard pads.count == 2 * axes, pads.allSatisfy({ (0...(1 << 24)).contains($0) }) else {
        throw DataError(.malformed, "the padding \(pads) for a window over \(axes) axes")
      }
      return .explicit(begin: Array(pads[..<axes]), end: Array(pads[axes...]))
    case let other: throw DataError(.malformed, "the padding '\(other)' is unknown")
    }
  }
}

extension Padding {
  /// The attribute `pads`; nil when the padding follows from a rule.
  var pads: AttributeValue? {
    if case .explicit(let begin, let end) = self { .integers(begin + end) } else { nil }
  }

  /// The attribute `auto_pad`, for a rule.
  var rule: AttributeValue? {
    switch self {
    case .explicit: nil
    case .sameUpper: .text("SAME_UPPER")
    case .sameLower: .text("SAME_LOWER")
    }
  }
}
