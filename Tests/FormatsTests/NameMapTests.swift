import BinaryIO
import Formats
import OrderedCollections
import Tensors
import Testing

@Suite struct NameMapTests {
  static let map = NameMap([
    .rename("encoder.{b-1}.kernel", "layer{b}.weight", .permute([1, 0])),
    .rename("head.weight", "fc.weight", .reshape(from: [0, 0, 1, 1], to: [0, 0])),
    .split("qkv.{i}.*", ["q.{i}.*", "k.{i}.*", "v.{i}.*"], axis: 0),
    .concatenate(["gate", "up"], "gate_up", axis: 1),
    .tie("shared", ["embedding", "output"]),
    .rename("rotary.{i}.*", "turned.{i}.*", .rotaryHalves(heads: 2)),
    .rename("gain", "weight", .plus(-1)),
    .drop("*.mask"),
    .synthesise("*.num_batches_tracked", NameRule.StandIn(0, dataType: .int64)),
  ])

  static func tensor(_ name: String, _ shape: Shape, from start: Float = 0) -> NormalisedTensor {
    NormalisedTensor(
      TensorEntry(
        name: name, Tensor(shape: shape, (0..<shape.elementCount).map { start + Float($0) })))
  }

  static let theirs = [
    tensor("encoder.0.kernel", [2, 3]), tensor("head.weight", [2, 3, 1, 1], from: 10),
    tensor("qkv.4.weight", [6, 2], from: 20), tensor("gate", [2, 1], from: 40),
    tensor("up", [2, 1], from: 50), tensor("shared", [2], from: 60),
    tensor("rotary.1.weight", [12, 1], from: 70), tensor("gain", [2], from: 90),
  ]
  static let ours: OrderedSet = [
    "layer1.weight", "fc.weight", "q.4.weight", "k.4.weight", "v.4.weight", "gate_up", "embedding",
    "output", "turned.1.weight", "weight", "bn.num_batches_tracked",
  ]

  @Test func readsEveryKindOfRule() throws {
    let account = try Self.map.apply(
      to: Self.theirs.reversed() + [Self.tensor("attention.mask", [1]), Self.tensor("stray", [1])],
      expecting: Self.ours)
    #expect(account.tensors.map(\.entry.name) == Array(Self.ours))
    #expect(account.dropped == ["attention.mask"])
    #expect(account.unknown == ["stray"])
    #expect(account.synthesised == ["bn.num_batches_tracked"])
    #expect(account.missing.isEmpty)
    let values = try account.tensors.map { try $0.entry.load() }
    #expect(values[0].shape == [3, 2])
    #expect(values[0].floats == [0, 3, 1, 4, 2, 5])
    #expect(values[1].shape == [2, 3])
    #expect(values[3].floats == [24, 25, 26, 27])
    #expect(values[5].shape == [2, 2])
    #expect(values[5].floats == [40, 50, 41, 51])
    #expect(account.tensors[6].entry.identity == account.tensors[7].entry.identity)
    #expect(values[8].floats == [70, 72, 74, 71, 73, 75, 76, 78, 80, 77, 79, 81])
    #expect(values[9].floats == [89, 90])
    #expect(values[10].values(as: Int64.self) == [0])
    #expect(
      account.tensors.map(\.action) == [
        .permuted, .reshaped, .split, .split, .split, .concatenated, .exact, .exact, .permuted,
        .folded, .synthesised,
      ])
    for tensor in account.tensors {
      let loaded = try tensor.entry.load()
      #expect(loaded.shape == tensor.entry.shape)
      #expect(loaded.dataType == tensor.entry.dataType)
    }
  }

  @Test func givesBackWhatItWasGiven() throws {
    let account = try Self.map.apply(to: Self.theirs, expecting: Self.ours)
    let back = try Self.map.inverted.apply(to: account.tensors)
    #expect(back.unknown.isEmpty)
    #expect(back.missing.isEmpty)
    #expect(back.dropped == ["bn.num_batches_tracked"])
    #expect(Set(back.tensors.map(\.entry.name)) == Set(Self.theirs.map(\.entry.name)))
    for tensor in Self.theirs {
      let returned = try #require(back.tensors.first { $0.entry.name == tensor.entry.name })
      #expect(try returned.entry.load().isBitEqual(to: try tensor.entry.load()))
      let together = ["gate", "up"]
      let name = tensor.entry.name
      #expect(returned.sources == (together.contains(name) ? together : [name]))
    }
  }

  @Test func namesWhatIsMissing() throws {
    let account = try Self.map.apply(
      to: [Self.tensor("gate", [2, 1])], expecting: ["layer1.weight"])
    #expect(account.missing == ["up", "layer1.weight"])
  }

  @Test func refusesATensorThatDoesNotFitItsRule() {
    for tensor in [
      Self.tensor("encoder.0.kernel", [2]), Self.tensor("qkv.0.weight", [4, 2]),
      Self.tensor("head.weight", [2, 3, 2, 2]), Self.tensor("rotary.0.weight", [6]),
    ] {
      #expect {
        try Self.map.apply(to: [tensor])
      } throws: { error in
        (error as? DataError)?.code == .mismatch
          && (error as? DataError)?.subject == "tensor '\(tensor.entry.name)'"
      }
    }
  }

  @Test func readsFormerNamesAndWritesPresentOnes() throws {
    let map = NameMap([
      .rename("norm.weight", "ln.weight"), .formerly("norm.gamma", "ln.weight"),
      .formerly("norm.scale", "ln.weight"),
    ])
    let old = try map.apply(to: [Self.tensor("norm.gamma", [2])], expecting: ["ln.weight"])
    #expect(old.isComplete && old.tensors.first?.sources == ["norm.gamma"])
    #expect(map.inverted.names(for: "ln.weight") == ["norm.weight"])
    let both = try map.apply(
      to: [Self.tensor("norm.gamma", [2], from: 9), Self.tensor("norm.weight", [2])],
      expecting: ["ln.weight"])
    #expect(both.isComplete && both.dropped == ["norm.gamma"])
    #expect(try both.tensors.first?.entry.load().floats == [0, 1])
    let twice = try map.apply(
      to: [Self.tensor("norm.gamma", [2]), Self.tensor("norm.scale", [2])],
      expecting: ["ln.weight"])
    #expect(twice.isComplete && twice.dropped == ["norm.scale"])
    #expect(try NameMap(yaml: map.yaml) == map)
  }

  @Test func readsItsOwnPrintedForm() throws {
    #expect(try NameMap(yaml: Self.map.yaml) == Self.map)
    #expect(try NameMap(yaml: Self.map.inverted.yaml) == Self.map.inverted)
  }

  @Test(arguments: [
    "", "rules: 3", "rules: [3]", "rules: [{theirs: a}]",
    "rules: [{theirs: a, ours: b, colour: red}]",
    "rules: [{theirs: 'a{s}', ours: b}]", "rules: [{theirs: a, ours: [b, c]}]",
    "rules: [{theirs: a, ours: b, axis: 0}]", "rules: [{theirs: a, ours: b, permute: [0, 2]}]",
    "rules: [{theirs: a, ours: b, reshape: [1]}]",
    "rules: [{theirs: [a, b], ours: [c, d], axis: 0}]",
    "rules: [{ours: b, value: 0, dtype: int65}]",
    "rules: [{ours: b, value: 0, shape: [99999999, 99999999]}]",
    "rules: [{theirs: a, ours: b, permute: 1]",
    "rules: [{theirs: [], ours: b}, {theirs: [], drop: true}]",
  ])
  func refusesRulesThatSayNothing(_ text: String) {
    #expect(throws: DataError.self) { try NameMap(yaml: text) }
  }

  @Test func changesTheOneThatSeveralMake() throws {
    let map = NameMap([
      NameRule.joined(
        ["q", "k"], "qk", axis: 1, .reshape(from: [2, 2, 2], to: [2, 4]), .permute([1, 0])),
      .sum("places", ["table", "row"], .leadingRows(1)),
    ])
    let theirs = [
      Self.tensor("q", [2, 1, 2]), Self.tensor("k", [2, 1, 2], from: 10),
      Self.tensor("places", [2, 2], from: 20),
    ]
    let there = try map.apply(to: theirs)
    let values = try there.tensors.map { try $0.entry.load() }
    #expect(there.tensors.map(\.entry.name) == ["qk", "table", "row"])
    #expect(values[0].floats == [0, 2, 1, 3, 10, 12, 11, 13] && values[0].shape == [4, 2])
    #expect(values[1].floats == [0, 0, 20, 21, 22, 23] && values[1].shape == [3, 2])
    #expect(values[2].floats == [0, 0] && values[2].shape == [1, 2])
    var ours = there.tensors
    ours[2] = Self.tensor("row", [1, 2], from: 1)
    let back = try map.inverted.apply(to: ours)
    #expect(back.tensors.map(\.entry.name) == ["q", "k", "places"])
    for (tensor, original) in zip(back.tensors.prefix(2), theirs) {
      #expect(try tensor.entry.load().floats == original.entry.load().floats)
      #expect(tensor.entry.shape == original.entry.shape)
    }
    #expect(try back.tensors[2].entry.load().floats == [21, 23, 23, 25])
    let sum = NameMap([map.rules[1]])
    #expect(try NameMap(yaml: sum.yaml) == sum)
  }

  @Test func refusesRowsThatAreNotThere() throws {
    let map = NameMap([.rename("a", "b", .withoutLeadingRows(3))])
    #expect { try map.apply(to: [Self.tensor("a", [2, 3])]) } throws: { error in
      (error as? DataError)?.code == .mismatch && "\(error)".contains("rows")
    }
    let sum = NameMap([.sum("c", ["table", "row"])]).inverted
    #expect {
      try sum.apply(to: [Self.tensor("table", [3, 2]), Self.tensor("row", [2, 2])])
    } throws: { error in
      (error as? DataError)?.code == .mismatch
    }
    #expect(throws: DataError.self) {
      try NameMap(yaml: "rules:\n  - {theirs: a, ours: b, sum: true}")
    }
  }

  @Test func makesWhatHasOneNameWhenNobodySaysWhatThereShouldBe() throws {
    let map = NameMap([
      .rename("a", "b"), .synthesise("c", NameRule.StandIn(0, dataType: .float32, shape: [2])),
      .synthesise("d.{i}", NameRule.StandIn(0, dataType: .float32)),
    ])
    let account = try map.apply(to: [Self.tensor("a", [1])])
    #expect(account.tensors.map(\.entry.name) == ["b", "c"] && account.synthesised == ["c"])
  }
}
