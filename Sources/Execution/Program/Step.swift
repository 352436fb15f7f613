/// One piece of a program's work, with everything known that can be known before the run.
protocol Step: Sendable {
  /// What it does, in the standard's operator names: `Conv+Add+Relu`.
  var kind: String { get }
  /// Multiplications and additions, where that is what takes the time.
  var operations: Int { get }
  /// Bytes of weights that it reads.
  var weightBytes: Int { get }
  var reads: [Region] { get }
  var writes: [Region] { get }
  /// A buffer that it reads and one of the same size that it writes, which may share their memory.
  var inPlace: (read: Region, write: Region)? { get }
  var takes: [Argument] { get }
  /// The slots that it fills.
  var gives: [Int] { get }
  /// The outermost rows of what it reads and writes, when each result needs only its own.
  var rowCount: Int? { get }
  /// The same for these of `total` rows alone; nil where other rows matter, too.
  func part(_ rows: Range<Int>, of total: Int) -> (any Step)?

  func run(in frame: Frame) throws
}

extension Step {
  /// What it has to do, to compare it with others: its operations, where a float that is read or written counts as many.
  var work: Int { operations + 32 * (reads + writes).reduce(0) { $0 + $1.count } }

  var operations: Int { 0 }
  var weightBytes: Int { 0 }
  var reads: [Region] { [] }
  var writes: [Region] { [] }
  var inPlace: (read: Region, write: Region)? { nil }
  var takes: [Argument] { [] }
  var gives: [Int] { [] }
  var rowCount: Int? { nil }
  func part(_ rows: Range<Int>, of total: Int) -> (any Step)? { nil }
}
