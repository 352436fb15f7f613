import CKernels
import Kernels
import Testing

/// Runs `body` under each instruction set that the processor has; pools of threads follow.
public func eachInstructionSet(_ body: (InstructionSet) throws -> Void) rethrows {
  defer { mng_isa_set(mng_isa_probe()) }
  for isa in InstructionSet.available {
    mng_isa_set(mng_isa(UInt32(isa.rawValue)))
    #expect(InstructionSet.current == isa)
    try body(isa)
  }
}
