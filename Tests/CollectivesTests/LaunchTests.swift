import BinaryIO
import Collectives
import Testing

@Suite struct LaunchTests {
  private func launch(_ variables: [String: String]) -> Launch { Launch { variables[$0] } }

  @Test func theEnvironmentSaysHowTheProcessWasStarted() {
    #expect(launch([:]) == .alone)
    #expect(launch(["OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "0"]) == .alone)
    #expect(
      launch(["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_SIZE": "2"])
        == .openMPI(processes: 4, onThisHost: 2))
    #expect(
      launch(["PMIX_RANK": "3", "SLURM_STEP_NUM_TASKS": "8", "SLURM_STEP_TASKS_PER_NODE": "4(x2)"])
        == .openMPI(processes: 8, onThisHost: 4))
    #expect(launch(["PMI_SIZE": "2"]) == .unknown("PMI_SIZE is 2"))
    #expect(launch(["PMI_SIZE": "1"]) == .alone)
  }

  @Test func anotherLauncherIsRefused() throws {
    #expect(try launch([:]).communicator().size == 1)
    let error = #expect(throws: DataError.self) {
      try launch(["PMI_SIZE": "2"]).communicator()
    }
    #expect(error?.code == .unsupported && error?.expected == "Open MPI's mpirun")
  }

  @Test func threadsStayAsAskedWhereAProcessIsAlone() {
    #expect(launch([:]).threads(asked: nil) == nil)
    #expect(launch([:]).threads(asked: 3) == 3)
  }
}
