import BinaryIO
import Formats
import Menagerie
import NumPyConverter
import Tensors
import TestSupport

/// Short runs whose optimisers are written beside the weights, in a folder that goes away.
struct TravellingRuns {
  let scratch = ScratchDirectory()
  static let resnet = Fixtures.path("architectures/torchvision-resnet-basic/model.pth")

  func data(
    _ range: Range<Int>, classes: Int = 10, isKeras: Bool = false
  ) throws -> String {
    let shape: Shape = isKeras ? [range.count, 32, 32, 3] : [range.count, 3, 33, 33]
    let size = shape.elementCount / range.count
    let numbers = (range.lowerBound * size..<range.upperBound * size).map {
      Float($0 * 7919 % 1009) / 504 - 1
    }
    let path = scratch.file("data-\(range.lowerBound)-\(range.upperBound).npz")
    try NPZ.write(
      [
        TensorEntry(name: isKeras ? "image" : "input", Tensor(shape: shape, numbers)),
        TensorEntry(name: "labels", Tensor(range.map { Int64($0 * 7 % classes) })),
      ], to: path)
    return path
  }

  func options(_ optimizer: String?) -> FineTuningOptions {
    var options = FineTuningOptions()
    options.method = "full"
    options.optimizer = optimizer
    (options.epochs, options.batchSize, options.threads) = (1, 2, 1)
    options.schedule = "constant"
    (options.validationShare, options.shuffles) = (0, false)
    return options
  }

  /// Learns from a file and writes the result with its optimiser.
  func learn(
    _ file: String, _ range: Range<Int>, _ options: FineTuningOptions, to name: String
  ) throws -> (tuner: FineTuner, file: String) {
    let isKeras = !file.hasSuffix(".pth")
    var tuner = try FineTuner(
      Model(contentsOf: file), data: data(range, isKeras: isKeras), options: options)
    try tuner.run()
    let path = scratch.file(name)
    _ = try converter.convert(tuner.modelWithOptimizer(), to: path)
    return (tuner, path)
  }

  /// One that takes states of optimizers along.
  var converter: Converter {
    var conversion = ConversionOptions()
    conversion.keepsOptimizer = true
    return Converter(options: conversion)
  }
}
