import Kernels
import Operators
import Tensors

/// The extents of a windowed operator over images, from its attributes; one spatial axis counts as a row.
struct Window {
  var kernel: [Int]
  var strides: [Int]
  var padding: Padding
  var dilations: [Int]

  /// Nil for what the kernels do not know: other ranks, nothing to compute, negative padding.
  func geometry(
    input: Shape, output: Shape, groups: Int, extra: (begin: [Int], end: [Int])? = nil
  ) -> ConvolutionGeometry? {
    let spatial = input.rank - 2
    guard spatial == 1 || spatial == 2, output.rank == input.rank, input.elementCount > 0,
      output.elementCount > 0, kernel.count == spatial, strides.count == spatial,
      dilations.count == spatial, input[1] % groups == 0, output[1] % groups == 0
    else { return nil }
    var (begin, end) = (extra?.begin ?? [], extra?.end ?? [])
    switch padding {
    case .explicit(let first, let last):
      guard first.count == spatial, last.count == spatial else { return nil }
      begin = extra.map { zip($0.begin, first).map { $0 + $1 } } ?? first
      end = extra.map { zip($0.end, last).map { $0 + $1 } } ?? last
    case .sameUpper, .sameLower:
      guard extra == nil else { return nil }
      for axis in 0..<spatial {
        let span = (kernel[axis] - 1) * dilations[axis] + 1
        let total = max(0, (output[axis + 2] - 1) * strides[axis] + span - input[axis + 2])
        let smaller = total / 2
        begin.append(padding == .sameUpper ? smaller : total - smaller)
        end.append(padding == .sameUpper ? total - smaller : smaller)
      }
    }
    let limit = 1 << 20
    guard (begin + end).allSatisfy({ (0..<limit).contains($0) }),
      (kernel + strides + dilations).allSatisfy({ (1..<limit).contains($0) })
    else { return nil }
    func pair(_ values: [Int], _ missing: Int) -> (Int, Int) {
      values.count == 1 ? (missing, values[0]) : (values[0], values[1])
    }
    let (height, width) = pair(Array(input[2...]), 1)
    let (outputHeight, outputWidth) = pair(Array(output[2...]), 1)
    return ConvolutionGeometry(
      batch: input[0], input: (height, width, input[1]), outputChannels: output[1],
      kernel: pair(kernel, 1), strides: pair(strides, 1), dilations: pair(dilations, 1),
      padsBegin: pair(begin, 0), padsEnd: pair(end, 0), groups: groups,
      output: (outputHeight, outputWidth))
  }
}
