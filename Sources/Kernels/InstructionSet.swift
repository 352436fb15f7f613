import CKernels

/// What kernels are compiled for, in ascending order; packed weights belong to one of them.
public enum InstructionSet: Int, Sendable, CaseIterable, Comparable {
  case baseline
  case avx2
  case avx512

  /// What this process uses: the processor's best, capped by `MENAGERIE_ISA`.
  public static var current: InstructionSet { InstructionSet(mng_isa_current()) }

  /// All that this processor can run.
  public static var available: [InstructionSet] {
    allCases.filter { $0 <= InstructionSet(mng_isa_probe()) }
  }

  public static func < (left: InstructionSet, right: InstructionSet) -> Bool {
    left.rawValue < right.rawValue
  }

  init(_ isa: mng_isa) {
    switch isa {
    case MNG_ISA_AVX512: self = .avx512
    case MNG_ISA_AVX2: self = .avx2
    default: self = .baseline
    }
  }

  var isa: mng_isa {
    switch self {
    case .baseline: MNG_ISA_BASELINE
    case .avx2: MNG_ISA_AVX2
    case .avx512: MNG_ISA_AVX512
    }
  }
}
