import BinaryIO
import Formats
import Images
import JSON
import OrderedCollections
import Tensors
import Testing
import Zoo

@Suite struct RecognitionTests {
  @Test(
    arguments: [
      ("torchvision/resnet18", "ResNet", "ResNet-18", "torchvision", 1000),
      ("torchvision/resnet34", "ResNet", "ResNet-34", "torchvision", 1000),
      ("torchvision/resnet50", "ResNet", "ResNet-50", "torchvision", 1000),
      ("torchvision/resnext50_32x4d", "ResNet", "ResNeXt-50 32x4d", "torchvision", 1000),
      ("torchvision/mobilenet_v2", "MobileNetV2", "MobileNetV2", "torchvision", 1000),
      ("timm/resnetv2_50", "ResNet", "ResNet-50 v2", "timm", 1000),
      ("timm/mobilenetv2_050", "MobileNetV2", "MobileNetV2 0.5", "timm", 1000),
      ("timm/mobilenetv2_100", "MobileNetV2", "MobileNetV2", "timm", 1000),
      ("timm/mobilenetv2_110d", "MobileNetV2", "MobileNetV2 110d", "timm", 1000),
      ("huggingface/resnet50", "ResNet", "ResNet-50", "huggingface", 1000),
      ("huggingface/resnet18", "ResNet", "ResNet-18", "huggingface", 2),
      ("huggingface/resnet50-backbone", "ResNet", "ResNet-50", "huggingface", nil),
      ("huggingface/mobilenet_v2", "MobileNetV2", "MobileNetV2", "huggingface", 1001),
      ("keras.applications/ResNet50", "ResNet", "ResNet-50 v1", "keras.applications", 1000),
      ("keras.applications/ResNet50-backbone", "ResNet", "ResNet-50 v1", "keras.applications", nil),
      ("keras.applications/ResNet50V2", "ResNet", "ResNet-50 v2", "keras.applications", 1000),
      ("keras.applications/MobileNetV2", "MobileNetV2", "MobileNetV2", "keras.applications", 1000),
      (
        "keras.applications/MobileNetV2-0.5", "MobileNetV2", "MobileNetV2 0.5",
        "keras.applications",
        1000
      ),
      ("kerashub/resnet50", "ResNet", "ResNet-50", "kerashub", 1000),
      ("kerashub/resnet50-v2", "ResNet", "ResNet-50 v2", "kerashub", 1000),
    ] as [(String, String, String, String, Int?)])
  func knowsARealModelByItsNamesAndShapes(
    model: String, family: String, variant: String, dialect: String, classes: Int?
  ) throws {
    let weights = RealNames.weights(model)
    let nearest = Catalogue.standard.resemblances(of: weights).first
    let found = try #require(Catalogue.standard.recognise(weights), "\(nearest?.description ?? "")")
    #expect(found.family == family)
    #expect(found.variant == variant)
    #expect(found.dialect.rawValue == dialect)
    #expect(found.configuration.classes == classes)
    #expect(found.evidence.count >= 3)
    let made = try found.model(weights: weights)
    #expect(made.account.isComplete)
    #expect(made.weights.count == weights.count + made.account.synthesised.count)
    #expect((made.labels?.count ?? classes) == classes || classes == 2)
  }

  @Test(arguments: ["module.", "_orig_mod.", "model.", "module.backbone.", "net.encoder."])
  func stripsWhatStandsBeforeTheNames(prefix: String) throws {
    let weights = RealNames.weights("torchvision/resnet18").map { tensor in
      RealNames.empty(prefix + tensor.entry.name, tensor.entry.shape)
    }
    let found = try #require(Catalogue.standard.recognise(weights))
    #expect(found.variant == "ResNet-18")
    #expect(found.prefix == prefix)
    #expect(try found.model(weights: weights).weights.first?.entry.name == "conv1.weight")
  }

  @Test(arguments: [
    ("torchvision/resnet50", "layer3.2.conv2.weight", "ResNet-50 (torchvision)"),
    ("torchvision/resnet18", "layer2.0.conv1.weight", "ResNet-18 (torchvision)"),
    ("torchvision/mobilenet_v2", "features.9.conv.1.0.weight", "MobileNetV2 (torchvision)"),
    (
      "keras.applications/ResNet50V2", "conv4_block2_1_conv.weight",
      "ResNet-50 v2 (keras.applications)"
    ),
    (
      "keras.applications/MobileNetV2", "block_3_project.weight", "MobileNetV2 (keras.applications)"
    ),
  ])
  func saysWhatIsMissing(model: String, name: String, variant: String) throws {
    let weights = RealNames.weights(model).filter { $0.entry.name != name }
    #expect(Catalogue.standard.recognise(weights) == nil)
    let nearest = try #require(Catalogue.standard.resemblances(of: weights).first)
    #expect(nearest.description == "looks like \(variant), but '\(name)' is missing")
    #expect(throws: DataError.self) { try nearest.model(weights: weights) }
  }

  @Test func saysWhatDoesNotBelong() throws {
    let weights =
      RealNames.weights("torchvision/resnet18") + [RealNames.empty("fc2.weight", [2, 2])]
    #expect(Catalogue.standard.recognise(weights) == nil)
    let nearest = try #require(Catalogue.standard.resemblances(of: weights).first)
    #expect(nearest.differences == ["'fc2.weight' does not belong to it"])
  }

  @Test func namesATensorOfAnotherShape() throws {
    let weights = RealNames.weights("torchvision/resnet18").map { tensor in
      tensor.entry.name == "layer2.0.bn1.bias"
        ? RealNames.empty(tensor.entry.name, [127]) : tensor
    }
    let nearest = try #require(Catalogue.standard.resemblances(of: weights).first)
    #expect(nearest.differences == ["'layer2.0.bn1.bias' is [127], not [128]"])
  }

  @Test func takesADeepStemForWhatItIs() throws {
    #expect(Catalogue.standard.recognise(RealNames.weights("timm/resnet50d")) == nil)
  }

  @Test func refusesSizesThatNoTensorCanHave() {
    let huge = 1 << 40
    let weights = [
      RealNames.empty("conv1.weight", [huge, 1, 1, 1]),
      RealNames.empty("layer1.0.conv1.weight", [huge, 1, 1, 1]),
      RealNames.empty("layer1.0.conv2.weight", [1, huge, 1, 1]),
      RealNames.empty("fc.weight", []),
    ]
    #expect(Catalogue.standard.recognise(weights) == nil)
  }

  @Test func followsAPersonWhoKnowsBetter() {
    let weights = RealNames.weights("torchvision/resnet18")
    #expect(Catalogue.standard.recognise(weights, as: "resnet18") != nil)
    #expect(Catalogue.standard.recognise(weights, as: "ResNet") != nil)
    #expect(Catalogue.standard.recognise(weights, as: "resnet50") == nil)
  }

  @Test func takesTimmAtItsWord() throws {
    let sidecars: Sidecars = [
      "config.json": [
        "architecture": "resnet18",
        "pretrained_cfg": [
          "input_size": [3, 288, 288], "interpolation": "bicubic", "crop_pct": 0.95,
          "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
        ],
      ]
    ]
    let weights = RealNames.weights("torchvision/resnet18")
    let found = try #require(Catalogue.standard.recognise(weights, sidecars: sidecars))
    #expect(found.dialect == .timm)
    let model = try found.model(weights: weights, sidecars: sidecars)
    #expect(model.preprocessing?.resize == .shortestEdge(303))
    #expect(model.preprocessing?.outputSize?.height == 288)
    #expect(model.preprocessing?.interpolation == .bicubic)
    #expect(model.preprocessing?.standardDeviation == [0.25, 0.25, 0.25])
  }

  @Test func suggestsNamesThatAreAlike() throws {
    #expect(try Catalogue.standard.variant(named: "resnext50_32x4d").name == "ResNeXt-50 32x4d")
    #expect {
      try Catalogue.standard.variant(named: "resnet51")
    } throws: { error in
      "\(error)".contains("ResNet-50")
    }
  }
}
