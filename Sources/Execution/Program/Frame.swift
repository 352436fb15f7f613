import BinaryIO
import Kernels
import Tensors

/// The memory of one run.
final class Frame {
  let pool: ThreadPool
  /// Where floats are.
  let homes: Homes
  private let inputs: [Tensor]
  private let states: [Int: FloatView]
  private var slots: [Tensor?]

  /// - Parameter states: for inputs that are memory of a state, that memory; the tensor only says its shape.
  init(
    plan: BufferPlan, arena: FloatView, inputs: [Tensor], states: [Int: FloatView],
    outputs: [FloatView], slots: Int, pool: ThreadPool
  ) {
    self.pool = pool
    self.inputs = inputs
    self.states = states
    homes = Homes(
      arena: arena, offsets: plan.offsets,
      inputs: inputs.enumerated().map { index, tensor in
        states[index] ?? (tensor.dataType == .float32 ? FloatView(tensor) : nil)
      }, outputs: outputs)
    self.slots = [Tensor?](repeating: nil, count: slots)
  }

  /// For steps that deal with floats only.
  init(_ homes: Homes, pool: ThreadPool) {
    self.pool = pool
    self.homes = homes
    (inputs, states, slots) = ([], [:], [])
  }

  /// The floats of an operand.
  func view(_ operand: Region) -> FloatView { homes.view(operand) }

  /// The tensor of an argument.
  func tensor(_ argument: Argument) -> Tensor {
    switch argument {
    case .constant(let tensor): return tensor
    case .input(let index):
      guard let state = states[index] else { return inputs[index] }
      let shape = inputs[index].shape
      return Tensor(copying: state, shape: shape, strides: shape.contiguousStrides, pool: pool)
    case .slot(let index):
      guard let tensor = slots[index] else { preconditionFailure("slot \(index) is empty") }
      return tensor
    case .output(let index, let shape):
      return homes.outputs[index].shared(as: shape)
    }
  }

  func fill(slot: Int, with tensor: Tensor) { slots[slot] = tensor }

  func empty(slot: Int) { slots[slot] = nil }
}

/// Where the floats of a run are.
struct Homes: Sendable {
  let arena: FloatView
  let offsets: [Int]
  let inputs: [FloatView?]
  let outputs: [FloatView]
  /// Buffers of which some rows lie elsewhere.
  var local: LocalBuffers?

  func view(_ operand: Region) -> FloatView {
    switch operand.home {
    case .buffer(let index):
      if let found = local?.view(operand, buffer: index) { return found }
      let start = offsets[index] + operand.offset
      return arena[start..<(start + operand.count)]
    case .input(let index):
      guard let view = inputs[index] else {
        preconditionFailure("input \(index) is not in float32")
      }
      return view[operand.offset..<(operand.offset + operand.count)]
    case .output(let index):
      return outputs[index][operand.offset..<(operand.offset + operand.count)]
    case .constant(let view):
      return view[operand.offset..<(operand.offset + operand.count)]
    }
  }
}

/// Rows of buffers that a chain has for itself.
struct LocalBuffers: Sendable {
  let memory: FloatView
  /// For each buffer, floats from the memory's start.
  let offsets: [Int]
  /// For each buffer, floats of a row; 0 for one that is not here.
  let widths: [Int]
  /// The row that lies first.
  let firstRow: Int

  func view(_ operand: Region, buffer: Int) -> FloatView? {
    guard widths[buffer] > 0 else { return nil }
    let start = offsets[buffer] + operand.offset - firstRow * widths[buffer]
    return memory[start..<(start + operand.count)]
  }
}
