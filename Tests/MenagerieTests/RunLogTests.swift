import BinaryIO
import JSON
import Menagerie
import TestSupport
import Testing
import Training

@Suite struct RunLogTests {
  private func step(_ number: Int) -> Trainer.Progress {
    Trainer.Progress(
      epoch: (number - 1) / 2, batch: (number - 1) % 2 + 1, batches: 2, step: number, samples: 4,
      loss: 1 / Double(number), rate: 0.1, gradientNorm: number == 2 ? 0.5 : nil)
  }

  private var history: RunHistory {
    var history = RunHistory()
    for number in 1...4 {
      history.add(step(number))
      if number % 2 == 0 {
        history.add(
          FineTuner.EpochReport(
            epoch: number / 2, step: number, loss: 0.5, validationLoss: 0.25,
            metrics: [Metric("accuracy", 0.75, isShare: true)], seconds: 2))
      }
    }
    return history
  }

  @Test func aLogIsReadAsItWasWritten() throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("log.jsonl")
    let log = try JSONLog(path: path)
    try log.begin(history)
    #expect(try RunHistory(log: path).lines == history.lines)
    #expect(
      history.lines.map { $0["event"]?.string } == [
        "step", "step", "epoch", "step", "step", "epoch",
      ])
    // A line that was cut short when the machine went down
    try AppendingFile(path: path).append("{\"event\":\"step\",\"st")
    #expect(try RunHistory(log: path).lines == history.lines)
    // A run that goes on from the third step
    var part = history
    part.rewind(toStep: 3, epoch: 1)
    try log.begin(part)
    try log.add(step(4))
    #expect(try RunHistory(log: path).steps.map(\.step) == [1, 2, 3, 4])
    #expect(try RunHistory(log: path).epochs.map(\.epoch) == [1])
  }

  @Test func checksumsAreThoseOfTheStandard() {
    #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
    // RFC 3720, appendix B.4
    #expect(crc32c(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(crc32c(Array(0..<32)) == 0x46DD_794E)
  }

  @Test func eventsAreFramedAndTagged() throws {
    let scratch = ScratchDirectory()
    let folder = scratch.file("events")
    let log = try TensorBoardLog(folder: folder)
    try log.begin(RunHistory())
    try log.add(step(2))
    try log.add(history.epochs[0])
    let name = try #require(System.names(in: folder).first)
    #expect(name.contains("tfevents"))
    let bytes = try MappedFile(path: "\(folder)/\(name)").bytes
    var (offset, events) = (0, [[UInt8]]())
    while offset < bytes.count {
      let length = Int(try bytes.load(UInt64.self, at: offset))
      events.append(try bytes.slice(at: offset + 12, count: length).copiedArray)
      offset += 12 + length + 4
    }
    #expect(offset == bytes.count && events.count == 3)
    func contains(_ event: [UInt8], _ text: String) -> Bool {
      String(decoding: event, as: UTF8.self).contains(text)
    }
    #expect(contains(events[0], "brain.Event:2"))
    #expect(contains(events[1], "loss/training") && contains(events[1], "gradient norm"))
    #expect(contains(events[2], "loss/validation") && contains(events[2], "accuracy"))
  }
}

extension Bytes {
  fileprivate var copiedArray: [UInt8] { (0..<count).map { self[$0] } }
}
