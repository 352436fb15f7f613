import BinaryIO
import CMPI
import Kernels
import Synchronization

/// Processes that Open MPI's `mpirun` started.
public final class MPICommunicator: Communicator {
  public let rank: Int
  public let size: Int

  /// MPI is started once in a process.
  private static let only = Mutex<MPICommunicator?>(nil)

  private init(rank: Int, size: Int) {
    self.rank = rank
    self.size = size
  }

  /// The one of this process, which is started when it is first asked for.
  /// - Throws: `.unsupported` when the machine has no Open MPI, or it does not start.
  public static func started() throws -> MPICommunicator {
    try only.withLock { only in
      if let only { return only }
      var (rank, size, status): (Int32, Int32, Int32) = (0, 0, 0)
      let words = unsafe MPIWords.of { words in
        status = unsafe mng_mpi_start(&rank, &size, words)
        return status
      }
      if let words {
        let found =
          switch status {
          case 1: "started by mpirun, but the library of Open MPI is not there (\(words))"
          case 2: "the library of MPI is not Open MPI's: it has no '\(words)'"
          default: "Open MPI does not start: \(words)"
          }
        throw DataError(
          .unsupported, found, expected: "libmpi.so.40",
          remedy: status < 3 ? "on Debian, install libopenmpi3" : nil)
      }
      let communicator = MPICommunicator(rank: Int(rank), size: Int(size))
      only = communicator
      return communicator
    }
  }

  /// The one of this process, if it was started.
  public static var current: MPICommunicator? { only.withLock { $0 } }

  public func sum(_ view: FloatView, at root: Int?) throws -> any Transfer {
    try unsafe MPITransfer(view) {
      unsafe mng_mpi_sum_f32($0, $1, root.map { Int32($0) } ?? -1, $2, $3)
    }
  }

  public func broadcast(_ view: FloatView, from root: Int) throws -> any Transfer {
    try unsafe MPITransfer(view) { unsafe mng_mpi_broadcast_f32($0, $1, Int32(root), $2, $3) }
  }

  public func move(
    _ view: FloatView, from sender: Int, to receiver: Int
  ) throws -> any Transfer {
    let (rank, size) = (rank, size)
    precondition((0..<size).contains(sender) && (0..<size).contains(receiver))
    guard sender != receiver, rank == sender || rank == receiver else { return MPITransfer() }
    return try unsafe MPITransfer(view) {
      rank == sender
        ? unsafe mng_mpi_send_f32($0, $1, Int32(receiver), $2, $3)
        : unsafe mng_mpi_receive_f32($0, $1, Int32(sender), $2, $3)
    }
  }

  public func sum(_ numbers: [Double]) throws -> [Double] {
    var numbers = numbers
    let failed = unsafe numbers.withUnsafeMutableBufferPointer { all in
      unsafe MPIWords.of { words in
        var transfer: mng_mpi_transfer?
        let status = unsafe mng_mpi_sum_f64(
          all.baseAddress, Int32(all.count), &transfer, words)
        return unsafe status == 0 ? mng_mpi_wait(&transfer, words) : status
      }
    }
    if let failed { throw MPIWords.error(failed) }
    return numbers
  }

  public func abort(status: Int32) -> Never { mng_mpi_abort(status) }
  public func finish() { mng_mpi_finish() }

  /// Lets this process run on so many cores as it has threads; returns their number.
  ///
  /// - Parameters:
  ///   - processes: how many share the host.
  ///   - threads: nil for this one's part of the cores.
  static func shareCores(processes: Int, threads: Int?) -> Int {
    Int(mng_mpi_share_cores(Int32(clamping: processes), Int32(clamping: threads ?? 0)))
  }
}
