/// How the rows and packed panels of a product are cut into pieces of work.
struct TileGrid: Sendable {
  private let rows: Int
  private let panels: Int
  private let rowStep: Int
  private let panelStep: Int
  private let rowPieces: Int

  /// How many pieces there are.
  let count: Int

  /// - Parameter tile: rows of one tile; pieces are multiples of it.
  init(rows: Int, tile: Int, panels: Int, threads: Int) {
    self.rows = rows
    self.panels = panels
    guard rows > 0, panels > 0 else {
      (rowStep, panelStep, rowPieces, count) = (1, 1, 0, 0)
      return
    }
    let tiles = (rows + tile - 1) / tile
    guard threads > 1, tiles * panels > 1 else {
      (rowStep, panelStep, rowPieces, count) = (rows, panels, 1, 1)
      return
    }
    var best = (cost: Double.infinity, rowStep: 1, panelStep: 1)
    var panelPieces = 1
    while panelPieces <= min(panels, 8 * threads) {
      let panelStep = (panels + panelPieces - 1) / panelPieces
      var rowPieces = 1
      while rowPieces <= tiles, rowPieces * panelPieces <= 16 * threads {
        let rowStep = (tiles + rowPieces - 1) / rowPieces
        let cost = Self.cost(
          tiles: tiles, rowStep: rowStep, panels: panels, panelStep: panelStep, threads: threads)
        if cost < best.cost { best = (cost, rowStep, panelStep) }
        rowPieces += max(1, rowPieces / 8)
      }
      panelPieces += max(1, panelPieces / 4)
    }
    rowStep = best.rowStep * tile
    panelStep = best.panelStep
    rowPieces = (rows + rowStep - 1) / rowStep
    count = rowPieces * ((panels + panelStep - 1) / panelStep)
  }

  /// What a cut costs beside none, estimated: threads that wait for the last piece, rows that are
  /// packed once more for each piece of panels, panels that are read once more for each piece of
  /// rows.
  private static func cost(
    tiles: Int, rowStep: Int, panels: Int, panelStep: Int, threads: Int
  ) -> Double {
    let pieces = ((tiles + rowStep - 1) / rowStep) * ((panels + panelStep - 1) / panelStep)
    let rounds = (pieces + threads - 1) / threads
    // With three more pieces a thread, one that loses its core for a while delays little.
    let disturbance = 0.03 / Double(max(1, pieces / threads))
    let waiting =
      Double(rounds * threads * rowStep * panelStep) / Double(tiles * panels) - 1
    return waiting + disturbance + 0.15 / Double(panelStep) + 0.06 / Double(rowStep)
  }

  /// Rows of the largest piece.
  var largestRows: Int { min(rows, rowStep) }

  /// Panels of the largest piece.
  var largestPanels: Int { min(panels, panelStep) }

  subscript(index: Int) -> (rows: Range<Int>, panels: Range<Int>) {
    let row = index % rowPieces * rowStep
    let panel = index / rowPieces * panelStep
    return (row..<min(row + rowStep, rows), panel..<min(panel + panelStep, panels))
  }
}

/// The loop on `pool`, or here when there is none.
func runParallel(
  _ pool: ThreadPool?, count: Int, grain: Int = 1, inSpans: Bool = false,
  _ body: @Sendable (Range<Int>) -> Void
) {
  if let pool {
    pool.parallelFor(count: count, grain: grain, inSpans: inSpans, body)
  } else if count > 0 {
    body(0..<count)
  }
}
