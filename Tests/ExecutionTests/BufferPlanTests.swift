import BinaryIO
import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

private struct Touch: Step {
  var kind = "touch"
  var reads: [Region] = []
  var writes: [Region] = []
  var inPlace: (read: Region, write: Region)?
  func run(in frame: Frame) {}
}

@Suite struct BufferPlanTests {
  private func region(_ buffer: Int, _ count: Int) -> Region {
    Region(home: .buffer(buffer), count: count)
  }

  private func step(_ read: Int?, _ write: Int?, _ counts: [Int]) -> Touch {
    Touch(
      reads: read.map { [region($0, counts[$0])] } ?? [],
      writes: write.map { [region($0, counts[$0])] } ?? [])
  }

  @Test func sharesMemoryOfValuesThatAreGone() throws {
    let counts = [1600, 1600, 1600, 160]
    let steps = [step(nil, 0, counts), step(0, 1, counts), step(1, 2, counts), step(2, 3, counts)]
    let plan = try BufferPlan(counts: counts, steps: steps, maximumBytes: 1 << 20)
    #expect(plan.count == 3200)
    #expect(plan.offsets[0] == plan.offsets[2])
    #expect(plan.offsets[0] != plan.offsets[1])
  }

  @Test func putsResultsInPlace() throws {
    let counts = [1600, 1600]
    var last = step(0, 1, counts)
    last.inPlace = (region(0, 1600), region(1, 1600))
    let steps = [step(nil, 0, counts), last, step(1, nil, counts)]
    let plan = try BufferPlan(counts: counts, steps: steps, maximumBytes: 1 << 20)
    #expect(plan.count == 1600)
  }

  @Test func putsNothingOnWhatIsReadTwice() throws {
    let counts = [1600, 1600]
    var last = step(0, 1, counts)
    last.reads.append(region(0, 1600))
    last.inPlace = (region(0, 1600), region(1, 1600))
    let plan = try BufferPlan(
      counts: counts, steps: [step(nil, 0, counts), last], maximumBytes: 1 << 20)
    #expect(plan.count == 3200)
  }

  @Test func putsNothingOnWhatIsNeededLater() throws {
    let counts = [1600, 1600]
    var middle = step(0, 1, counts)
    middle.inPlace = (region(0, 1600), region(1, 1600))
    let plan = try BufferPlan(
      counts: counts, steps: [step(nil, 0, counts), middle, step(0, nil, counts)],
      maximumBytes: 1 << 20)
    #expect(plan.count == 3200)
  }

  @Test func refusesMoreThanTheLimit() {
    #expect(throws: DataError.self) {
      _ = try BufferPlan(counts: [1600], steps: [step(nil, 0, [1600])], maximumBytes: 1600)
    }
  }

  @Test func buffersNeverOverlapWhileBothLive() throws {
    var numbers = Numbers(seed: 5)
    for _ in 0..<50 {
      let counts = (0..<30).map { _ in numbers.integer(in: 1...500) }
      var steps: [Touch] = []
      for i in counts.indices {
        steps.append(step(i == 0 ? nil : numbers.integer(in: max(0, i - 6)...(i - 1)), i, counts))
      }
      let plan = try BufferPlan(counts: counts, steps: steps, maximumBytes: 1 << 30)
      for a in counts.indices {
        for b in counts.indices where a < b {
          let lastUse = steps.lastIndex { $0.reads.contains { $0.buffer == a } } ?? a
          guard b <= lastUse else { continue }
          let (x, y) = (plan.offsets[a], plan.offsets[b])
          #expect(x + counts[a] <= y || y + counts[b] <= x)
        }
      }
    }
  }

  @Test func addsAConvolutionToItsOwnInput() throws {
    var net = Net()
    let x = net.input([1, 3, 9, 9])
    let y = net.add(Conv(padding: .all(1)), x, net.weight([16, 3, 3, 3]))
    let z = net.add(Conv(padding: .all(1)), y, net.weight([16, 16, 3, 3]))
    net.graph.outputs = [net.add(Add(), z, y)]
    #expect(try net.expectAgreement() == ["layout", "Conv", "Conv+Add", "layout"])
  }
}
