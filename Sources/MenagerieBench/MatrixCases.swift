import COpenBLAS
import Kernels

extension Bench {
  /// Products of the shapes that transformers and pointwise convolutions have.
  func matrices() {
    let shapes = [
      (1024, 1024, 1024), (128, 768, 768), (128, 3072, 768), (128, 768, 3072), (1, 1000, 2048),
      (1, 768, 768), (197, 768, 768), (12544, 64, 147),
    ]
    for (m, n, k) in shapes where wants("matrix \(m)x\(n)x\(k)") {
      let (a, b) = (Bench.noise(m * k), Bench.noise(k * n))
      let (ours, theirs) = (FloatView(zeros: m * n), FloatView(zeros: m * n))
      let matrix = PackedMatrix(.matrix(b, inputs: k, outputs: n))
      report(
        "matrix \(m)x\(n)x\(k)", operations: 2 * m * n * k, bytes: 4 * (m * k + k * n + m * n),
        neighbour: "OpenBLAS"
      ) {
        matrix.multiply(a, rows: m, into: ours, pool: pool)
      } beside: {
        Bench.sgemm(m, n, k, a, b, theirs)
      }
    }
  }

  static func sgemm(_ m: Int, _ n: Int, _ k: Int, _ a: FloatView, _ b: FloatView, _ c: FloatView) {
    unsafe a.withUnsafeMutableBytes { a in
      unsafe b.withUnsafeMutableBytes { b in
        unsafe c.withUnsafeMutableBytes { c in
          unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, CInt(m), CInt(n), CInt(k), 1,
            a.assumingMemoryBound(to: Float.self).baseAddress, CInt(k),
            b.assumingMemoryBound(to: Float.self).baseAddress, CInt(n), 0,
            c.assumingMemoryBound(to: Float.self).baseAddress, CInt(n))
        }
      }
    }
  }
}
