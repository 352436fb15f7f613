import Images
import ModelGraph
import Tensors

/// The door through which a model takes a picture.
struct PictureInput {
  let name: String
  let preprocessing: Preprocessing
  private let channels: Int

  /// Nil when the value cannot be a picture: not four axes, or neither one nor three channels.
  init?(_ value: Value, preprocessing known: Preprocessing?) {
    guard let dimensions = value.type.dimensions, dimensions.count == 4 else { return nil }
    let isPlanar = [1, 3].contains(dimensions[1].value ?? 3)
    let isChannelsLast = !isPlanar || dimensions[1].value == nil && dimensions[3].value != nil
    let channelAxis = isChannelsLast ? 3 : 1
    guard [1, 3].contains(dimensions[channelAxis].value ?? 3) else { return nil }
    let height = dimensions[isChannelsLast ? 1 : 2].value
    let width = dimensions[isChannelsLast ? 2 : 3].value
    var preprocessing =
      known
      ?? Preprocessing(
        resize: .exactly(height: height ?? width ?? 224, width: width ?? height ?? 224))
    preprocessing.isChannelsLast = isChannelsLast
    if let height, let width, preprocessing.outputSize != .init(height: height, width: width) {
      // The graph takes one size only: the picture is made to fit it
      preprocessing.resize = .exactly(height: height, width: width)
      preprocessing.crop = nil
    }
    name = value.name
    channels = dimensions[channelAxis].value ?? 3
    self.preprocessing = preprocessing
  }

  func tensor(of picture: Picture) -> Tensor {
    let (values, size) = preprocessing.values(of: picture)
    let shape: Shape =
      preprocessing.isChannelsLast
      ? [1, size.height, size.width, 3] : [1, 3, size.height, size.width]
    return adapted(Tensor(shape: shape, values))
  }

  /// Pictures of three channels with as many as the model takes.
  func adapted(_ pictures: Tensor) -> Tensor { channels == 3 ? pictures : gray(pictures) }

  /// One channel of brightness.
  ///
  /// - Source: ITU-R BT.601 luma, as in PIL's conversion to `L`.
  private func gray(_ tensor: Tensor) -> Tensor {
    let axis = preprocessing.isChannelsLast ? 3 : 1
    let parts = (0..<3).map { tensor.sliced(axis: axis, $0..<($0 + 1)).floats }
    let weights: [Float] = [0.299, 0.587, 0.114]
    let values = parts[0].indices.map { i in
      weights[0] * parts[0][i] + weights[1] * parts[1][i] + weights[2] * parts[2][i]
    }
    var shape = tensor.shape.dimensions
    shape[axis] = 1
    return Tensor(shape: Shape(shape), values)
  }
}
