import Tensors
import Testing

@testable import Execution

@Suite struct AxisOrderTests {
  @Test func knowsStridesOfChannelsLast() {
    let order = AxisOrder.channelsLast(4)
    #expect(order.strides([2, 3, 5, 7]) == [105, 1, 21, 3])
    #expect(order.physical([2, 3, 5, 7]) == [2, 5, 7, 3])
    #expect(AxisOrder.channelsLast(2) == .rowMajor(2))
  }

  @Test func transposesWithoutMoving() {
    // A row-major picture from Keras, transposed by the graph to [N, C, H, W], lies channels-last.
    #expect(AxisOrder.rowMajor(4).transposed(by: [0, 3, 1, 2]) == .channelsLast(4))
    #expect(AxisOrder.channelsLast(4).transposed(by: [0, 2, 3, 1]) == .rowMajor(4))
  }

  @Test func ignoresAxesOfExtentOne() {
    let (rows, channels) = (AxisOrder.rowMajor(4), AxisOrder.channelsLast(4))
    #expect(rows.places([2, 3, 1, 1], like: channels))
    #expect(rows.places([2, 1, 3, 4], like: channels))
    #expect(!rows.places([1, 2, 3, 1], like: channels))
  }
}
