import Formats
import Tensors

/// The tensors of a checkpoint as the tree of modules that their names spell, for people.
///
/// Neighbouring modules with numbers for names and the same content are shown once (`1…5`).
struct ModuleTree {
  /// Components of a name beyond this stay together: names are strangers' work, and the tree is walked by recursion.
  static let maximumDepth = 24

  private final class Module {
    let name: String
    var children: [Module] = []
    var places: [String: Int] = [:]
    var tensors: [(leaf: String, entry: TensorEntry)] = []
    init(_ name: String) { self.name = name }

    var byteCount: Int {
      tensors.reduce(children.reduce(0) { $0 + $1.byteCount }) { $0 + $1.entry.byteCount }
    }

    /// Puts modules with numbers for names in the order of these: files may have 10 before 2.
    func sortNumbered() {
      for child in children { child.sortNumbered() }
      let numbers = children.compactMap { Int($0.name) }
      guard numbers.count == children.count, numbers != numbers.sorted() else { return }
      children = zip(numbers, children).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Equal for modules that look alike but for their name.
    lazy var signature: String = {
      let own = tensors.map { "\($0.leaf) \($0.entry.dataType) \($0.entry.shape)" }
      return "(" + (own + children.map { $0.name + $0.signature }).joined(separator: ";") + ")"
    }()
  }

  private let root = Module("")
  private let commonType: DataType?

  init(_ tensors: [TensorEntry]) {
    let separator: Character = tensors.contains { $0.name.contains("/") } ? "/" : "."
    for entry in tensors {
      let parts = entry.name.split(
        separator: separator, maxSplits: ModuleTree.maximumDepth, omittingEmptySubsequences: false)
      var module = root
      for part in parts.dropLast() {
        if let place = module.places[String(part)] {
          module = module.children[place]
        } else {
          let child = Module(String(part))
          module.places[child.name] = module.children.count
          module.children.append(child)
          module = child
        }
      }
      module.tensors.append((String(parts.last ?? ""), entry))
    }
    root.sortNumbered()
    let bytes = Dictionary(grouping: tensors, by: \.dataType)
      .mapValues { $0.reduce(0) { $0 + $1.byteCount } }
    commonType = bytes.max { $0.value < $1.value }?.key
  }

  /// The lines of the tree, `width` columns wide.
  func lines(width: Int) -> [String] {
    var rows: [(label: String, text: String, size: String)] = []
    append(root, prefix: "", to: &rows)
    let size = rows.map(\.size.count).max() ?? 0
    let label = min(rows.map(\.label.count).max() ?? 0, width / 2)
    return rows.map { row in
      let text = ModuleTree.fit(row.text, width - label - size - 4)
      return row.label.padded(to: label) + "  " + text.padded(to: width - label - size - 4) + "  "
        + String(repeating: " ", count: size - row.size.count) + row.size
    }
  }

  private func append(
    _ module: Module, prefix: String, to rows: inout [(label: String, text: String, size: String)]
  ) {
    var items: [(name: String, child: Module?, tensor: Int?)] = []
    if !module.tensors.isEmpty && (module === root || !module.children.isEmpty) {
      for i in module.tensors.indices { items.append((module.tensors[i].leaf, nil, i)) }
    }
    var i = 0
    while i < module.children.count {
      let first = module.children[i]
      var last = i
      while last + 1 < module.children.count, Int(first.name) != nil,
        let next = Int(module.children[last + 1].name),
        next == Int(module.children[last].name).map({ $0 + 1 }),
        module.children[last + 1].signature == first.signature
      {
        last += 1
      }
      let alike = last - i
      items.append(
        (alike > 0 ? "\(first.name)…\(module.children[last].name)" : first.name, first, nil))
      if alike > 0 { items[items.count - 1].tensor = -(alike + 1) }
      i = last + 1
    }
    for (i, item) in items.enumerated() {
      let isLast = i == items.count - 1
      let branch = module === root ? "" : prefix + (isLast ? "└─ " : "├─ ")
      let deeper = module === root ? "" : prefix + (isLast ? "   " : "│  ")
      if let child = item.child {
        let times = item.tensor.map { -$0 } ?? 1
        var text = child.children.isEmpty ? describe(child) : ""
        if times > 1 { text += (text.isEmpty ? "" : "  ") + "×\(times)" }
        rows.append((branch + item.name, text, Quantities.bytes(child.byteCount * times)))
        if !child.children.isEmpty { append(child, prefix: deeper, to: &rows) }
      } else if let tensor = item.tensor {
        let entry = module.tensors[tensor].entry
        rows.append((branch + item.name, describe(entry), Quantities.bytes(entry.byteCount)))
      }
    }
  }

  /// `weight [64, 3, 7, 7], bias [64]`; leaves of the same shape share it.
  private func describe(_ module: Module) -> String {
    var groups: [(names: [String], what: String)] = []
    for (leaf, entry) in module.tensors {
      if groups.last?.what == describe(entry) {
        groups[groups.count - 1].names.append(leaf)
      } else {
        groups.append(([leaf], describe(entry)))
      }
    }
    return groups.map { "\($0.names.joined(separator: " ")) \($0.what)" }.joined(separator: ", ")
  }

  private func describe(_ entry: TensorEntry) -> String {
    entry.dataType == commonType ? "\(entry.shape)" : "\(entry.shape) \(entry.dataType)"
  }

  private static func fit(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(width - 1, 0))) + "…"
  }
}

extension String {
  /// The text with spaces behind it, up to `width` columns.
  func padded(to width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}
