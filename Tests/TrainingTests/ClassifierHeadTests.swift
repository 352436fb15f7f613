import ModelGraph
import Operators
import Tensors
import Testing
import Training

/// The last layer of a classifier in the ways in which it is written.
@Suite struct ClassifierHeadTests {
  @Test(arguments: [false, true]) func aLinearLayerOfAnExporterIsFound(turned: Bool) throws {
    var graph = Graph(name: "exported")
    let x = graph.addInput("x", TensorType(.float32, [.symbol("batch"), 4]))
    let shape: Shape = turned ? [3, 4] : [4, 3]
    let weight = graph.addParameter("fc.weight", TensorType(.float32, shape: shape))
    let bias = graph.addParameter("fc.bias", TensorType(.float32, shape: [3]))
    let factor =
      turned ? graph.add(Transpose(permutation: [1, 0]), [weight], name: "turned") : weight
    let product = graph.add(MatMul(), [x, factor], name: "product")
    graph.outputs = [graph.add(Add(), [product, bias], name: "logits")]
    let head = try ClassifierHead(of: graph)
    #expect(head.names == ["fc.weight", "fc.bias"])
    #expect(head.classes == 3 && head.classAxis == (turned ? 0 : 1))
    let fresh = head.fresh(classes: 5, replacing: shape, seed: 1)
    #expect(fresh.weight.shape == (turned ? [5, 4] : [4, 5]) && fresh.bias?.shape == [5])
  }
}
