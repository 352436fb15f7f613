import BinaryIO
import Kernels
import Tensors

/// The memory of one run.
final class Frame {
  let pool: ThreadPool
  private let arena: Arena
  private let offsets: [Int]
  private let inputs: [Tensor]
  private let inputViews: [FloatView?]
  private let states: [Int: FloatView]
  private var slots: [Tensor?]

  /// - Parameter states: for inputs that are memory of a state, that memory; the tensor only says its shape.
  init(
    program: Program, arena: Arena, inputs: [Tensor], states: [Int: FloatView], pool: ThreadPool
  ) {
    self.pool = pool
    self.arena = arena
    self.inputs = inputs
    offsets = program.plan.offsets
    self.states = states
    inputViews = inputs.enumerated().map { index, tensor in
      states[index] ?? (tensor.dataType == .float32 ? FloatView(tensor) : nil)
    }
    slots = [Tensor?](repeating: nil, count: program.slotCount)
  }

  /// The floats of an operand.
  func view(_ operand: Region) -> FloatView {
    switch operand.home {
    case .buffer(let index):
      return arena.view(offset: offsets[index] + operand.offset, count: operand.count)
    case .input(let index):
      guard let view = inputViews[index] else {
        preconditionFailure("input \(index) is not in float32")
      }
      return view[operand.offset..<(operand.offset + operand.count)]
    case .constant(let view):
      return view[operand.offset..<(operand.offset + operand.count)]
    }
  }

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
    }
  }

  func fill(slot: Int, with tensor: Tensor) { slots[slot] = tensor }

  func empty(slot: Int) { slots[slot] = nil }
}
