import Kernels
import Synchronization
import Tensors

/// Packed weights, shared by a session's programs.
final class WeightCache: Sendable {
  /// What was packed, and how.
  struct Key: Hashable, Sendable {
    var tensor: TensorIdentity?
    /// Folded into the weights, a float an output.
    var scale: [Float]?
    var details: [Int]
    /// Others that are packed behind it.
    var joined: [TensorIdentity] = []
  }

  enum Packed: Sendable {
    case convolution(PackedConvolution)
    case winograd(WinogradConvolution)
    case depthwise(DepthwiseConvolution)
    case matrix(PackedMatrix)
    case narrowMatrix(BFloat16Matrix)
    case transposed(TransposedConvolution)
  }

  /// Tensors that live as long as the session; the identity of others may come again.
  private let lasting: Set<TensorIdentity>
  private let packed = Mutex<[Key: Packed]>([:])

  init(lasting: Set<TensorIdentity>) { self.lasting = lasting }

  /// The packed weights for `key`, made by `pack` the first time.
  func find(_ key: Key, _ pack: () throws -> Packed) rethrows -> Packed {
    guard let tensor = key.tensor, lasting.contains(tensor) else { return try pack() }
    if let found = packed.withLock({ $0[key] }) { return found }
    let made = try pack()
    packed.withLock { $0[key] = made }
    return made
  }
}
