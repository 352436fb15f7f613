import BinaryIO
import Formats
import JSON
import OrderedCollections

extension Checkpoint {
  /// Takes the state of an optimiser that lies beside the weights.
  mutating func adoptOptimizer(
    of file: PyTorchFile, _ found: StateDictFinder, _ builder: TensorBuilder,
    _ reach: TensorReach
  ) {
    let places = OptimizerStateReader.places(
      among: found.auxiliary + found.plain, wrappers: found.path, file.heap)
    guard let place = places.first else { return }
    let name = place.path.joined(separator: ".")
    guard places.count == 1 else {
      optimizerError = DataError(
        .unsupported, "holds the states of \(places.count) optimizers, and one is gone on with",
        subject: name)
      return
    }
    do {
      let reader = OptimizerStateReader(builder: builder, weights: tensors)
      var record = try naming("optimizer state '\(name)'") { try reader.record(place.value) }
      record.place = name
      record.globalStep =
        OptimizerRecord.stepCounters.compactMap { metadata[$0]?.integer }.first
      optimizer = record
      // Weights that lie beside the state, under no name of their own, are written as usual
      guard !found.path.isEmpty else { return }
      native = PyTorchLayout(
        file.heap, root: file.root, reach: reach, weights: found.path, optimizer: place.path)
    } catch {
      optimizerError = error as? DataError ?? DataError(.malformed, "\(error)", subject: name)
    }
  }
}
