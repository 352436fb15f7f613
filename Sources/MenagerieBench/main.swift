import CKernels
import Kernels

// Prints one JSON line a case: what it did in a second, beside a neighbour, and how much of the
// peak that is. Arguments: words; a case is run when its name holds one of them, or when there are
// none.

let words = Array(CommandLine.arguments.dropFirst())
let bench = Bench(words: words, pool: ThreadPool())

bench.matrices()
bench.stored()
bench.convolutions()
bench.residuals()
bench.winograd()
bench.packing()
bench.depthwise()
bench.elementwise()
