import Glibc
import Kernels

extension Bench {
  /// Functions of one float beside the C library's, and sums beside a copy.
  func elementwise() {
    let count = 1 << 16
    let x = Bench.noise(count)
    let y = FloatView(zeros: count)
    let scalar: [(String, UnaryOperator, (Float) -> Float)] = [
      ("exp", .exp, { expf($0) }), ("tanh", .tanh, { tanhf($0) }), ("erf", .erf, { erff($0) }),
      ("sigmoid", .sigmoid, { 1 / (1 + expf(-$0)) }),
      ("gelu", .gelu, { 0.5 * $0 * (1 + erff($0 * 0.70710678)) }), ("log", .log, { logf($0) }),
    ]
    for (name, operation, function) in scalar where wants("unary \(name)") {
      let alone = Bench.noise(count)
      report(
        "unary \(name)", operations: count, bytes: 8 * count, neighbour: "C library"
      ) {
        Elementwise.unary(operation, x, count: count, into: y, pool: pool)
      } beside: {
        for index in 0..<count { alone[index] = function(x[index]) }
      }
    }
    if wants("binary add") {
      report("binary add", operations: count, bytes: 12 * count, neighbour: "copy") {
        Elementwise.binary(.add, .whole(x), .whole(x), columns: count, into: y, pool: pool)
      } beside: {
        y.copy(from: x)
      }
    }
    if wants("softmax 64x1000") {
      report("softmax 64x1000", operations: 64_000, bytes: 8 * 64_000, neighbour: "copy") {
        Normalization.softmax(
          x, rows: 64, columns: 1000, into: y, pool: pool)
      } beside: {
        y.copy(from: x)
      }
    }
    if wants("transpose") {
      report("transpose 256x196", operations: 0, bytes: 8 * 256 * 196, neighbour: "copy") {
        Layout.transpose(x, rows: 256, columns: 196, into: y, pool: pool)
      } beside: {
        y[0..<256 * 196].copy(from: x[0..<256 * 196])
      }
    }
  }
}
