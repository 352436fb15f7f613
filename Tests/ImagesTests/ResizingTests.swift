import BinaryIO
import Images
import Tensors
import TestSupport
import Testing

@Suite struct ResizingTests {
  static let imageNet = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

  @Test(
    arguments: [Interpolation.nearest, .bilinear, .bicubic, .lanczos],
    [(32, 32), (17, 40), (97, 71), (64, 48), (5, 3), (1, 1)])
  func resizesToPillowsPixels(filter: Interpolation, size: (Int, Int)) throws {
    let photo = try Picture(contentsOf: Fixtures.path("images/photo.png"))
    let name = "\(filter.rawValue)-\(size.0)x\(size.1)"
    let golden = try #require(try NumPyArrays.arrays("images/resized.npz")[name])
    let resized = photo.resized(width: size.0, height: size.1, filter)
    #expect(golden.shape == [resized.height, resized.width, 3])
    let pixels = golden.values(as: UInt8.self)
    #expect(zip(pixels, resized.pixels).filter { $0 != $1 }.count == 0)
  }

  static let preparations: [(String, Preprocessing)] = [
    (
      "torchvision",
      Preprocessing(
        resize: .shortestEdge(40), crop: .init(height: 32, width: 32), mean: imageNet.0,
        standardDeviation: imageNet.1)
    ),
    (
      "timm",
      Preprocessing(
        resize: .shortestEdge(36), interpolation: .bicubic, crop: .init(height: 32, width: 32),
        mean: imageNet.0, standardDeviation: imageNet.1)
    ),
    (
      "larger crop",
      Preprocessing(
        resize: .shortestEdge(24), crop: .init(height: 32, width: 32), mean: imageNet.0,
        standardDeviation: imageNet.1)
    ),
    (
      "keras caffe",
      Preprocessing(
        resize: .exactly(height: 32, width: 32), interpolation: .nearest, scale: 1,
        mean: [103.939, 116.779, 123.68], channelOrder: .bgr)
    ),
    (
      "keras tf",
      Preprocessing(
        resize: .exactly(height: 32, width: 32), interpolation: .nearest, scale: 1 / 127.5,
        mean: [1, 1, 1])
    ),
    (
      "keras torch",
      Preprocessing(
        resize: .exactly(height: 32, width: 32), interpolation: .nearest, mean: imageNet.0,
        standardDeviation: imageNet.1)
    ),
  ]

  @Test(arguments: ["photo.png", "tall.png"], preparations)
  func preparesPicturesAsTheLibrariesDo(
    file: String, preparation: (name: String, preprocessing: Preprocessing)
  ) throws {
    let picture = try Picture(contentsOf: Fixtures.path("images/\(file)"))
    let arrays = try NumPyArrays.arrays("images/prepared.npz")
    let golden = try #require(arrays["\(file) \(preparation.name)"])
    let (values, size) = preparation.preprocessing.values(of: picture)
    #expect(golden.shape == [3, size.height, size.width])
    let scale: Float = preparation.name == "keras caffe" ? 255 : 3
    for (ours, theirs) in zip(values, golden.floats) {
      guard abs(ours - theirs) > scale * 2 * .ulpOfOne else { continue }
      Issue.record("\(ours), not \(theirs)")
      break
    }
  }

  @Test func laysChannelsLast() throws {
    let picture = Picture(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    var preprocessing = Preprocessing(resize: .none, scale: 1)
    #expect(preprocessing.values(of: picture).values == [1, 4, 2, 5, 3, 6])
    preprocessing.isChannelsLast = true
    #expect(preprocessing.values(of: picture).values == [1, 2, 3, 4, 5, 6])
    preprocessing.channelOrder = .bgr
    #expect(preprocessing.values(of: picture).values == [3, 2, 1, 6, 5, 4])
  }
}
