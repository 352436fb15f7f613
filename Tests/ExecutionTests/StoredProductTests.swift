import ModelGraph
import Operators
import Tensors
import Testing

@testable import Execution

/// Weights that are used where they lie, beside the operators' own evaluation over widened ones.
@Suite struct StoredProductTests {
  static let types: [DataType] = [
    .float32, .float16, .bfloat16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q6_K,
  ]

  /// A table that is embedding and head at once, with a gated layer between.
  @Test(arguments: types, [1, 5, 19]) func agreesWithTheWidenedWeights(
    _ type: DataType, rows: Int
  ) throws {
    var net = Net(seed: 5)
    func parameter(_ name: String, _ shape: Shape) -> ValueID {
      net.weights[name] = net.numbers.tensor(shape).cast(to: type)
      return net.graph.addParameter(name, TensorType(.float32, shape: shape))
    }
    let ids = net.graph.addInput("ids", TensorType(.int64, shape: [1, rows]))
    net.inputs["ids"] = Tensor(shape: [1, rows], (0..<rows).map { $0 * 7 % 40 })
    let table = parameter("table", [40, 256])
    let (gate, up) = (parameter("gate", [512, 256]), parameter("up", [512, 256]))
    let down = parameter("down", [256, 512])
    let x = net.add(Gather(), table, ids)
    let gated = net.add(Swish(), net.add(Linear(), x, gate))
    let y = net.add(Mul(), gated, net.add(Linear(), x, up))
    let sum = net.add(Add(), net.add(Linear(), y, down, net.weight([256])), x)
    net.graph.outputs = [net.add(Linear(), sum, table)]
    // The input of few rows by blocks has 16 bits under a scale for each 32 numbers.
    let tolerance: Float = type.isBlockQuantised ? 3e-4 : 2e-5
    #expect(
      try net.expectAgreement(tolerance: tolerance).filter { $0.hasPrefix("Linear") }.count == 4)
  }

  /// One row of a classifier as ONNX has it.
  @Test func takesAGemmOfOneRow() throws {
    var net = Net(seed: 6)
    let x = net.input([1, 96])
    let y = net.add(Gemm(transposeB: true), x, net.weight([10, 96]), net.weight([10]))
    net.graph.outputs = [net.add(Relu(), y)]
    #expect(try net.expectAgreement() == ["Gemm+Relu"])
  }
}
