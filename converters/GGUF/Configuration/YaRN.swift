import Glibc

/// What YaRN sharpens scores with, where nothing says it: llama.cpp multiplies its `attn_factor` on top of that.
enum YaRN {
  static func usualAttention(factor: Double) -> Double {
    factor > 1 ? 0.1 * Glibc.log(factor) + 1 : 1
  }
}
