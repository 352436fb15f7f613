import CKernels

/// Where the outputs of a resize come from along one axis; made once, used for every picture of the
/// size.
@safe public struct AxisMap: Sendable {
  public let inputs: Int
  let low: [Int32]
  let high: [Int32]
  let fraction: [Float]

  public var outputs: Int { low.count }
  var isLinear: Bool { !fraction.isEmpty }

  /// Output `i` is input `indices[i]`.
  public init(nearest indices: [Int], of inputs: Int) {
    precondition(indices.allSatisfy { $0 >= 0 && $0 < inputs } && inputs <= Int(Int32.max))
    self.inputs = inputs
    low = indices.map { Int32($0) }
    high = []
    fraction = []
  }

  /// Output `i` lies at `positions[i]` among the inputs, between its two neighbours; beyond the
  /// ends, the end counts.
  public init(linear positions: [Float], of inputs: Int) {
    precondition(inputs > 0 && inputs <= 1 << 24 && positions.allSatisfy { $0.isFinite })
    self.inputs = inputs
    let clamped = positions.map { min(max($0, 0), Float(inputs - 1)) }
    low = clamped.map { Int32($0.rounded(.down)) }
    high = low.map { min($0 + 1, Int32(inputs - 1)) }
    fraction = zip(clamped, low).map { $0 - Float($1) }
  }
}

/// Resizing of channels-last images.
public enum Resize {
  /// `[batch, height, width, channels]` to the extents of the maps, which are both nearest or both
  /// linear.
  public static func resize(
    _ input: FloatView, batch: Int, channels: Int, vertical: AxisMap, horizontal: AxisMap,
    into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(batch >= 0 && channels >= 0)
    precondition(vertical.isLinear == horizontal.isLinear, "both maps nearest or both linear")
    let (height, width) = (vertical.inputs, horizontal.inputs)
    let (lines, columns) = (batch * vertical.outputs, horizontal.outputs)
    runParallel(pool, count: lines, grain: lineGrain(lines, pool)) { range in
      let x = unsafe input.reading(batch * height * width * channels, "input")
      let y = unsafe result.writing(lines * columns * channels)
      unsafe vertical.withAxis { vertical in
        unsafe horizontal.withAxis { horizontal in
          unsafe mng_resize_f32(
            height, width, channels, lines / max(1, batch), columns, vertical,
            horizontal, x, y, range.lowerBound, range.upperBound)
        }
      }
    }
  }
}

extension AxisMap {
  func withAxis(_ body: (mng_axis_map) -> Void) {
    unsafe low.withUnsafeBufferPointer { low in
      unsafe high.withUnsafeBufferPointer { high in
        unsafe fraction.withUnsafeBufferPointer { fraction in
          unsafe body(
            mng_axis_map(
              low: low.baseAddress, high: isLinear ? high.baseAddress : nil,
              fraction: isLinear ? fraction.baseAddress : nil))
        }
      }
    }
  }
}
