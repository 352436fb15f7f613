import Tensors

/// Samples parted into those to learn from and those to be judged by, each class alike.
public struct StratifiedSplit: Sendable {
  /// Numbers of samples, in their order.
  public private(set) var training: [Int] = []
  public private(set) var validation: [Int] = []

  /// Sets aside a share of each class, at least one sample, and never all; which ones follows from the seed.
  ///
  /// - Parameter strata: each sample's class.
  public init(_ strata: [Int], share: Double, seed: UInt64) {
    guard share > 0 else {
      training = Array(strata.indices)
      return
    }
    let members = Dictionary(grouping: strata.indices) { strata[$0] }
    var isAside = [Bool](repeating: false, count: strata.count)
    for (label, own) in members {
      var order = own
      var random = RandomNumbers(seed: seed, 0x73_706C_6974, label)
      random.shuffle(&order)
      let wanted = Int((Double(own.count) * min(share, 1)).rounded())
      for place in order.prefix(max(0, min(max(wanted, 1), own.count - 1))) {
        isAside[place] = true
      }
    }
    training = strata.indices.filter { !isAside[$0] }
    validation = strata.indices.filter { isAside[$0] }
  }
}
