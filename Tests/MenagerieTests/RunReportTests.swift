import BinaryIO
import Images
import TestSupport
import Testing
import Training

@testable import Menagerie

@Suite struct RunReportTests {
  /// Two classes of four pictures that are all alike.
  private func pictures(in scratch: ScratchDirectory) throws -> String {
    let folder = scratch.file("pictures")
    try System.createDirectory(folder)
    for name in ["a<b>&", "odd"] {
      try System.createDirectory("\(folder)/\(name)")
      for copy in 0..<4 {
        let writer = try AtomicFileWriter(path: "\(folder)/\(name)/\(copy).png")
        try writer.write(MappedFile(path: Fixtures.path("images/grey.png")).bytes)
        try writer.commit()
      }
    }
    return folder
  }

  @Test func aPageTellsOfTheRunAndNeedsNothingElse() throws {
    let scratch = ScratchDirectory()
    let folder = try pictures(in: scratch)
    var options = FineTuningOptions()
    (options.epochs, options.batchSize, options.validationShare) = (2, 3, 0.5)
    var tuner = try FineTuner(Model(contentsOf: Digits.torch), data: folder, options: options)
    let history = try tuner.run()
    let verdict = try tuner.evaluate()
    let html = RunReport(
      tuner, history, verdict: verdict, model: "digits", data: folder, output: "out/mine.pth",
      command: "menagerie finetune 'it<is>'"
    ).html()
    #expect(html.contains("<title>mine.pth: fine-tuning</title>"))
    #expect(html.contains("<td>4 in 2 epochs, batches of 3, "))
    #expect(html.contains("<th>Note</th><td>steps drop nothing</td>"))
    #expect(html.contains("menagerie finetune &#39;it&lt;is&gt;&#39;"))
    #expect(html.contains("a&lt;b&gt;&amp;") && !html.contains("a<b>"))
    // Alike pictures of two classes: half of the answers are wrong, and are shown
    #expect(html.components(of: "data:image/jpeg;base64,") == 2)
    #expect(html.components(of: "<svg") == 3)
    #expect(html.components(of: "<circle") >= 4)
    for outside in ["http:", "https:", "<script", "<link", "url("] {
      #expect(!html.contains(outside), "\(outside)")
    }
  }

  @Test func batchesAreThoseOfAllProcesses() throws {
    let scratch = ScratchDirectory()
    let data = try pictures(in: scratch)
    let pages = try ThreadedCommunicator.run(2) { communicator in
      var options = FineTuningOptions()
      (options.batchSize, options.accumulation) = (3, 2)
      let tuner = try FineTuner(
        Model(contentsOf: Digits.torch), data: data, options: options,
        communicator: communicator)
      return RunReport(
        tuner, RunHistory(), verdict: nil, model: "digits", data: data, output: "mine.pth",
        command: ""
      ).html()
    }
    for page in pages { #expect(page.contains("batches of 12 on 2 processes, ")) }
  }

  @Test func bytesBecomeBase64() {
    // RFC 4648, section 10
    for (text, code) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ] { #expect(HTML.base64(Array(text.utf8)) == code) }
  }

  @Test(arguments: [(0.0, 1.0), (0.31, 0.33), (-5, 12), (1e-9, 2e-9), (7, 7), (0, 0)])
  func ticksAreRoundAndEncloseTheirRange(low: Double, high: Double) throws {
    let ticks = SVGChart.ticks((low, high))
    #expect((2...9).contains(ticks.count), "\(ticks)")
    #expect(try #require(ticks.first) <= low && #require(ticks.last) >= high)
  }

  @Test func longCurvesAreThinnedToTheirMeans() {
    let points = (0..<4001).map { (x: Double($0), y: $0 % 2 == 0 ? 1.0 : 3.0) }
    let thinned = RunReport.thinned(points)
    #expect((300...400).contains(thinned.count))
    #expect(thinned.dropLast().allSatisfy { abs($0.y - 2) < 0.2 })
  }

  @Test func picturesAreWrittenAsJPEG() throws {
    let picture = try Picture(contentsOf: Fixtures.path("images/444.jpg"))
    let again = try Picture(decoding: Bytes(picture.jpeg(quality: 95)))
    #expect(again.width == picture.width && again.height == picture.height)
    let difference = zip(picture.pixels, again.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    #expect(Double(difference) / Double(picture.pixels.count) < 4)
    #expect(throws: DataError.self) { try Picture(width: 0, height: 0, pixels: []).jpeg() }
    let small = picture.thumbnail(7)
    #expect(max(small.width, small.height) == 7)
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { split(separator: part).count - 1 }
}
