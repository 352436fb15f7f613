import BinaryIO

/// The order in which the layers of a Functional model can be called.
struct KerasPlan {
  /// A call of a layer.
  struct Place: Hashable {
    var layer: Int
    var call: Int
  }

  /// One of the tensors that a call gives.
  struct Reference {
    var place: Place
    var output: Int
  }

  struct Step {
    var place: Place
    var inputs: [Reference]
  }

  private(set) var inputs: [Place] = []
  private(set) var outputs: [Reference] = []
  private(set) var steps: [Step] = []
  private let indices: [String: Int]
  /// Layers that are models and whose calls the other layers count from 1.
  private var countedFromOne: Set<String> = []

  /// - Throws: `.malformed` for references to layers that are not there, and for circles.
  init(_ model: KerasModel) throws {
    indices = Dictionary(
      model.layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    countedFromOne = KerasPlan.countedFromOne(model)
    inputs = try model.inputs.flatMap(\.tensors).map { end in
      Place(layer: try layer(end.layer, "input_layers"), call: 0)
    }
    outputs = try model.outputs.flatMap(\.tensors).map { end in
      try output(end, model)
    }
    var waiting: [Place: (step: Step, missing: Int)] = [:]
    var followers: [Place: [Place]] = [:]
    var ready = inputs
    for (i, layer) in model.layers.enumerated() where layer.className != "InputLayer" {
      for (j, call) in layer.calls.enumerated() {
        let place = Place(layer: i, call: j)
        let needed = try call.arguments.flatMap(\.tensors).map {
          try reference($0, model, "layer '\(layer.name)'")
        }
        waiting[place] = (Step(place: place, inputs: needed), needed.count)
        for reference in needed { followers[reference.place, default: []].append(place) }
        if needed.isEmpty {
          throw DataError(.malformed, "is called with nothing", subject: "layer '\(layer.name)'")
        }
      }
    }
    var next = 0
    while next < ready.count {
      for follower in followers[ready[next]] ?? [] {
        guard var entry = waiting[follower] else { continue }
        entry.missing -= 1
        waiting[follower] = entry
        if entry.missing == 0 {
          waiting[follower] = nil
          steps.append(entry.step)
          ready.append(follower)
        }
      }
      next += 1
    }
    let reached = Set(ready)
    for output in outputs where !reached.contains(output.place) {
      throw DataError(
        .malformed,
        "the output '\(model.layers[output.place.layer].name)' does not follow from the inputs: "
          + "a circle, or a missing input")
    }
    if let stuck = waiting.keys.min(by: { $0.layer < $1.layer }) {
      throw DataError(
        .malformed, "is part of a circle, or lacks an input",
        subject: "layer '\(model.layers[stuck.layer].name)'")
    }
  }

  /// Keras 2 counts the calls of a model from 1, since a model has been called once when it was made; Keras 3 does so only
  /// for a Functional model among the outputs.
  private static func countedFromOne(_ model: KerasModel) -> Set<String> {
    var used: [String: [Int]] = [:]
    for layer in model.layers {
      for tensor in layer.calls.flatMap(\.arguments).flatMap(\.tensors) {
        used[tensor.layer, default: []].append(tensor.call)
      }
    }
    return Set(
      model.layers.filter { layer in
        guard layer.model != nil, let calls = used[layer.name] else { return false }
        return calls.allSatisfy { $0 >= 1 } && calls.contains(layer.calls.count)
      }.map(\.name))
  }

  private func output(_ end: (layer: String, call: Int, output: Int), _ model: KerasModel) throws
    -> Reference
  {
    var end = end
    if let inner = model.layers.first(where: { $0.name == end.layer }),
      let kind = inner.model?.kind,
      !countedFromOne.contains(inner.name), end.call >= 1,
      kind == .functional || end.call == inner.calls.count
    {
      end.call -= 1
    }
    return try reference(end, model, "output_layers")
  }

  private func layer(_ name: String, _ subject: String) throws -> Int {
    guard let index = indices[name] else {
      throw DataError(
        .malformed, "refers to the layer '\(name)', which is not there", subject: subject)
    }
    return index
  }

  private func reference(
    _ tensor: (layer: String, call: Int, output: Int), _ model: KerasModel, _ subject: String
  ) throws -> Reference {
    let index = try layer(tensor.layer, subject)
    let calls = model.layers[index].className == "InputLayer" ? 1 : model.layers[index].calls.count
    let call = countedFromOne.contains(tensor.layer) ? tensor.call - 1 : tensor.call
    guard call >= 0, call < calls, tensor.output >= 0 else {
      throw DataError(
        .malformed, "refers to call \(tensor.call) of '\(tensor.layer)', which has \(calls)",
        subject: subject)
    }
    return Reference(place: Place(layer: index, call: call), output: tensor.output)
  }
}
