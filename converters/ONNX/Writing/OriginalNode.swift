/// A node that we have no operator for, kept as it was, to be written out again.
struct OriginalNode: Sendable {
  let node: ExpandedNode
  init(_ node: ExpandedNode) { self.node = node }
}
