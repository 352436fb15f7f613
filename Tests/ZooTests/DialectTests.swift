import BinaryIO
import Formats
import ModelGraph
import OrderedCollections
import Tensors
import Testing
import Zoo

@Suite struct DialectTests {
  /// Every variant in every dialect that has it.
  static let pairs: [(variant: String, dialect: Dialect)] = Catalogue.standard.variants.flatMap {
    variant in
    Dialect.all.filter { variant.configuration.nameMap(for: $0) != nil }
      .map { (variant.name, $0) }
  }

  @Test func coversEveryVariant() {
    #expect(Self.pairs.count > Catalogue.standard.variants.count)
    #expect(Set(Self.pairs.map(\.variant)).count == Catalogue.standard.variants.count)
  }

  @Test(arguments: pairs)
  func mapsNamesOneToOneAndBack(variant: String, dialect: Dialect) throws {
    let configuration = try Catalogue.standard.variant(named: variant).configuration
    let map = try #require(configuration.nameMap(for: dialect))
    let definition = try configuration.build()
    #expect(
      Set(definition.graph.parameters.map { definition.graph[$0].name })
        .isSubset(of: definition.state))
    var theirs: [String: Set<String>] = [:]
    var left = 0
    for name in definition.state {
      let mapped = try #require(map.inverted.names(for: name), "\(name) has no rule")
      if mapped.isEmpty {
        // Keras counts no batches, and KerasHub's RoBERTa has no pooler
        let isLeft = name.hasSuffix("num_batches_tracked") || name.hasPrefix("pooler.")
        #expect(dialect.isChannelsLast && isLeft, "\(name)")
        left += 1
        continue
      }
      // One of theirs may hold several of ours (queries, keys and values), and then all of these and no other
      let target = try #require(mapped.first)
      let back = try #require(map.names(for: target))
      #expect(
        mapped.count == 1 ? back.contains(name) : back == [name],
        "\(name) is \(mapped), which is \(back)")
      #expect(theirs[target, default: Set(back)] == Set(back), "\(target) is more than \(back)")
      theirs[target] = Set(back)
    }
    #expect(theirs.values.reduce(left) { $0 + $1.count } >= definition.graph.parameters.count)
  }

  @Test(arguments: [
    ("torchvision/resnet50", Dialect.huggingFace, "huggingface/resnet50"),
    ("huggingface/resnet50", .torchvision, "torchvision/resnet50"),
    ("torchvision/resnet50", .kerasHub, "kerashub/resnet50"),
    ("kerashub/resnet50", .torchvision, "torchvision/resnet50"),
    ("timm/mobilenetv2_100", .torchvision, "torchvision/mobilenet_v2"),
    ("torchvision/mobilenet_v2", .timm, "timm/mobilenetv2_100"),
    ("timm/resnetv2_50", .kerasHub, "kerashub/resnet50-v2"),
    ("kerashub/resnet50-v2", .timm, "timm/resnetv2_50"),
  ])
  func writesTheNamesAndShapesThatTheLibraryHas(
    source: String, dialect: Dialect, target: String
  ) throws {
    let weights = RealNames.weights(source)
    let model = try #require(Catalogue.standard.recognise(weights)).model(weights: weights)
    let expressed = try model.expressed(in: dialect)
    let wanted = RealNames.weights(target)
    #expect(Set(expressed.tensors.map(\.entry.name)) == Set(wanted.map(\.entry.name)))
    for tensor in wanted {
      let ours = expressed.tensors.first { $0.entry.name == tensor.entry.name }
      #expect(ours?.entry.shape == tensor.entry.shape)
    }
    let graph = try #require(expressed.graph)
    let names = graph.parameters.map { graph[$0].name }
    #expect(Set(names).isSubset(of: expressed.tensors.map(\.entry.name)))
    #expect(expressed.account.unknown.isEmpty)
  }

  @Test(arguments: [
    ("keras.applications/ResNet50", Dialect.torchvision, "the same name, another architecture"),
    ("keras.applications/ResNet50V2", .torchvision, "no pre-activated ResNet"),
    ("keras.applications/ResNet50", .huggingFace, "biases"),
    ("keras.applications/MobileNetV2", .torchvision, "padded at the end"),
    ("torchvision/resnet50", .kerasApplications, "strides stand in the 3×3"),
    ("torchvision/resnext50_32x4d", .huggingFace, "32 groups"),
    ("torchvision/mobilenet_v2", .kerasHub, "no MobileNetV2"),
  ])
  func refusesAnotherArchitectureOfTheSameName(
    source: String, dialect: Dialect, reason: String
  ) throws {
    let weights = RealNames.weights(source)
    let model = try #require(Catalogue.standard.recognise(weights)).model(weights: weights)
    #expect {
      try model.expressed(in: dialect)
    } throws: { error in
      (error as? DataError)?.code == .unsupported && "\(error)".contains(reason)
    }
  }

  @Test(arguments: [
    ("hf", Dialect.huggingFace), ("HuggingFace", .huggingFace), ("keras", .kerasApplications),
    ("keras-applications", .kerasApplications), ("KerasHub", .kerasHub), ("timm", .timm),
  ])
  func understandsWhatPeopleCallADialect(name: String, dialect: Dialect) {
    #expect(Dialect(named: name) == dialect)
    #expect(Dialect(named: "caffe") == nil)
  }
}
