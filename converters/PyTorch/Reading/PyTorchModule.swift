/// A module saved whole: an object whose attributes are those of `torch.nn.Module`.
///
/// - Source: `torch/nn/modules/module.py`, `Module.state_dict` for names and order.
struct PyTorchModule {
  /// Parameters, then buffers that belong to the state, by name.
  let tensors: [(name: String, value: PickleValue)]
  let children: [(name: String, value: PickleValue)]

  /// Nil when the value is no module.
  init?(_ value: PickleValue, in heap: PickleHeap) {
    guard let node = heap.node(value), case .object = node.kind, node.state != nil,
      let modules = heap.member("_modules", of: value), heap.isMapping(modules),
      let parameters = heap.member("_parameters", of: value)
    else { return nil }
    let buffers = heap.member("_buffers", of: value)
    let left = heap.member("_non_persistent_buffers_set", of: value)
    let transient = Set(left.flatMap { heap.node($0)?.elements } ?? [])
    tensors =
      PyTorchModule.named(parameters, heap)
      + (buffers.map { PyTorchModule.named($0, heap) } ?? [])
      .filter { !transient.contains(.string($0.name)) }
    children = PyTorchModule.named(modules, heap)
  }

  private static func named(
    _ value: PickleValue, _ heap: PickleHeap
  ) -> [(name: String, value: PickleValue)] {
    heap.members(value).compactMap { item in heap.name(item.key).map { ($0, item.value) } }
  }
}

extension PickleHeap {
  /// Whether the value is a module of a TorchScript archive: its attributes are parameters, buffers and other modules, and its
  /// class is in the archive's code.
  func isScripted(_ value: PickleValue) -> Bool {
    guard let node = node(value), case .object = node.kind else { return false }
    return globalName(node.callable).map(PyTorchModule.isScripted) ?? false
  }
}

extension PyTorchModule {
  /// Whether a class of that name is in a TorchScript archive's own code.
  static func isScripted(_ name: String) -> Bool { name.hasPrefix("__torch__.") }
}
