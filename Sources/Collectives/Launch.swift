import BinaryIO
import Kernels

/// How the process was started: alone, or as one of several.
public enum Launch: Sendable, Hashable {
  case alone
  /// By Open MPI's `mpirun`: how many there are, and how many share this host, where that is known.
  case openMPI(processes: Int?, onThisHost: Int?)
  /// By the launcher of another MPI, which we do not speak with.
  case unknown(String)

  /// - Parameter variable: an environment variable's value.
  public init(_ variable: (String) -> String? = System.environment) {
    func number(_ name: String) -> Int? { variable(name).flatMap { Int($0) } }
    if let size = number("OMPI_COMM_WORLD_SIZE") {
      self =
        size > 1
        ? .openMPI(processes: size, onThisHost: number("OMPI_COMM_WORLD_LOCAL_SIZE")) : .alone
    } else if variable("PMIX_RANK") != nil {
      // Slurm's `srun --mpi=pmix`
      let tasks = number("SLURM_STEP_NUM_TASKS")
      let own = variable("SLURM_STEP_TASKS_PER_NODE")?.prefix { $0.isNumber }
      self =
        tasks == 1 ? .alone : .openMPI(processes: tasks, onThisHost: own.flatMap { Int($0) })
    } else if let size = number("PMI_SIZE"), size > 1 {
      self = .unknown("PMI_SIZE is \(size)")
    } else {
      self = .alone
    }
  }

  /// Whether `mpirun` says that this is one of several processes, and not the first.
  public static var isLaterProcess: Bool {
    let rank = System.environment("OMPI_COMM_WORLD_RANK") ?? System.environment("PMIX_RANK")
    return rank.flatMap { Int($0) }.map { $0 > 0 } ?? false
  }

  /// What the process speaks with the others by.
  /// - Throws: `.unsupported` when it was started as one of several, but cannot speak with them.
  public func communicator() throws -> any Communicator {
    switch self {
    case .alone: return LoneCommunicator()
    case .openMPI(let processes, _):
      let communicator = try MPICommunicator.started()
      guard let processes, processes != communicator.size else { return communicator }
      throw DataError(
        .unsupported,
        "\(processes) processes were started, but Open MPI knows of \(communicator.size)",
        expected: "mpirun and libmpi.so.40 of the same Open MPI")
    case .unknown(let found):
      throw DataError(
        .unsupported, "started as one of several processes, but not by Open MPI (\(found))",
        expected: "Open MPI's mpirun", remedy: "on Debian, install openmpi-bin")
    }
  }

  /// How many threads the process should have, where nobody says, and lets it run on as many cores.
  ///
  /// Launchers bind a process to one core when they are not told better.
  public func threads(asked: Int?) -> Int? {
    guard case .openMPI(_, let processes) = self else { return asked }
    return MPICommunicator.shareCores(
      processes: processes ?? 1, threads: asked ?? ThreadPool.environmentThreads)
  }
}
