import Formats
import Tensors

/// Which storages a file gets, and how its tensors view them.
///
/// Tied tensors and views of one memory stay so; a small part of a large memory takes only its own part along.
struct StoragePlan {
  /// A storage to be written.
  enum Source {
    /// Part of the memory that several tensors view, in bytes.
    case shared(TensorStorage, Range<Int>)
    /// The elements of one tensor, densely.
    case dense(TensorEntry)
  }

  /// How a tensor views its storage, in elements.
  struct View {
    var storage: Int
    var offset: Int
    var strides: [Int]
  }

  private(set) var sources: [Source] = []
  private(set) var views: [View] = []

  init(_ entries: [TensorEntry]) throws {
    var groups: [ObjectIdentifier: [Int]] = [:]
    var tensors: [Tensor?] = []
    for (index, entry) in entries.enumerated() {
      // A deferred tensor has a memory of its own, for as long as it is being written
      let tensor = entry.identity == nil ? nil : try entry.load()
      tensors.append(tensor)
      if let tensor, tensor.elementCount > 0 {
        groups[ObjectIdentifier(tensor.storage), default: []].append(index)
      }
    }
    var planned: [ObjectIdentifier: (index: Int, start: Int)] = [:]
    var tied: [TensorIdentity: Int] = [:]
    for (index, entry) in entries.enumerated() {
      guard let tensor = tensors[index], tensor.elementCount > 0 else {
        addDense(entry)
        continue
      }
      let key = ObjectIdentifier(tensor.storage)
      if planned[key] == nil,
        let span = StoragePlan.worthSharing((groups[key] ?? []).compactMap { tensors[$0] })
      {
        planned[key] = (sources.count, span.lowerBound)
        sources.append(.shared(tensor.storage, span))
      }
      if let (source, start) = planned[key] {
        views.append(
          View(
            storage: source, offset: tensor.offset - start / tensor.dataType.byteCount,
            strides: tensor.strides))
      } else if let first = tied[tensor.identity] {
        views.append(views[first])
      } else {
        tied[tensor.identity] = index
        addDense(entry)
      }
    }
  }

  private mutating func addDense(_ entry: TensorEntry) {
    views.append(
      View(storage: sources.count, offset: 0, strides: entry.shape.contiguousStrides))
    sources.append(.dense(entry))
  }

  /// The bytes that several different views of one memory cover, if that is no more than the views apart.
  private static func worthSharing(_ tensors: [Tensor]) -> Range<Int>? {
    let distinct = Dictionary(grouping: tensors, by: \.identity).values.compactMap(\.first)
    guard distinct.count > 1, let type = distinct.first?.dataType,
      distinct.allSatisfy({ $0.dataType == type })
    else { return nil }
    let size = type.byteCount
    let start = distinct.map(\.offset).min() ?? 0
    let end =
      distinct.map { tensor in
        zip(tensor.shape, tensor.strides).reduce(tensor.offset + 1) { $0 + ($1.0 - 1) * $1.1 }
      }.max() ?? 0
    let apart = distinct.reduce(0) { $0 + $1.elementCount }
    return end - start <= apart ? (start * size)..<(end * size) : nil
  }
}
