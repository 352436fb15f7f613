import BinaryIO
import Training

/// A file of events as TensorBoard reads them: loss, learning rate and metrics as scalars.
///
/// A file is a row of records: the length, its checksum, an `Event` in protobuf's wire format, its checksum.
/// - Source: TensorFlow's record format (lib/io/record_writer.h) and its messages event.proto and summary.proto.
public final class TensorBoardLog: RunLog {
  private let file: AppendingFile

  /// - Parameter folder: made where it is not there yet.
  /// - Throws: `.unwritable`.
  public init(folder: String) throws {
    if System.isDirectory(folder) == nil { try System.createDirectory(folder) }
    guard System.isDirectory(folder) == true else {
      throw DataError(.unwritable, "is no folder", path: folder)
    }
    file = try AppendingFile(
      path: "\(folder)/events.out.tfevents.\(Int(System.secondsSince1970)).menagerie."
        + "\(System.processNumber)")
  }

  public func begin(_ history: RunHistory) throws {
    try append(step: 0) { $0.field(3, text: "brain.Event:2") }
    guard let last = history.steps.last else { return }
    // Tells TensorBoard to forget what an earlier file has from this step on
    try append(step: last.step + 1) { $0.field(7) { $0.field(1, integer: 1) } }
  }

  public func add(_ step: Trainer.Progress) throws {
    var scalars = [("loss/training", step.loss), ("learning rate", step.rate)]
    if let norm = step.gradientNorm { scalars.append(("gradient norm", norm)) }
    try append(scalars, step: step.step)
  }

  public func add(_ epoch: FineTuner.EpochReport) throws {
    var scalars = [("loss/epoch", epoch.loss)]
    if let loss = epoch.validationLoss { scalars.append(("loss/validation", loss)) }
    scalars += epoch.metrics.map { ($0.name, $0.value) }
    try append(scalars, step: epoch.step)
  }

  private func append(_ scalars: [(String, Double)], step: Int) throws {
    try append(step: step) { event in
      event.field(5) { summary in
        for (tag, value) in scalars {
          summary.field(1) {
            $0.field(1, text: tag)
            $0.field(2, float: Float(value))
          }
        }
      }
    }
  }

  private func append(step: Int, _ body: (inout WireMessage) -> Void) throws {
    var event = WireMessage()
    event.field(1, double: System.secondsSince1970)
    event.field(2, integer: step)
    body(&event)
    let length = littleEndian(UInt64(event.bytes.count))
    try file.append(
      length + littleEndian(masked(length)) + event.bytes + littleEndian(masked(event.bytes)))
  }
}

private func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<(T.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
}

/// A checksum of checksums is no good one: so they are turned and shifted.
private func masked(_ bytes: [UInt8]) -> UInt32 {
  let crc = crc32c(bytes)
  return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
}

/// A protobuf message in the making: the few kinds of fields that an event has.
private struct WireMessage {
  private(set) var bytes: [UInt8] = []

  mutating func field(_ number: Int, integer: Int) {
    varint(UInt64(number << 3))
    varint(UInt64(bitPattern: Int64(integer)))
  }
  mutating func field(_ number: Int, double: Double) {
    varint(UInt64(number << 3 | 1))
    bytes += littleEndian(double.bitPattern)
  }
  mutating func field(_ number: Int, float: Float) {
    varint(UInt64(number << 3 | 5))
    bytes += littleEndian(float.bitPattern)
  }
  mutating func field(_ number: Int, text: String) { field(number, Array(text.utf8)) }
  mutating func field(_ number: Int, _ body: (inout WireMessage) -> Void) {
    var message = WireMessage()
    body(&message)
    field(number, message.bytes)
  }

  private mutating func field(_ number: Int, _ content: [UInt8]) {
    varint(UInt64(number << 3 | 2))
    varint(UInt64(content.count))
    bytes += content
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
