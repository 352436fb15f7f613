extension ExportedModel {
  /// The same model with its layers in the order in which Keras will have them once it has built it.
  ///
  /// Keras finds the weights of a file by the place of their layer in this order: by the longest way to an output, and among equals
  /// as a walk from the outputs backwards meets them.
  /// - Source: Keras 3.15, `ops/function.py`, `map_graph`.
  func inKerasOrder() -> ExportedModel {
    struct Call: Hashable {
      var layer: Int
      var call: Int
    }
    func inputs(_ call: Call) -> [Call] {
      layers[call.layer].calls.indices.contains(call.call)
        ? layers[call.layer].calls[call.call].map { Call(layer: $0.layer, call: $0.call) } : []
    }

    // The walk, without recursion: a call is finished when its inputs are
    var met: [Int: Int] = [:]
    var finished: [Call] = []
    var isFinished: Set<Call> = []
    for output in outputs {
      var waiting = [(call: Call(layer: output.layer, call: output.call), next: 0)]
      while let (call, next) = waiting.last {
        if next == 0 {
          if isFinished.contains(call) {
            waiting.removeLast()
            continue
          }
          if met[call.layer] == nil { met[call.layer] = met.count }
        }
        let needed = inputs(call)
        if next < needed.count {
          waiting[waiting.count - 1].next += 1
          waiting.append((needed[next], 0))
        } else {
          waiting.removeLast()
          if isFinished.insert(call).inserted { finished.append(call) }
        }
      }
    }

    var depths: [Call: Int] = [:]
    var layerDepths: [Int: Int] = [:]
    for call in finished.reversed() {
      let depth = max(depths[call] ?? 0, layerDepths[call.layer] ?? 0)
      depths[call] = depth
      layerDepths[call.layer] = depth
      for needed in inputs(call) { depths[needed] = max(depths[needed] ?? 0, depth + 1) }
    }
    let order = layers.indices.sorted { a, b in
      let (depthA, depthB) = (layerDepths[a] ?? 0, layerDepths[b] ?? 0)
      return depthA == depthB ? (met[a] ?? -1) < (met[b] ?? -1) : depthA > depthB
    }
    return reordered(order)
  }

  private func reordered(_ order: [Int]) -> ExportedModel {
    var places = [Int](repeating: 0, count: order.count)
    for (place, layer) in order.enumerated() { places[layer] = place }
    func moved(_ tensor: ExportedTensor) -> ExportedTensor {
      var tensor = tensor
      tensor.layer = places[tensor.layer]
      return tensor
    }
    var result = self
    result.layers = order.map { index in
      var layer = layers[index]
      layer.calls = layer.calls.map { $0.map(moved) }
      return layer
    }
    result.inputs = inputs.map(moved)
    result.outputs = outputs.map(moved)
    return result
  }
}
