/// The values that a pickle refers back to, by number; numbers may leave gaps.
struct PickleMemo {
  private var dense: [PickleValue?] = []
  private var sparse: [Int: PickleValue] = [:]
  private(set) var count = 0

  subscript(index: Int) -> PickleValue? {
    index < dense.count ? dense[index] : sparse[index]
  }

  mutating func put(_ value: PickleValue, at index: Int) {
    if self[index] == nil { count += 1 }
    if index < dense.count {
      dense[index] = value
    } else if index == dense.count {
      dense.append(value)
    } else {
      sparse[index] = value
    }
  }
}
