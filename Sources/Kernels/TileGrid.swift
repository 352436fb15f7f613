/// How the rows and packed panels of a product are cut into pieces of work.
struct TileGrid: Sendable {
  private let rows: Int
  private let panels: Int
  private let rowStep: Int
  private let panelStep: Int
  private let rowPieces: Int

  /// How many pieces there are.
  let count: Int

  /// - Parameters:
  ///   - tile: rows of one tile; pieces are multiples of it.
  ///   - depth: what each result sums over.
  init(rows: Int, tile: Int, panels: Int, depth: Int, threads: Int) {
    self.rows = rows
    self.panels = panels
    guard rows > 0, panels > 0 else {
      (rowStep, panelStep, rowPieces, count) = (1, 1, 0, 0)
      return
    }
    let tiles = (rows + tile - 1) / tile
    // Four pieces a thread even out what the threads lose to others; one piece alone needs no cut.
    let wanted = threads == 1 ? 1 : threads * 4
    var rowPieces = min(tiles, wanted)
    var panelPieces = 1
    if rowPieces < wanted { panelPieces = min(panels, (wanted + rowPieces - 1) / rowPieces) }
    // Few tiles reuse a panel little: rather cut the panels, each of which is then read by one thread only.
    if tiles < 8 * threads && panels >= wanted { (rowPieces, panelPieces) = (1, wanted) }
    rowStep = (tiles + rowPieces - 1) / rowPieces * tile
    panelStep = (panels + panelPieces - 1) / panelPieces
    self.rowPieces = (rows + rowStep - 1) / rowStep
    count = self.rowPieces * ((panels + panelStep - 1) / panelStep)
  }

  /// Rows of the largest piece.
  var largestRows: Int { min(rows, rowStep) }

  subscript(index: Int) -> (rows: Range<Int>, panels: Range<Int>) {
    let row = index % rowPieces * rowStep
    let panel = index / rowPieces * panelStep
    return (row..<min(row + rowStep, rows), panel..<min(panel + panelStep, panels))
  }
}

/// The loop on `pool`, or here when there is none.
func runParallel(
  _ pool: ThreadPool?, count: Int, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void
) {
  if let pool {
    pool.parallelFor(count: count, grain: grain, body)
  } else if count > 0 {
    body(0..<count)
  }
}
