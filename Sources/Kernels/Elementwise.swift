import CKernels

/// Operators of two operands.
public enum BinaryOperator: Sendable, CaseIterable {
  case add, subtract, multiply, divide, maximum, minimum, power

  var code: mng_binary {
    switch self {
    case .add: MNG_BINARY_ADD
    case .subtract: MNG_BINARY_SUBTRACT
    case .multiply: MNG_BINARY_MULTIPLY
    case .divide: MNG_BINARY_DIVIDE
    case .maximum: MNG_BINARY_MAXIMUM
    case .minimum: MNG_BINARY_MINIMUM
    case .power: MNG_BINARY_POWER
    }
  }
}

/// An operand of an elementwise operator over `[images, rows, columns]`, and how it is spread out.
public struct Operand: Sendable {
  public let values: FloatView
  let spread: Spread

  enum Spread: Sendable { case whole, scalar, perColumn, perImage, perRow }

  /// One float each.
  public static func whole(_ values: FloatView) -> Operand {
    Operand(values: values, spread: .whole)
  }

  /// One float for all.
  public static func scalar(_ values: FloatView) -> Operand {
    Operand(values: values, spread: .scalar)
  }

  /// `[columns]`: a float a channel.
  public static func perColumn(_ values: FloatView) -> Operand {
    Operand(values: values, spread: .perColumn)
  }

  /// `[images, 1, columns]`: a float a channel of each image, as the gate of
  /// squeeze-and-excitation.
  public static func perImage(_ values: FloatView) -> Operand {
    Operand(values: values, spread: .perImage)
  }

  /// `[images, rows, 1]`: a float a row.
  public static func perRow(_ values: FloatView) -> Operand {
    Operand(values: values, spread: .perRow)
  }

  func count(images: Int, rows: Int, columns: Int) -> Int {
    switch spread {
    case .whole: images * rows * columns
    case .scalar: 1
    case .perColumn: columns
    case .perImage: images * columns
    case .perRow: images * rows
    }
  }

  /// Floats from one image to the next, one row to the next, one column to the next.
  func steps(rows: Int, columns: Int) -> (image: Int, row: Int, column: Int) {
    switch spread {
    case .whole: (rows * columns, columns, 1)
    case .scalar: (0, 0, 0)
    case .perColumn: (0, 0, 1)
    case .perImage: (columns, 0, 1)
    case .perRow: (rows, 1, 0)
    }
  }
}

/// Elementwise operators.
public enum Elementwise {
  /// `result = clamp(left op right)` over `[images, rows, columns]`.
  ///
  /// The result may be the memory of a whole operand.
  public static func binary(
    _ operation: BinaryOperator, _ left: Operand, _ right: Operand, images: Int = 1, rows: Int = 1,
    columns: Int, clamp: Clamp = .none, into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(images >= 0 && rows >= 0 && columns >= 0)
    var (rows, columns) = (rows, columns)
    // Nothing varies from row to row but the position: one long row.
    if [left, right].allSatisfy({ $0.spread == .whole || $0.spread == .scalar }) {
      // Rows of a size that threads can share out.
      let count = images * rows * columns
      binaryPieces(operation, left, right, count: count, clamp: clamp, into: result, pool: pool)
      return
    }
    if columns == 0 { (rows, columns) = (0, 0) }
    let (total, leftSteps, rightSteps) = (
      rows, left.steps(rows: rows, columns: columns), right.steps(rows: rows, columns: columns)
    )
    let width = columns
    runParallel(
      pool, count: images * total, grain: max(1, 16384 / max(1, width))
    ) { range in
      let a = unsafe left.values.reading(left.count(images: images, rows: total, columns: width))
      let b = unsafe right.values.reading(right.count(images: images, rows: total, columns: width))
      let y = unsafe result.writing(images * total * width)
      var row = range.lowerBound
      while row < range.upperBound {
        let (image, first) = row.quotientAndRemainder(dividingBy: total)
        let count = min(total - first, range.upperBound - row)
        unsafe mng_binary_f32(
          operation.code, count, width, a + image * leftSteps.image + first * leftSteps.row,
          leftSteps.row, leftSteps.column,
          b + image * rightSteps.image + first * rightSteps.row, rightSteps.row,
          rightSteps.column, clamp.minimum, clamp.maximum, y + row * width)
        row += count
      }
    }
  }

  private static func binaryPieces(
    _ operation: BinaryOperator, _ left: Operand, _ right: Operand, count: Int, clamp: Clamp,
    into result: FloatView, pool: ThreadPool?
  ) {
    let (leftStep, rightStep) = (left.spread == .whole ? 1 : 0, right.spread == .whole ? 1 : 0)
    runParallel(pool, count: count, grain: 16384) { range in
      let a = unsafe left.values.reading(leftStep == 1 ? count : 1)
      let b = unsafe right.values.reading(rightStep == 1 ? count : 1)
      let y = unsafe result.writing(count)
      let start = range.lowerBound
      unsafe mng_binary_f32(
        operation.code, 1, range.count, a + start * leftStep, 0, leftStep, b + start * rightStep,
        0, rightStep, clamp.minimum, clamp.maximum, y + start)
    }
  }

  /// `result[r, c] = clamp(input[r, c] * scale[c] + shift[c])`: BatchNorm of known statistics.
  ///
  /// The result may be the input's memory.
  public static func affine(
    _ input: FloatView, scale: FloatView, shift: FloatView, rows: Int, columns: Int,
    clamp: Clamp = .none, into result: FloatView, pool: ThreadPool? = nil
  ) {
    precondition(rows >= 0 && columns >= 0)
    runParallel(pool, count: rows, grain: max(1, 16384 / max(1, columns))) { range in
      let start = range.lowerBound * columns
      unsafe mng_affine_f32(
        range.count, columns, input.reading(rows * columns) + start, scale.reading(columns),
        shift.reading(columns), clamp.minimum, clamp.maximum,
        result.writing(rows * columns) + start)
    }
  }
}
