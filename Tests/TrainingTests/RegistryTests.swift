import BinaryIO
import OrderedCollections
import TestSupport
import Testing
import Training

@Suite struct RegistryTests {
  /// The files of a folder that declare something of the kind, or of what refines it.
  func declarations(_ folder: String, _ kinds: String...) throws -> [String] {
    let path = Fixtures.path("../../Sources/Training/\(folder)")
    return try System.names(in: path).filter { name in
      let text = try MappedFile(path: "\(path)/\(name)").bytes.utf8()
      return text.contains("public struct") && kinds.contains { text.contains(": \($0) {") }
    }.map { String($0.dropLast(".swift".count)) }
  }

  @Test func everyOptimizerIsRegistered() throws {
    let types = OptimizerRegistry.all.map { "\($0)" }
    #expect(try declarations("Optimizers", "Optimizer", "AdamRule").sorted() == types.sorted())
    #expect(Set(OptimizerRegistry.names).count == types.count)
  }

  @Test func everyScheduleIsRegistered() throws {
    let types = ScheduleRegistry.all.map { "\($0)" }
    #expect(try declarations("Schedules", "Schedule").sorted() == types.sorted())
    #expect(Set(ScheduleRegistry.names).count == types.count)
  }

  @Test func settingsHaveOneNameEach() throws {
    for type in OptimizerRegistry.all {
      let optimizer = type.init()
      #expect(Set(optimizer.settings.keys).count == type.settingNames.count, "\(type.name)")
      // What it says of itself makes it again.
      let values = optimizer.settings.reduce(into: [:]) { $0[$1.key] = $1.value }
      let again = try OptimizerRegistry.optimizer(named: type.name, settings: values)
      #expect(again.settings == optimizer.settings)
    }
  }
}

extension Adjustable {
  fileprivate static var settingNames: [String] { settings.map(\.name) }
}
