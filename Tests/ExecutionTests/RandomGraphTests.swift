import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

/// Graphs that nobody has thought of: whatever is fused, left out or laid elsewhere, the numbers stay.
@Suite struct RandomGraphTests {
  @Test(arguments: 1...60)
  func agreesWithEvaluation(seed: Int) throws {
    var net = Net(seed: UInt64(seed))
    let batch = net.numbers.integer(in: 1...3)
    let (height, width) = (net.numbers.integer(in: 5...12), net.numbers.integer(in: 5...12))
    let channels = net.numbers.pick([1, 3, 4, 8])
    var images: [(id: ValueID, shape: [Int])] = []
    if net.numbers.integer(in: 0...1) == 0 {
      images.append(
        (net.input([batch, channels, height, width]), [batch, channels, height, width]))
    } else {
      let x = net.input([batch, height, width, channels])
      images.append(
        (net.add(Transpose(permutation: [0, 3, 1, 2]), x), [batch, channels, height, width]))
    }
    for _ in 0..<net.numbers.integer(in: 3...14) {
      let (id, shape) = images[max(0, images.count - net.numbers.integer(in: 1...3))]
      if let next = step(&net, id, shape, images) { images.append(next) }
    }
    var outputs = [images[images.count - 1].id]
    if images.count > 3, net.numbers.integer(in: 0...2) == 0 { outputs.append(images[2].id) }
    if net.numbers.integer(in: 0...1) == 0 {
      outputs[0] = net.add(Transpose(permutation: [0, 2, 3, 1]), outputs[0])
    }
    if net.numbers.integer(in: 0...2) == 0 { outputs[0] = net.add(Flatten(), outputs[0]) }
    net.graph.outputs = outputs
    try net.expectAgreement(tolerance: 1e-4)
  }

  private func step(
    _ net: inout Net, _ x: ValueID, _ shape: [Int], _ images: [(id: ValueID, shape: [Int])]
  ) -> (id: ValueID, shape: [Int])? {
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    switch net.numbers.integer(in: 0...13) {
    case 0, 1, 2:
      let groups = c % 4 == 0 ? net.numbers.pick([1, 1, 2, c]) : 1
      let outputs = net.numbers.pick([4, 8, groups > 4 ? groups : 12])
      guard outputs % groups == 0 else { return nil }
      let k = net.numbers.pick([1, 3])
      let stride = h > 4 && w > 4 ? net.numbers.pick([1, 1, 2]) : 1
      let conv = Conv(strides: [stride, stride], padding: .all(k / 2), groups: groups)
      let bias = net.numbers.integer(in: 0...1) == 0 ? net.weight([outputs]) : nil
      let scale = 1 / Float(c / groups * k * k).squareRoot()
      let values = net.numbers.tensor([outputs, c / groups, k, k])
      let weight = net.weight(Tensor(shape: values.shape, values.floats.map { $0 * scale }))
      let y = net.add(conv, x, weight, bias)
      return (
        y, [n, outputs, (h + 2 * (k / 2) - k) / stride + 1, (w + 2 * (k / 2) - k) / stride + 1]
      )
    case 3: return (net.norm(x, channels: c), shape)
    case 4: return (net.add(Relu(), x), shape)
    case 5:
      return (
        net.add(
          Clip(), x, net.weight(Tensor(scalar: Float(-0.5))), net.weight(Tensor(scalar: Float(6)))),
        shape
      )
    case 6, 7:
      guard let other = images.last(where: { $0.shape == shape && $0.id != x }) else { return nil }
      return (net.add(Add(), net.numbers.integer(in: 0...1) == 0 ? other.id : x, x), shape)
    case 8:
      guard h > 3, w > 3 else { return nil }
      let y = net.add(MaxPool(kernel: [3, 3], strides: [1, 1], padding: .all(1)), x)
      return (y, shape)
    case 9:
      let y = net.add(Pad(), x, net.constant([0, 0, 1, 0, 0, 0, 0, 1]))
      return (y, [n, c, h + 1, w + 1])
    case 10:
      let mates = images.filter { $0.shape[2...] == shape[2...] }.suffix(2)
      let y = net.graph.add(
        Concat(axis: 1), mates.map { $0.id }, name: "n\(net.graph.nodes.count)")
      let sum = mates.reduce(0) { $0 + $1.shape[1] }
      return sum > 40 ? nil : (y, [n, sum, h, w])
    case 11:
      let gate = net.add(Sigmoid(), net.add(GlobalAveragePool(), x))
      return (net.add(Mul(), gate, x), shape)
    case 12: return (net.add(Mul(), x, net.weight([c, 1, 1])), shape)
    default:
      guard c > 1 else { return nil }
      let y = net.add(Slice(), x, net.constant([1]), net.constant([c]), net.constant([1]))
      return (y, [n, c - 1, h, w])
    }
  }
}
