import CKernels
import Tensors

/// How queries, keys, values or results lie: floats from one batch, head, position to the next; features are dense.
public struct HeadStrides: Sendable, Hashable {
  public var batch: Int
  public var head: Int
  public var row: Int

  public init(batch: Int, head: Int, row: Int) {
    self.batch = batch
    self.head = head
    self.row = row
  }

  /// Floats that are reached.
  func extent(batch count: Int, heads: Int, rows: Int, features: Int) -> Int {
    precondition(batch >= 0 && head >= 0 && row >= 0)
    guard count > 0, heads > 0, rows > 0 else { return 0 }
    return (count - 1) * batch + (heads - 1) * head + (rows - 1) * row + features
  }
}

/// What is added to scores; a stride is 0 where it is the same for all.
public struct AttentionBias: Sendable {
  public var values: FloatView
  public var strides: HeadStrides
  /// From one key to the next: 1 or 0.
  public var key: Int

  public init(values: FloatView, strides: HeadStrides, key: Int) {
    self.values = values
    self.strides = strides
    self.key = key
  }
}

/// Scaled dot product attention on floats, for each head: `softmax(softcap(q · kᵀ · scale) + bias) · v`.
public struct AttentionKernel: Sendable {
  public var batch: Int
  public var queryHeads: Int
  /// Divides `queryHeads`: neighbouring heads of queries share one.
  public var keyValueHeads: Int
  public var queries: Int
  /// Features of a query and a key; of a value and a result.
  public var size: Int
  public var width: Int
  public var scale: Float
  /// 0 for none.
  public var softcap: Float
  /// How far keys may lie before and after a query's position; nil for no bound.
  public var left: Int?
  public var right: Int?

  public init(
    batch: Int, queryHeads: Int, keyValueHeads: Int, queries: Int, size: Int, width: Int,
    scale: Float, softcap: Float = 0, left: Int? = nil, right: Int? = nil
  ) {
    precondition(
      batch >= 0 && keyValueHeads > 0 && queryHeads % keyValueHeads == 0 && queries >= 0
        && size > 0 && width > 0)
    self.batch = batch
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.queries = queries
    self.size = size
    self.width = width
    self.scale = scale
    self.softcap = softcap
    self.left = left
    self.right = right
  }

  /// An operand with how it lies.
  public typealias Placed = (view: FloatView, strides: HeadStrides)

  /// - Parameters:
  ///   - keys: for each row of the batch, how many keys there are.
  ///   - before: for each row of the batch, the position of its first query among the keys.
  ///   - dropout: shares that are dropped.
  /// - Types: a query's sums have one order, whatever the number of threads.
  public func attend(
    _ q: Placed, _ k: Placed, _ v: Placed, keys: [Int], before: [Int], bias: AttentionBias? = nil,
    dropout: AttentionDropout? = nil, into y: Placed, instructionSet: InstructionSet = .current,
    pool: ThreadPool? = nil
  ) {
    precondition(keys.count == batch && before.count == batch && keys.allSatisfy { $0 >= 0 })
    guard batch > 0, queries > 0, queryHeads > 0 else { return }
    let pieces = Pieces(self, threads: pool?.threads ?? 1)
    let most = keys.max() ?? 0
    let group = queryHeads / keyValueHeads
    let isa = instructionSet.isa
    runParallel(pool, count: pieces.count) { range in
      let from = unsafe q.view.reading(
        q.strides.extent(batch: batch, heads: queryHeads, rows: queries, features: size), "queries")
      let keysAt = unsafe k.view.reading(
        k.strides.extent(batch: batch, heads: keyValueHeads, rows: most, features: size), "keys")
      let valuesAt = unsafe v.view.reading(
        v.strides.extent(batch: batch, heads: keyValueHeads, rows: most, features: width), "values")
      let to = unsafe y.view.writing(
        y.strides.extent(batch: batch, heads: queryHeads, rows: queries, features: width))
      let biasAt = unsafe bias.map { bias in
        unsafe bias.values.reading(
          bias.strides.extent(
            batch: batch, heads: queryHeads, rows: queries, features: (most - 1) * bias.key + 1),
          "bias")
      }
      let far = Int.max / 2
      for index in range {
        let piece = pieces[index]
        let b = piece.batch
        let head = piece.head * group + piece.heads.lowerBound
        var work = unsafe mng_attention_f32(
          heads: piece.heads.count, queries: queries, keys: keys[b], size: size, width: width,
          q: from + b * q.strides.batch + head * q.strides.head, q_head: q.strides.head,
          q_row: q.strides.row, k: keysAt + b * k.strides.batch + piece.head * k.strides.head,
          k_row: k.strides.row,
          v: valuesAt + b * v.strides.batch + piece.head * v.strides.head, v_row: v.strides.row,
          y: to + b * y.strides.batch + head * y.strides.head, y_head: y.strides.head,
          y_row: y.strides.row,
          mask: biasAt.map {
            unsafe $0 + b * (bias?.strides.batch ?? 0) + head * (bias?.strides.head ?? 0)
          },
          mask_head: bias?.strides.head ?? 0, mask_row: bias?.strides.row ?? 0,
          mask_key: bias?.key ?? 0, scale: scale, softcap: softcap, before: before[b],
          left: min(left ?? far, far), right: min(right ?? far, far),
          dropout: dropout?.mask.parameters ?? mng_dropout(),
          dropout_row: UInt64((dropout?.firstRow ?? 0) + (b * queryHeads + head) * queries),
          dropout_stride: DropoutMask.stride(of: keys[b]))
        let bytes = unsafe mng_attention_f32_scratch(isa, &work)
        unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
          unsafe mng_attention_f32_rows(
            isa, &work, piece.queries.lowerBound, piece.queries.upperBound, scratch.baseAddress)
        }
      }
    }
  }
}

/// How attention is shared out: by rows of the batch and heads of keys; where these are few, also by heads of queries or by
/// queries.
private struct Pieces {
  struct Piece {
    var batch: Int
    var head: Int
    /// Of those that share the head of keys.
    var heads: Range<Int>
    var queries: Range<Int>
  }

  private let kernel: AttentionKernel
  private let headParts: Int
  private let queryParts: Int
  private let queryStep: Int
  let count: Int

  init(_ kernel: AttentionKernel, threads: Int) {
    self.kernel = kernel
    let whole = kernel.batch * kernel.keyValueHeads
    let group = kernel.queryHeads / kernel.keyValueHeads
    let wanted = threads > 1 && whole % threads != 0 ? (3 * threads + whole - 1) / whole : 1
    // Each part packs the keys anew, so that it must have many queries.
    let parts = min(wanted, max(1, kernel.queries / 64))
    queryStep = ((kernel.queries + parts - 1) / parts + 27) / 28 * 28
    queryParts = (kernel.queries + queryStep - 1) / queryStep
    headParts = queryParts > 1 ? 1 : min(group, wanted)
    count = whole * headParts * queryParts
  }

  subscript(index: Int) -> Piece {
    let group = kernel.queryHeads / kernel.keyValueHeads
    let (rest, query) = index.quotientAndRemainder(dividingBy: queryParts)
    let (place, part) = rest.quotientAndRemainder(dividingBy: headParts)
    let (batch, head) = place.quotientAndRemainder(dividingBy: kernel.keyValueHeads)
    return Piece(
      batch: batch, head: head,
      heads: (part * group / headParts)..<((part + 1) * group / headParts),
      queries: (query * queryStep)..<min((query + 1) * queryStep, kernel.queries))
  }
}
