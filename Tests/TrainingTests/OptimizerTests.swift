import BinaryIO
import JSON
import Kernels
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training

/// What torch.optim's (and timm's) optimisers do: `scripts/fixtures/training_optimizers.py`.
@Suite struct OptimizerTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    let optimizer: String
    let settings: [String: Double]
    let rates: [Double]
    let weightDecay: Double
    let slots: [String]

    init(_ json: JSONValue) {
      description = json["name"]?.string ?? "?"
      optimizer = json["optimizer"]?.string ?? "?"
      settings = (json["settings"]?.object ?? [:]).reduce(into: [:]) {
        $0[$1.key] = $1.value.double
      }
      rates = json["rates"]?.doubles ?? []
      weightDecay = json["weightDecay"]?.double ?? .nan
      slots = json["slots"]?.array?.compactMap(\.string) ?? []
    }

    /// The settings by our names: one eps is `eps`, two are `eps1` and `eps2` already.
    func made() throws -> any Optimizer {
      try OptimizerRegistry.optimizer(named: optimizer, settings: settings)
    }
  }

  static let golden =
    (try? JSONValue(parsing: Fixtures.bytes("training/optimizers.json"))) ?? .null
  static let cases = golden["cases"]?.array?.map(Case.init) ?? []
  static let arrays = (try? NumPyArrays.arrays("training/optimizers.npz")) ?? [:]
  static let kept = golden["kept"]?.integers ?? []
  static let parameterCount = 4

  static func parameters() throws -> [Parameter] {
    try (0..<parameterCount).map { i in
      Parameter(name: "p\(i)", try #require(arrays["initial.\(i)"]))
    }
  }

  static func setGradients(_ parameters: [Parameter], step: Int) throws {
    for (i, parameter) in parameters.enumerated() {
      let all = try #require(arrays["gradients.\(i)"]).floats
      let count = parameter.gradient.count
      parameter.gradient.copy(from: Array(all[(step * count)..<((step + 1) * count)]))
    }
  }

  static func optimization(_ item: Case, _ parameters: [Parameter]) throws -> Optimization {
    Optimization(
      try item.made(),
      ParameterGroup.groups(parameters, weightDecay: item.weightDecay, decays: .all))
  }

  @Test func thereAreCasesOfEveryOptimizer() {
    #expect(Set(Self.cases.map(\.optimizer)) == Set(OptimizerRegistry.names))
  }

  @Test(arguments: cases) func stepsAsPyTorchDoes(item: Case) throws {
    let parameters = try Self.parameters()
    var optimization = try Self.optimization(item, parameters)
    for (step, rate) in item.rates.enumerated() {
      try Self.setGradients(parameters, step: step)
      optimization.step(rate: rate)
      guard let place = Self.kept.firstIndex(of: step + 1) else { continue }
      for (i, parameter) in parameters.enumerated() {
        let all = try #require(Self.arrays["\(item).\(i)"]).floats
        let count = parameter.values.count
        expectEqual(
          parameter.values.array, Array(all[(place * count)..<((place + 1) * count)]),
          "\(item), parameter \(i) after \(step + 1) steps")
      }
    }
    let state = optimization.state
    for i in 0..<Self.parameterCount {
      #expect(state["p\(i).step"]?.floats == [Float(item.rates.count)])
      for slot in item.slots {
        guard let wanted = Self.arrays["\(item).\(i).\(slot)"] else { continue }
        let found = try #require(state["p\(i).\(slot)"], "p\(i).\(slot)")
        #expect(found.shape == wanted.shape)
        expectEqual(found.floats, wanted.floats, "\(item), \(slot) of parameter \(i)")
      }
    }
  }

  @Test(arguments: cases) func goesOnFromASavedState(item: Case) throws {
    let (whole, broken) = (try Self.parameters(), try Self.parameters())
    var all = try Self.optimization(item, whole)
    var first = try Self.optimization(item, broken)
    let half = item.rates.count / 2
    for (step, rate) in item.rates.enumerated() {
      try Self.setGradients(whole, step: step)
      all.step(rate: rate)
      if step < half {
        try Self.setGradients(broken, step: step)
        first.step(rate: rate)
      }
    }
    let resumed = broken.map { Parameter(name: $0.name, $0.tensor) }
    var second = try Self.optimization(item, resumed)
    try second.restore(first.state)
    for step in half..<item.rates.count {
      try Self.setGradients(resumed, step: step)
      second.step(rate: item.rates[step])
    }
    for (a, b) in zip(whole, resumed) { #expect(a.values.array == b.values.array) }
  }

  @Test(arguments: OptimizerRegistry.names) func threadsDoNotChangeTheNumbers(name: String) throws {
    var random = RandomNumbers(seed: 3)
    let shapes: [Shape] = [[70_001], [190, 513], [40, 30, 3, 3]]
    let values = shapes.map { shape in
      (0..<(2 * shape.elementCount)).map { _ in Float(random.uniform(in: -1..<1)) }
    }
    let found = try [1, 2, 3].map { threads in
      let parameters = zip(shapes, values).map { shape, values in
        let parameter = Parameter(
          name: "p\(shape)", Tensor(shape: shape, Array(values[..<shape.elementCount])))
        parameter.gradient.copy(from: Array(values[shape.elementCount...]))
        return parameter
      }
      let pool = ThreadPool(threads: threads)
      let norm = GradientClipping.norm(10).clip(parameters, pool: pool)
      var optimization = Optimization(
        try OptimizerRegistry.optimizer(named: name), [ParameterGroup(parameters)])
      for _ in 0..<3 { optimization.step(rate: 0.01, pool: pool) }
      return (norm, parameters.map(\.values.array))
    }
    for other in found {
      #expect(other.0 == found[0].0)
      #expect(other.1 == found[0].1)
    }
  }

  @Test func namesThatAreNoneAreAnsweredWithThoseThatAre() {
    #expect(
      message { try OptimizerRegistry.optimizer(named: "adm") }
        == "there is no optimizer 'adm'; expected sgd, adam, adamw, rmsprop, adafactor, lion")
    #expect(
      message { try OptimizerRegistry.optimizer(named: "sgd", settings: ["beta1": 0.9]) }
        == "'sgd' has no setting 'beta1'; expected momentum, dampening, nesterov")
    #expect(
      message { try OptimizerRegistry.optimizer(named: "adamw", settings: ["beta1": 1]) }
        == "beta1 of 'adamw' is 1.0; expected 0.0 or more, and less than 1.0")
  }

  @Test func statesOfOtherParametersAreRefused() throws {
    let parameters = try Self.parameters()
    var optimization = Optimization(AdamW(), [ParameterGroup(parameters)])
    optimization.step(rate: 0.1)
    let state = optimization.state
    var missing = state
    missing["p1.exp_avg"] = nil
    var reshaped = state
    reshaped["p1.exp_avg"] = Tensor(shape: [2], [1, 2] as [Float])
    var stray = state
    stray["p9.exp_avg"] = Tensor(shape: [2], [1, 2] as [Float])
    var stepless = state
    stepless["p1.step"] = nil
    for (broken, words) in [
      (missing, "there is no tensor 'p1.exp_avg'"), (reshaped, "'p1.exp_avg' is [2], not [13]"),
      (stray, "'p9.exp_avg' belongs to no parameter that learns"),
      (stepless, "there is no tensor 'p1.step'"),
    ] {
      #expect(
        message { try optimization.restore(broken) }
          == "\(words); expected the state of 'adamw' on the same parameters")
    }
    #expect(optimization.state.keys == state.keys)
    for (name, tensor) in state { #expect(optimization.state[name]?.floats == tensor.floats) }
  }

  func message(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch { return "\(error)" }
  }
}

/// Within the rounding of a few float32 operations, measured by the largest value.
func expectEqual(
  _ found: [Float], _ wanted: [Float], _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.count == wanted.count else {
    Issue.record("\(what): \(found.count), not \(wanted.count)", sourceLocation: sourceLocation)
    return
  }
  let scale = wanted.reduce(0) { max($0, abs($1)) }
  for (index, (x, y)) in zip(found, wanted).enumerated()
  where !(abs(x - y) <= 1e-6 * max(abs(y), 0.25 * scale)) {
    Issue.record(
      "\(what): [\(index)] is \(x), not \(y); the largest is \(scale)",
      sourceLocation: sourceLocation)
    return
  }
}
