import BinaryIO
import Collectives
import Execution
import Kernels
import ModelGraph
import Operators
import OrderedCollections
import Synchronization
import TestSupport
import Tensors
import Testing

@testable import Training

/// Pictures and classes that follow from their numbers.
private struct Numbered: TrainingSource {
  let count: Int
  var prefersReadingAhead: Bool { false }
  var keepsSamples = false

  func batch(_ indices: [Int], epoch: Int) -> TrainingBatch {
    let pictures = indices.flatMap { SmallNetwork.numbers([3, 13, 11], seed: $0, scale: 2).floats }
    return TrainingBatch(
      inputs: ["input": Tensor(shape: [indices.count, 3, 13, 11], pictures)],
      targets: ClassObjective.targets(indices.map { $0 % 5 }, classes: 5), indices: indices)
  }
}

/// A run that several processes share.
private struct SharedRun: Sendable {
  var samples = 7
  var batchSize = 6
  var accumulation = 1
  var optimizer = "adamw"
  var clips = false
  var normalises = false
  var keepsSamples = false
  var stops: Int?

  struct End: Sendable {
    var losses: [Double] = []
    var norms: [Double?] = []
    var weights: [String: [Float]] = [:]
    var running: [String: [Float]] = [:]
    var rememberedBytes = 0
    var state: TrainingState?
    var optimizerNames: Set<String> = []
    var averages: [[Float]] = []
  }

  func run(_ communicator: any Communicator, from state: TrainingState? = nil) throws -> End {
    var network = SmallNetwork()
    if !normalises { network.removeNormalisations() }
    let session = try network.session(learning: { _ in true }, plain: false)
    let optimizer = try OptimizerRegistry.optimizer(named: optimizer, settings: [:])
    let running = session.running.values.sorted { $0.name < $1.name }
    var trainer = Trainer(
      session,
      Optimization(optimizer, ParameterGroup.groups(session.parameters, weightDecay: 0.01)),
      LearningRate(0.01, ConstantSchedule(), totalSteps: 20),
      source: Numbered(count: samples, keepsSamples: keepsSamples), batchSize: batchSize,
      epochs: 4, accumulation: accumulation, averageDecay: 0.9, seed: 3, running: running,
      communicator: communicator)
    if clips { trainer.clipping = .norm(0.05) }
    if let state { try trainer.restore(state) }
    var end = End()
    while !trainer.isFinished, trainer.step < stops ?? .max {
      try trainer.runStep {
        end.losses.append($0.loss)
        end.norms.append($0.gradientNorm)
      }
    }
    for parameter in session.parameters { end.weights[parameter.name] = parameter.values.array }
    for parameter in running { end.running[parameter.name] = parameter.values.array }
    end.rememberedBytes = trainer.optimization.byteCount
    end.averages = trainer.average?.values ?? []
    end.state = try trainer.gatheredState()
    try trainer.gatherOptimizer()
    end.optimizerNames = Set(trainer.optimization.state.keys)
    return end
  }
}

extension SmallNetwork {
  /// Each normalisation becomes nothing: what a sample gives then does not depend on others.
  fileprivate mutating func removeNormalisations() {
    graph.nodes = graph.nodes.map { node in
      guard node.operator is BatchNormalization else { return node }
      return Node(
        name: node.name, Identity(), inputs: [node.inputs[0]], outputs: node.outputs)
    }
    graph.parameters = graph.parameters.filter { !graph[$0].name.contains("norm.") }
    weights = weights.filter { !$0.key.contains("norm.") }
  }
}

@Suite struct SharedTrainingTests {
  private func expectAlike(_ shared: SharedRun.End, _ alone: SharedRun.End) {
    #expect(shared.losses.count == alone.losses.count && !alone.losses.isEmpty)
    for (a, b) in zip(shared.losses, alone.losses) {
      #expect(abs(a - b) <= 1e-5 * abs(b), "\(shared.losses) \(alone.losses)")
    }
    for (a, b) in zip(shared.norms, alone.norms) {
      #expect((a == nil) == (b == nil) && abs((a ?? 0) - (b ?? 0)) <= 1e-4 * (b ?? 1))
    }
    for (name, values) in alone.weights {
      let worst = zip(shared.weights[name] ?? [], values).map { abs($0 - $1) }.max() ?? 1
      #expect(worst < 1e-4, "\(name): \(worst)")
    }
  }

  /// The last batch has one sample: others have none.
  @Test(arguments: [2, 3], [1, 2])
  func severalProcessesLearnAsOneWithTheirBatches(processes: Int, accumulation: Int) throws {
    for (optimizer, clips) in [("adamw", false), ("sgd", true), ("adafactor", false)] {
      let run = SharedRun(accumulation: accumulation, optimizer: optimizer, clips: clips)
      let alone = try run.run(LoneCommunicator())
      let all = try ThreadedCommunicator.run(processes) { try run.run($0) }
      for end in all {
        expectAlike(end, alone)
        #expect(end.losses == all[0].losses && end.norms == all[0].norms)
        #expect(end.weights == all[0].weights && end.averages == all[0].averages)
      }
    }
  }

  @Test func eachProcessRemembersItsPartOfTheOptimisersState() throws {
    let run = SharedRun()
    let alone = try run.run(LoneCommunicator())
    let all = try ThreadedCommunicator.run(3) { try run.run($0) }
    #expect(all.reduce(0) { $0 + $1.rememberedBytes } == alone.rememberedBytes)
    #expect(all.allSatisfy { $0.rememberedBytes < alone.rememberedBytes })
    #expect(all[1].state == nil && all[2].state == nil)
    #expect(all[0].optimizerNames == alone.optimizerNames)
    #expect(all[1].optimizerNames.isStrictSubset(of: alone.optimizerNames))
    let (state, own) = (try #require(all[0].state), try #require(alone.state))
    #expect(state.tensors.keys == own.tensors.keys && state.numbers == own.numbers)
    for (name, tensor) in own.tensors {
      let found = try #require(state.tensors[name])
      #expect(found.shape == tensor.shape)
      let worst = zip(found.floats, tensor.floats).map { abs($0 - $1) }.max() ?? 0
      #expect(worst < 1e-4, "\(name): \(worst)")
    }
  }

  @Test func aRunGoesOnWithAnotherNumberOfProcesses() throws {
    let run = SharedRun(optimizer: "adam")
    var begun = run
    begun.stops = 3
    let (first, whole) = (begun, try run.run(LoneCommunicator()))
    let state = try #require(ThreadedCommunicator.run(2) { try first.run($0) }[0].state)
    let rest = try ThreadedCommunicator.run(3) { try run.run($0, from: state) }
    #expect(rest[0].losses.count == whole.losses.count - 3)
    for end in try rest + [run.run(LoneCommunicator(), from: state)] {
      for (name, values) in whole.weights {
        let worst = zip(end.weights[name] ?? [], values).map { abs($0 - $1) }.max() ?? 1
        #expect(worst < 1e-4, "\(name): \(worst)")
      }
    }
  }

  @Test func processesThatDoNotSeeTheSameAreRefused() throws {
    let table = try ThreadedCommunicator.run(2) { communicator -> String? in
      var run = SharedRun()
      run.samples += communicator.rank
      do {
        _ = try run.run(communicator)
        return nil
      } catch let error as DataError { return error.found }
    }
    let words = "process 1 has 8 samples to learn from, the first 7"
    #expect(table == [words, words])
  }

  @Test func goingOnFromTheSameStateGivesTheSameBits() throws {
    var begun = SharedRun(normalises: true)
    let run = begun
    begun.stops = 3
    let first = begun
    let state = try #require(ThreadedCommunicator.run(2) { try first.run($0) }[0].state)
    let rest = try ThreadedCommunicator.run(2) { try run.run($0, from: state) }
    let whole = try ThreadedCommunicator.run(2) { try run.run($0) }
    #expect(rest[0].weights == whole[0].weights && rest[0].running == whole[0].running)
  }

  @Test func runningStatisticsAreTheMeanOfAllProcesses() throws {
    let run = SharedRun(samples: 7, batchSize: 7, normalises: true, stops: 1)
    let all = try ThreadedCommunicator.run(2) { try run.run($0) }
    #expect(!all[0].running.isEmpty && all[0].running == all[1].running)
    // What each has of its own samples, by their number
    let batch = EpochOrder(count: 7, seed: 3).batches(epoch: 0, size: 7)[0]
    let shares = try ThreadedCommunicator.run(2) {
      BatchShare($0, keepsSamples: false).own(of: batch)
    }
    #expect(shares.map(\.count).sorted() == [3, 4])
    var means: [String: [Double]] = [:]
    for share in shares {
      let session = try SmallNetwork().session(learning: { _ in true }, plain: false)
      let own = Numbered(count: 7).batch(share, epoch: 0)
      _ = try session.step(own.inputs, targets: own.targets, adds: false)
      for parameter in session.running.values {
        let part = parameter.values.array.map { Double($0) * Double(share.count) / 7 }
        means[parameter.name] =
          means[parameter.name].map { zip($0, part).map { $0 + $1 } } ?? part
      }
    }
    #expect(Set(means.keys) == Set(all[0].running.keys))
    for (name, values) in all[0].running {
      let mean = try #require(means[name])
      let worst = zip(values, mean).map { abs(Double($0) - $1) }.max() ?? 1
      #expect(worst < 1e-6 * (mean.map(abs).max() ?? 0), "\(name): \(worst)")
    }
  }

  @Test func samplesThatAreKeptStayWithTheirProcess() throws {
    let run = SharedRun(keepsSamples: true)
    let alone = try run.run(LoneCommunicator())
    for end in try ThreadedCommunicator.run(3, { try run.run($0) }) { expectAlike(end, alone) }
  }

  @Test(arguments: [false, true])
  func aBatchIsSharedOutWhole(keepsSamples: Bool) throws {
    for size in 1...4 {
      for count in [0, 1, 3, 8, 9] {
        let batch = (0..<count).map { $0 * 7 % 10 }
        let parts = try ThreadedCommunicator.run(size) {
          let share = BatchShare($0, keepsSamples: keepsSamples)
          return (start: share.start(of: batch), own: share.own(of: batch))
        }
        let shares = parts.map(\.own)
        // Each begins where the one before ends
        var end = 0
        for part in parts {
          #expect(part.start == end)
          end += part.own.count
        }
        #expect(shares.flatMap { $0 }.sorted() == batch.sorted())
        if !keepsSamples {
          #expect(shares.flatMap { $0 } == batch)
          let counts = shares.map(\.count)
          #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        }
      }
    }
  }

  /// Once each, and most before the run ends, so that their exchange costs no time of its own.
  @Test(arguments: [false, true])
  func gradientsAreDeliveredWhileTheStepRuns(adds: Bool) throws {
    let network = SmallNetwork()
    let session = try network.session(learning: { _ in true }, plain: false)
    let heard = Mutex<[(complete: [Int], gradients: [[Float]])]>([])
    _ = try session.step(
      ["input": SmallNetwork.pictures], targets: SmallNetwork.targets, adds: adds
    ) { complete in
      heard.withLock {
        $0.append((complete, complete.map { session.parameters[$0].gradient.array }))
      }
    }
    let parts = heard.withLock { $0 }
    let places = parts.flatMap(\.complete)
    #expect(places.sorted() == Array(session.parameters.indices))
    for (place, gradient) in zip(places, parts.flatMap(\.gradients)) {
      #expect(gradient == session.parameters[place].gradient.array)
    }
    let before = parts.dropLast(2).flatMap(\.complete)
    #expect(before.count > places.count / 2, "\(parts.map(\.complete))")
    #expect(
      session.backwardOrder.first.map { session.parameters[$0].name }?.hasPrefix("fc") == true)
  }
}
