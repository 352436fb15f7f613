import CKernels
import COpenBLAS
import Kernels
import Tensors

extension Bench {
  /// Products of one row by weights where they lie, too large for the caches: what decoding does.
  ///
  /// Beside each: reading as many bytes, and OpenBLAS over the weights widened.
  func stored() {
    let (outputs, inputs) = (32768, 2048)
    let types: [DataType] = [.float32, .bfloat16, .float16, .q8_0, .q4_0, .q4_1, .q4_K, .q6_K]
    for type in types where wants("stored \(type)") {
      guard let matrix = StoredMatrix(Bench.weights(type, outputs, inputs)) else { continue }
      let bytes = type.byteCount(of: outputs * inputs)
      let (x, y) = (Bench.noise(inputs), FloatView(zeros: outputs))
      let pool = pool
      let memory = FloatView(zeros: bytes / 4)
      memory.fill(1)
      report(
        "stored \(type) 1x\(outputs)x\(inputs)", operations: 2 * outputs * inputs, bytes: bytes,
        neighbour: "reading the bytes"
      ) {
        matrix.multiply(x, rows: 1, into: y, pool: pool)
      } beside: {
        pool.parallelFor(count: bytes >> 18) { range in
          unsafe memory.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress {
              _ = unsafe mng_read_all(base + range.lowerBound << 18, range.count << 18)
            }
          }
        }
      }
    }
    if wants("stored float32 OpenBLAS") {
      let (w, x) = (Bench.noise(outputs * inputs), Bench.noise(inputs))
      let (y, z) = (FloatView(zeros: outputs), FloatView(zeros: outputs))
      guard let matrix = StoredMatrix(w.tensor(shape: [outputs, inputs])) else { return }
      report(
        "stored float32 OpenBLAS 1x\(outputs)x\(inputs)", operations: 2 * outputs * inputs,
        bytes: 4 * outputs * inputs, neighbour: "OpenBLAS"
      ) {
        matrix.multiply(x, rows: 1, into: y, pool: pool)
      } beside: {
        Bench.sgemv(outputs, inputs, w, x, z)
      }
    }
  }

  /// Random numbers in the type; made of one part that is repeated, because quantising takes time.
  private static func weights(_ type: DataType, _ outputs: Int, _ inputs: Int) -> Tensor {
    let part = noise(64 * inputs).tensor(shape: [64, inputs]).cast(to: type)
    return part.reshaped([1, 64, inputs]).broadcast(to: [outputs / 64, 64, inputs]).contiguous()
      .reshaped([outputs, inputs])
  }

  private static func sgemv(_ n: Int, _ k: Int, _ w: FloatView, _ x: FloatView, _ y: FloatView) {
    unsafe w.withUnsafeMutableBytes { w in
      unsafe x.withUnsafeMutableBytes { x in
        unsafe y.withUnsafeMutableBytes { y in
          unsafe cblas_sgemv(
            CblasRowMajor, CblasNoTrans, CInt(n), CInt(k), 1,
            w.assumingMemoryBound(to: Float.self).baseAddress, CInt(k),
            x.assumingMemoryBound(to: Float.self).baseAddress, 1, 0,
            y.assumingMemoryBound(to: Float.self).baseAddress, 1)
        }
      }
    }
  }
}
