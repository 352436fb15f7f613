import CKernels
import Tensors

extension AttentionKernel {
  /// What flows to queries, keys and values, which is overwritten; all lie as those do that they are of.
  public struct Gradients: Sendable {
    public var q: Placed
    public var k: Placed
    public var v: Placed

    public init(q: Placed, k: Placed, v: Placed) {
      self.q = q
      self.k = k
      self.v = v
    }
  }

  /// The gradients of `attend`, from that of its result, for as many keys in all rows of the batch.
  ///
  /// - Types: sums have one order, whatever the number of threads.
  public func gradient(
    _ flow: Placed, _ q: Placed, _ k: Placed, _ v: Placed, keys: Int, bias: AttentionBias? = nil,
    dropout: AttentionDropout? = nil, into gradients: Gradients,
    instructionSet: InstructionSet = .current, pool: ThreadPool? = nil
  ) {
    precondition(softcap == 0 && keys > 0 && queries > 0)
    let (isa, group) = (instructionSet.isa, queryHeads / keyValueHeads)
    runParallel(pool, count: batch * keyValueHeads) { range in
      func reading(_ placed: Placed, _ heads: Int, _ rows: Int, _ features: Int)
        -> UnsafePointer<Float>
      {
        unsafe placed.view.reading(
          placed.strides.extent(batch: batch, heads: heads, rows: rows, features: features))
      }
      func writing(_ placed: Placed, _ heads: Int, _ rows: Int, _ features: Int)
        -> UnsafeMutablePointer<Float>
      {
        unsafe placed.view.writing(
          placed.strides.extent(batch: batch, heads: heads, rows: rows, features: features))
      }
      let far = Int.max / 2
      for index in range {
        let (b, shared) = index.quotientAndRemainder(dividingBy: keyValueHeads)
        let head = shared * group
        func start(_ placed: Placed, _ head: Int) -> Int {
          b * placed.strides.batch + head * placed.strides.head
        }
        let mask = unsafe bias.map { bias in
          unsafe bias.values.reading(
            bias.strides.extent(
              batch: batch, heads: queryHeads, rows: queries, features: (keys - 1) * bias.key + 1),
            "bias") + b * bias.strides.batch + head * bias.strides.head
        }
        let dq = unsafe writing(gradients.q, queryHeads, queries, size) + start(gradients.q, head)
        let forward = unsafe mng_attention_f32(
          heads: group, queries: queries, keys: keys, size: size, width: width,
          q: reading(q, queryHeads, queries, size) + start(q, head), q_head: q.strides.head,
          q_row: q.strides.row, k: reading(k, keyValueHeads, keys, size) + start(k, shared),
          k_row: k.strides.row, v: reading(v, keyValueHeads, keys, width) + start(v, shared),
          v_row: v.strides.row, y: dq, y_head: 0, y_row: 0, mask: mask,
          mask_head: bias?.strides.head ?? 0, mask_row: bias?.strides.row ?? 0,
          mask_key: bias?.key ?? 0, scale: scale, softcap: 0, before: 0,
          left: min(left ?? far, far), right: min(right ?? far, far),
          dropout: dropout?.mask.parameters ?? mng_dropout(),
          dropout_row: UInt64((dropout?.firstRow ?? 0) + (b * queryHeads + head) * queries),
          dropout_stride: DropoutMask.stride(of: keys))
        var work = unsafe mng_attention_gradient_f32(
          forward: forward, flow: reading(flow, queryHeads, queries, width) + start(flow, head),
          flow_head: flow.strides.head, flow_row: flow.strides.row, dq: dq,
          dq_head: gradients.q.strides.head, dq_row: gradients.q.strides.row,
          dk: writing(gradients.k, keyValueHeads, keys, size) + start(gradients.k, shared),
          dk_row: gradients.k.strides.row,
          dv: writing(gradients.v, keyValueHeads, keys, width) + start(gradients.v, shared),
          dv_row: gradients.v.strides.row)
        let bytes = unsafe mng_attention_gradient_f32_scratch(isa, &work)
        unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { scratch in
          unsafe mng_attention_gradient_f32_heads(isa, &work, scratch.baseAddress)
        }
      }
    }
  }
}
