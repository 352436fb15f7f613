import BinaryIO
import Collectives
import Dispatch
import Kernels
import Synchronization

/// Processes that are threads of this one.
public final class ThreadedCommunicator: Communicator {
  public let rank: Int
  public var size: Int { table.size }

  private let table: Table
  /// Calls of all so far, and those from one rank to another.
  private let calls = Mutex<(all: Int, moves: [[Int]: Int])>((0, [:]))

  private init(_ rank: Int, _ table: Table) {
    self.rank = rank
    self.table = table
  }

  /// What `body` gives for each rank, each on a thread of its own.
  ///
  /// A process that throws leaves the others waiting; they give up after a while.
  public static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
  ) throws -> [Result] {
    let table = Table(size: size)
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<size {
      // A queue of its own: a pool might have fewer threads than there are ranks
      DispatchQueue(label: "rank \(rank)").async(group: group) {
        let result = Swift.Result { try body(ThreadedCommunicator(rank, table)) }
        results.withLock { $0[rank] = result }
      }
    }
    group.wait()
    return try results.withLock { $0 }.sorted { $0.key < $1.key }.map { try $0.value.get() }
  }

  public func sum(_ view: FloatView, at root: Int?) -> any Transfer {
    call("sum \(view.count) at \(root ?? -1)", view.array.map(Double.init)) { all in
      guard root == nil || root == self.rank else { return }
      var sums = all[0]?.map { Float($0) } ?? []
      for rank in 1..<self.size {
        for (place, value) in (all[rank] ?? []).enumerated() { sums[place] += Float(value) }
      }
      view.copy(from: sums)
    }
  }

  public func broadcast(_ view: FloatView, from root: Int) -> any Transfer {
    call("broadcast \(view.count) from \(root)", rank == root ? view.array.map(Double.init) : []) {
      view.copy(from: ($0[root] ?? []).map { Float($0) })
    }
  }

  public func move(_ view: FloatView, from sender: Int, to receiver: Int) -> any Transfer {
    guard sender != receiver, rank == sender || rank == receiver else {
      return WaitingTransfer({ true }, {})
    }
    let way = [sender, receiver]
    let number = calls.withLock { calls in
      defer { calls.moves[way, default: 0] += 1 }
      return calls.moves[way, default: 0]
    }
    let (table, key) = (table, Table.Key(way: way, number: number))
    if rank == sender {
      table.give(key, "move \(view.count)", rank, view.array.map(Double.init))
      return WaitingTransfer({ true }, {})
    }
    return WaitingTransfer({ table.found(key)?.count == 1 }) {
      view.copy(from: (table.found(key)?[sender] ?? []).map { Float($0) })
    }
  }

  public func sum(_ numbers: [Double]) throws -> [Double] {
    let result = Mutex(numbers)
    let size = size
    try call("sum \(numbers.count) numbers", numbers) { all in
      let sums = numbers.indices.map { place in
        (0..<size).reduce(0) { $0 + (all[$1]?[place] ?? 0) }
      }
      result.withLock { $0 = sums }
    }.wait()
    return result.withLock { $0 }
  }

  public func abort(status: Int32) -> Never { System.exit(status) }
  public func finish() {}

  private func call(
    _ what: String, _ values: [Double], _ end: @escaping ([Int: [Double]]) -> Void
  ) -> any Transfer {
    let number = calls.withLock { calls in
      defer { calls.all += 1 }
      return calls.all
    }
    let (table, key) = (table, Table.Key(way: [], number: number))
    table.give(key, what, rank, values)
    return WaitingTransfer({ table.found(key)?.count == table.size }) {
      end(table.found(key) ?? [:])
    }
  }
}

/// What the ranks gave to each call.
private final class Table: Sendable {
  struct Key: Hashable {
    let way: [Int]
    let number: Int
  }

  let size: Int
  private let calls = Mutex<[Key: (what: String, values: [Int: [Double]])]>([:])

  init(size: Int) { self.size = size }

  func give(_ key: Key, _ what: String, _ rank: Int, _ values: [Double]) {
    calls.withLock { calls in
      let known = calls[key]?.what ?? what
      precondition(known == what, "call \(key.number): rank \(rank) does \(what), not \(known)")
      calls[key, default: (what, [:])].values[rank] = values
    }
  }

  func found(_ key: Key) -> [Int: [Double]]? { calls.withLock { $0[key]?.values } }
}

private final class WaitingTransfer: Transfer {
  private let isReady: () -> Bool
  private let end: () -> Void
  private var isOver = false

  init(_ isReady: @escaping () -> Bool, _ end: @escaping () -> Void) {
    self.isReady = isReady
    self.end = end
  }

  func isDone() -> Bool {
    guard !isOver, isReady() else { return isOver }
    end()
    isOver = true
    return true
  }

  func wait() throws {
    let start = System.seconds
    while !isDone() {
      guard System.seconds - start < 60 else {
        throw DataError(.unreadable, "the other ranks do not come")
      }
      System.pause(seconds: 0.0001)
    }
  }
}
