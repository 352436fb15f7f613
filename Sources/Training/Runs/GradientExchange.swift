import Collectives
import Kernels

/// The gradients of a step, summed over all processes while the step still runs, and the weights that follow from them.
///
/// A bucket's gradients are summed at its owner as soon as all of them are there, and those of the buckets before it. The
/// owner changes the weights, and all get them from it: so each process remembers the optimiser's state of its own part.
/// - Source: Rajbhandari et al., "ZeRO" (2019), stages 1 and 2; Li et al., "PyTorch Distributed" (2020), for buckets.
final class GradientExchange {
  let plan: BucketPlan
  /// The parameters that this process looks after.
  let own: [Parameter]

  private let communicator: any Communicator
  private let parameters: [Parameter]
  private let owners: [String: Int]
  /// Where a bucket's members lie together; nil for a bucket of one.
  private let joined: [FloatView?]

  private var isDelivered: [Bool] = []
  /// Members of each bucket that are yet to be delivered.
  private var missing: [Int] = []
  /// Of the first buckets, so far.
  private var sums: [any Transfer] = []
  /// How many of these are over, and their sums where they belong.
  private var completed = 0
  private var copies: [any Transfer] = []

  init(_ session: TrainingSession, _ communicator: any Communicator) {
    let parameters = session.parameters
    let plan = BucketPlan(
      counts: parameters.map(\.values.count), order: session.backwardOrder,
      processes: communicator.size)
    (self.plan, self.parameters, self.communicator) = (plan, parameters, communicator)
    joined = plan.buckets.map { $0.members.count > 1 ? FloatView(zeros: $0.count) : nil }
    owners = Dictionary(
      parameters.indices.map { (parameters[$0].name, plan.owner(of: $0)) },
      uniquingKeysWith: { a, _ in a })
    own = parameters.indices.filter { plan.owner(of: $0) == communicator.rank }
      .map { parameters[$0] }
  }

  /// Which process looks after the parameter of that name.
  func owner(of name: String) -> Int { owners[name] ?? 0 }
  func isOwn(_ name: String) -> Bool { owner(of: name) == communicator.rank }

  /// A new step begins: no gradient is there yet.
  func begin() {
    isDelivered = [Bool](repeating: false, count: parameters.count)
    missing = plan.buckets.map(\.members.count)
    (sums, copies, completed) = ([], [], 0)
  }

  /// The gradients of these parameters are complete; lets what is under way go on.
  func deliver(_ complete: [Int]) throws {
    for place in complete where !isDelivered[place] {
      isDelivered[place] = true
      missing[plan.places[place]] -= 1
    }
    // In the plan's order, so that all processes sum the same
    while sums.count < missing.count, missing[sums.count] == 0 {
      let bucket = sums.count
      let view = gathered(bucket, \.gradient)
      sums.append(try communicator.sum(view, at: plan.buckets[bucket].owner))
    }
    // One that is asked lets all go on
    if let last = sums.last { _ = try last.isDone() }
  }

  func deliverRest() throws { try deliver(Array(parameters.indices)) }

  /// Waits for a bucket's sum and for those before it; returns the names of its members, if they are this process's own.
  func complete(_ bucket: Int) throws -> Set<String> {
    while completed <= bucket {
      try sums[completed].wait()
      if isOwn(completed) { scatter(completed, \.gradient) }
      completed += 1
    }
    guard isOwn(bucket) else { return [] }
    return Set(plan.buckets[bucket].members.map { parameters[$0].name })
  }

  /// The norm of all gradients; the same in all processes, and for any number of them.
  func norm(pool: ThreadPool?) throws -> Double {
    var squares = [Double](repeating: 0, count: parameters.count)
    for (index, bucket) in plan.buckets.enumerated() where !(try complete(index)).isEmpty {
      for member in bucket.members {
        squares[member] = WeightUpdate.sumOfSquares(parameters[member].gradient, pool: pool)
      }
    }
    return try communicator.sum(squares).reduce(0, +).squareRoot()
  }

  /// Begins to give all processes a bucket's weights.
  func share(_ bucket: Int) throws {
    let view = isOwn(bucket) ? gathered(bucket, \.values) : joined[bucket]
    let member = parameters[plan.buckets[bucket].members[0]]
    copies.append(
      try communicator.broadcast(view ?? member.values, from: plan.buckets[bucket].owner))
  }

  /// Waits until all weights are here.
  func finish() throws {
    for (bucket, copy) in copies.enumerated() {
      try copy.wait()
      if !isOwn(bucket) { scatter(bucket, \.values) }
    }
    copies = []
  }

  /// Waits for what is under way, of which nobody wants the result.
  func abandon() throws { for sum in sums { try sum.wait() } }

  /// Lets running statistics be the mean of all processes', weighted by the part of the step that each had.
  func average(_ running: [Parameter], share: Double) throws {
    guard !running.isEmpty else { return }
    let all = FloatView(
      running.flatMap { $0.values.array.map { share == 0 ? 0 : Float(share) * $0 } })
    try communicator.sum(all, at: nil).wait()
    var start = 0
    for parameter in running {
      parameter.values.copy(from: all[start..<(start + parameter.values.count)])
      start += parameter.values.count
    }
  }

  private func isOwn(_ bucket: Int) -> Bool { plan.buckets[bucket].owner == communicator.rank }

  /// The members' floats, one after the other.
  private func gathered(_ bucket: Int, _ part: KeyPath<Parameter, FloatView>) -> FloatView {
    let members = plan.buckets[bucket].members
    guard let all = joined[bucket] else { return parameters[members[0]][keyPath: part] }
    var start = 0
    for member in members {
      let view = parameters[member][keyPath: part]
      all[start..<(start + view.count)].copy(from: view)
      start += view.count
    }
    return all
  }

  /// Copies what was exchanged back to the members.
  private func scatter(_ bucket: Int, _ part: KeyPath<Parameter, FloatView>) {
    guard let all = joined[bucket] else { return }
    var start = 0
    for member in plan.buckets[bucket].members {
      let view = parameters[member][keyPath: part]
      view.copy(from: all[start..<(start + view.count)])
      start += view.count
    }
  }
}
