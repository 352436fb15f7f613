import Collectives
import Testing

@Suite struct BucketPlanTests {
  @Test func smallTensorsTravelTogetherAndLargeOnesAlone() {
    let plan = BucketPlan(
      counts: [10, 900, 20, 30], order: [3, 2, 1, 0], processes: 1, limit: 50)
    #expect(plan.buckets.map(\.members) == [[3, 2], [1], [0]])
    #expect(plan.buckets.map(\.count) == [50, 900, 10])
    #expect(plan.places == [2, 1, 0, 0])
  }

  @Test(arguments: 1...5)
  func eachProcessHasAboutAsMuch(processes: Int) {
    let counts = (0..<200).map { 1000 + $0 * 37 % 400 }
    let plan = BucketPlan(counts: counts, order: Array(counts.indices), processes: processes)
    let loads = plan.loads(processes: processes)
    #expect(loads.reduce(0, +) == counts.reduce(0, +))
    let (least, most) = (loads.min() ?? 0, loads.max() ?? 0)
    #expect(Double(most) < 1.5 * Double(least), "\(loads)")
    #expect(plan.buckets.flatMap(\.members) == Array(counts.indices))
  }

  @Test func tensorsWithoutElementsHaveAPlace() {
    let plan = BucketPlan(counts: [0, 0], order: [1, 0], processes: 3)
    #expect(plan.buckets.flatMap(\.members) == [1, 0])
    #expect(BucketPlan(counts: [], order: [], processes: 2).buckets.isEmpty)
  }
}
