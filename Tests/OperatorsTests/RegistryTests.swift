import ModelGraph
import Operators
import TestSupport
import Testing

@Suite struct RegistryTests {
  @Test func everyNameOccursOnce() {
    let names = OperatorRegistry.all.map { $0.name }
    #expect(Set(names).count == names.count)
  }

  @Test func operatorsThatShareASwiftNameKeepTheStandardsName() {
    #expect(ShapeOf.name == "Shape")
    #expect(RangeOf.name == "Range")
    #expect(OperatorRegistry.all.contains { $0 == ShapeOf.self })
  }
}
