import Testing
import Training

@Suite struct ModelDepthTests {
  @Test func layersAreToldByNames() {
    let depth = ModelDepth([
      "conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer1.0.bn1.weight",
      "layer1.1.conv1.weight", "layer2.0.conv1.weight", "fc.weight", "fc.bias",
    ])
    #expect(depth.layers == ["conv1", "bn1", "layer1.0", "layer1.1", "layer2.0", "fc"])
    #expect(depth.depth(of: "layer1.1.bn2.bias") == 3 && depth.depth(of: "layer9.weight") == nil)
    let decoder = ModelDepth([
      "model.embed_tokens.weight", "model.layers.0.mlp.up.weight", "model.layers.10.mlp.up.weight",
      "model.norm.weight", "lm_head.weight",
    ])
    #expect(
      decoder.layers
        == ["model.embed_tokens", "model.layers.0", "model.layers.10", "model.norm", "lm_head"])
    #expect(ModelDepth(["cls_token", "weight"]).layers == ["cls_token", "weight"])
  }

  @Test func ratesFallTowardsTheInput() {
    let depth = ModelDepth(["a.weight", "b.weight", "c.weight"])
    #expect(
      ["a.weight", "b.bias", "c.weight"].map { depth.rateFactor(of: $0, decay: 0.5) }
        == [0.25, 0.5, 1])
    #expect(depth.rateFactor(of: "other.weight", decay: 0.5) == 1)
  }

  @Test func layersAreSetFreeFromTheOutputOn() {
    let depth = ModelDepth(["a.weight", "b.weight", "c.weight"])
    let names = ["a.weight", "b.weight", "c.weight"]
    #expect(names.map { depth.learns($0, epoch: 0) } == [false, false, true])
    #expect(names.map { depth.learns($0, epoch: 1) } == [false, true, true])
    #expect(names.map { depth.learns($0, epoch: 0, perEpoch: 3) } == [true, true, true])
    #expect(depth.learns("a.weight", epoch: .max - 1, perEpoch: 5))
  }

  @Test func trainingStopsWhenNothingGetsBetter() {
    var stopping = EarlyStopping(patience: 1, least: 0.1)
    #expect(stopping.observe(1) && !stopping.isOver)
    #expect(!stopping.observe(0.95) && !stopping.isOver)
    #expect(stopping.observe(0.8) && stopping.waited == 0)
    #expect(stopping.observe(.nan) == false && stopping.waited == 1)
    var other = EarlyStopping(patience: 1, least: 0.1)
    other.memory = stopping.memory
    #expect(!other.observe(0.75) && other.isOver && other.best == 0.8)
    var accuracy = EarlyStopping(patience: 0, isLoss: false)
    #expect(accuracy.observe(0.5) && accuracy.observe(0.6) && !accuracy.observe(0.6))
    #expect(accuracy.isOver)
  }
}
