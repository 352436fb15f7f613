import BinaryIO
import CMPI
import Kernels

/// A transfer that MPI makes. It holds on to the memory.
@safe final class MPITransfer: Transfer {
  private let view: FloatView?
  /// MPI's own; of use to MPI only.
  private var handle: mng_mpi_transfer?
  private var isOver: Bool

  /// One that has nothing to do.
  init() {
    (view, isOver) = (nil, true)
    unsafe handle = nil
  }

  /// - Parameter begin: is given memory, how many floats there are, where the handle goes and where words go.
  init(
    _ view: FloatView,
    _ begin: (
      UnsafeMutablePointer<Float>?, Int32, UnsafeMutablePointer<mng_mpi_transfer?>,
      UnsafeMutablePointer<CChar>
    ) -> Int32
  ) throws {
    guard let count = Int32(exactly: view.count) else {
      throw DataError(.limitExceeded, "\(view.count) numbers to exchange", expected: "below 2³¹")
    }
    self.view = view
    isOver = count == 0
    unsafe handle = nil
    guard !isOver else { return }
    var handle: mng_mpi_transfer?
    let failed = unsafe view.withUnsafeMutableBytes { bytes in
      unsafe MPIWords.of { words in
        unsafe begin(
          bytes.baseAddress?.assumingMemoryBound(to: Float.self), count, &handle, words)
      }
    }
    if let failed { throw MPIWords.error(failed) }
    unsafe self.handle = handle
  }

  func isDone() throws -> Bool {
    guard !isOver else { return true }
    var done: Int32 = 0
    if let failed = unsafe MPIWords.of({ unsafe mng_mpi_test(&handle, &done, $0) }) {
      throw MPIWords.error(failed)
    }
    isOver = done != 0
    return isOver
  }

  func wait() throws {
    guard !isOver else { return }
    if let failed = unsafe MPIWords.of({ unsafe mng_mpi_wait(&handle, $0) }) {
      throw MPIWords.error(failed)
    }
    isOver = true
  }
}

/// What MPI says when it fails.
enum MPIWords {
  /// The words of a call that returned something else than 0; nil when it went well.
  static func of(_ call: (UnsafeMutablePointer<CChar>) -> Int32) -> String? {
    var words = [CChar](repeating: 0, count: Int(MNG_MPI_MESSAGE))
    return unsafe words.withUnsafeMutableBufferPointer { words in
      guard let start = words.baseAddress, unsafe call(start) != 0 else { return nil }
      return unsafe String(cString: start)
    }
  }

  static func error(_ words: String) -> DataError {
    DataError(.unreadable, "the other processes cannot be reached: \(words)")
  }
}
