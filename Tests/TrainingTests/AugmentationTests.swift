import BinaryIO
import Images
import Tensors
import TestSupport
import Testing

@testable import Training

/// The pictures of torchvision's changes on PIL: `scripts/fixtures/training_pictures.py`.
@Suite struct AugmentationTests {
  static let golden = (try? NumPyArrays.arrays("training/pictures.npz")) ?? [:]

  let photo: Picture
  /// The part of it that the golden pictures were made of.
  let part: Picture

  init() throws {
    photo = try Picture(contentsOf: Fixtures.path("images/photo.png"))
    part = photo.cropped(x: 12, y: 8, width: 40, height: 28)
  }

  /// All bytes equal but for a share of pixels: of those that lie on an edge between two, rounding decides.
  func expectEqual(
    _ picture: Picture, _ name: String, but share: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let wanted = try #require(Self.golden[name], "\(name)", sourceLocation: sourceLocation)
    #expect(
      wanted.shape == [picture.height, picture.width, 3], sourceLocation: sourceLocation)
    let other = zip(picture.pixels, wanted.floats).count { Float($0) != $1 }
    #expect(
      Double(other) <= share * Double(picture.pixels.count), "\(name): \(other) bytes differ",
      sourceLocation: sourceLocation)
  }

  @Test(arguments: RandAugment.Change.allCases)
  func changesAreTorchvisions(change: RandAugment.Change) throws {
    let augment = RandAugment(magnitude: 11)
    if change == .identity {
      #expect(augment.applied(change, 1, to: part) == part)
      return
    }
    let moves: [RandAugment.Change] = [.shearX, .shearY, .rotate]
    for sign in [1.0, -1.0] {
      let name = "\(change)\(sign < 0 ? "-" : "")"
      if sign < 0, Self.golden[name] == nil { continue }
      try expectEqual(
        augment.applied(change, sign, to: part), name, but: moves.contains(change) ? 0.01 : 0)
    }
  }

  @Test func coloursAndPartsAreTorchvisions() throws {
    try expectEqual(part.hue(0.3), "hue 0.3")
    try expectEqual(part.hue(-0.1), "hue -0.1")
    try expectEqual(part.contrast(3), "contrast 3")
    try expectEqual(part.flipped(), "flipped")
    try expectEqual(
      part.cropped(x: 7, y: 5, width: 31, height: 20).resized(width: 32, height: 24, .bilinear),
      "cropped")
  }

  @Test func smallAndPlainPicturesAreBorne() {
    for picture in [
      Picture(width: 1, height: 1, pixels: [1, 2, 3]),
      Picture(width: 2, height: 3, pixels: [UInt8](repeating: 255, count: 18)),
    ] {
      for change in RandAugment.Change.allCases {
        for magnitude in [0, 30] {
          for sign in [1.0, -1.0] {
            let changed = RandAugment(magnitude: magnitude).applied(change, sign, to: picture)
            #expect(changed.pixels.count == picture.pixels.count)
          }
        }
      }
      for turn in [-0.5, 0, 0.5] { #expect(picture.hue(turn).width == picture.width) }
    }
  }

  @Test func cropsHaveTheSizesThatAreAllowed() {
    var random = RandomNumbers(seed: 1)
    let crop = RandomCrop(scale: 0.2..<0.9)
    var areas: [Double] = []
    for _ in 0..<500 {
      let part = crop.part(of: photo, &random)
      #expect(part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0)
      #expect(part.x + part.width <= photo.width && part.y + part.height <= photo.height)
      let ratio = Double(part.width) / Double(part.height)
      #expect(ratio > 0.7 && ratio < 1.42)
      areas.append(Double(part.width * part.height) / Double(photo.width * photo.height))
    }
    #expect(areas.min()! > 0.18 && areas.min()! < 0.25 && areas.max()! > 0.7)
    // A strip has no part of an allowed shape and size: its middle is taken.
    let strip = Picture(width: 40, height: 2, pixels: [UInt8](repeating: 0, count: 240))
    let part = RandomCrop(scale: 0.9..<1).part(of: strip, &random)
    #expect(part.height == 2 && part.width == 3 && part.x == 18)
  }

  @Test func whatHappensFollowsFromSeedEpochAndSample() throws {
    let entries = ["photo.png", "420.jpg", "tall.png"].map {
      PictureFolder.Entry(path: Fixtures.path("images/\($0)"), label: 0)
    }
    let preprocessing = Preprocessing(resize: .shortestEdge(36), crop: .init(height: 32, width: 32))
    let augmentation = Augmentation(jitter: ColourJitter(hue: 0.1), randAugment: RandAugment())
    func loader(_ seed: UInt64, _ augmentation: Augmentation?) -> PictureLoader {
      PictureLoader(entries, preprocessing, augmentation: augmentation, seed: seed)
    }
    func values(_ loader: PictureLoader, _ indices: [Int], epoch: Int) throws -> [Float] {
      try loader.batch(indices, epoch: epoch).pictures.floats
    }
    let first = try values(loader(1, augmentation), [0, 1, 2], epoch: 0)
    let count = first.count / 3
    let turned = try values(loader(1, augmentation), [2, 0, 1], epoch: 0)
    #expect(Array(first[count...]) + first[..<count] != first)
    #expect(Array(first[(2 * count)...]) + first[..<(2 * count)] == turned)
    #expect(try values(loader(1, augmentation), [0, 1, 2], epoch: 1) != first)
    #expect(try values(loader(2, augmentation), [0, 1, 2], epoch: 0) != first)
    let plain = try values(loader(1, nil), [0], epoch: 0)
    #expect(plain == preprocessing.values(of: photo).values)
    let still = Augmentation(crop: nil, flipProbability: 0)
    #expect(try values(loader(1, still), [0], epoch: 5) == plain)
  }
}
