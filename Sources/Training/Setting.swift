import BinaryIO
import OrderedCollections

/// A number by which something with a name can be adjusted: `momentum` of `sgd`.
public struct Setting<Subject>: Sendable {
  public let name: String
  /// What it may be.
  public let range: Range<Double>
  let get: @Sendable (Subject) -> Double
  let set: @Sendable (inout Subject, Double) -> Void

  public init(
    _ name: String, _ path: WritableKeyPath<Subject, Double> & Sendable,
    in range: Range<Double> = 0..<Double.infinity
  ) {
    self.name = name
    self.range = range
    get = { $0[keyPath: path] }
    set = { $0[keyPath: path] = $1 }
  }

  /// A whole number.
  public init(
    _ name: String, _ path: WritableKeyPath<Subject, Int> & Sendable,
    in range: Range<Double> = 0..<Double(1 << 53)
  ) {
    self.name = name
    self.range = range
    get = { Double($0[keyPath: path]) }
    set = { $0[keyPath: path] = Int($1) }
  }

  /// Yes (1) or no (0).
  public init(_ name: String, _ path: WritableKeyPath<Subject, Bool> & Sendable) {
    self.name = name
    range = 0..<2
    get = { $0[keyPath: path] ? 1 : 0 }
    set = { $0[keyPath: path] = $1 != 0 }
  }
}

/// Something that is chosen by a name and adjusted by settings: an optimiser, a schedule.
public protocol Adjustable: Sendable {
  /// As a person types it.
  static var name: String { get }
  static var settings: [Setting<Self>] { get }
  /// With the usual settings.
  init()
}

extension Adjustable {
  /// With the usual settings, but for those of `values`.
  /// - Throws: `.mismatch` for a name that is none, or a value outside its range.
  public init(settings values: [String: Double]) throws {
    self.init()
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let setting = Self.settings.first(where: { $0.name == name }) else {
        let names = Self.settings.map(\.name).joined(separator: ", ")
        throw DataError(
          .mismatch, "'\(Self.name)' has no setting '\(name)'",
          expected: names.isEmpty ? "none" : names)
      }
      guard setting.range.contains(value) else {
        let upper = setting.range.upperBound
        throw DataError(
          .mismatch, "\(name) of '\(Self.name)' is \(value)",
          expected: "\(setting.range.lowerBound) or more"
            + (upper.isFinite ? ", and less than \(upper)" : ""))
      }
      setting.set(&self, value)
    }
  }

  /// The settings' values by their names.
  public var settings: OrderedDictionary<String, Double> {
    OrderedDictionary(
      Self.settings.map { ($0.name, $0.get(self)) }, uniquingKeysWith: { first, _ in first })
  }
}

/// The kind with the name `name`, out of a list of kinds.
/// - Throws: `.mismatch` with the names that there are.
func kind<Kind>(
  of kinds: [Kind], named name: String, _ what: String, _ nameOf: (Kind) -> String
) throws -> Kind {
  guard let kind = kinds.first(where: { nameOf($0) == name }) else {
    throw DataError(
      .mismatch, "there is no \(what) '\(name)'",
      expected: kinds.map(nameOf).joined(separator: ", "))
  }
  return kind
}
