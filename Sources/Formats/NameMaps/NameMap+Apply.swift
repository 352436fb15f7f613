import BinaryIO
import OrderedCollections
import Tensors

extension NameMap {
  /// Maps `tensors` from their names to ours.
  ///
  /// - Parameter expected: the names of ours that there should be, in order; nil when nobody knows. Then nothing is
  ///   synthesised, and no name of ours is unknown or missing.
  /// - Throws: `DataError` `.mismatch`, with the tensor's name, when a tensor does not fit its rule.
  public func apply(
    to tensors: [NormalisedTensor], expecting expected: OrderedSet<String>? = nil
  ) throws -> MappingAccount {
    var account = MappingAccount()
    var gathered: OrderedDictionary<Gathering, [Int: NormalisedTensor]> = [:]
    for tensor in tensors {
      let name = tensor.entry.name
      guard let (index, part, binding) = find(name) else {
        account.unknown.append(name)
        continue
      }
      let rule = rules[index]
      if rule.ours.isEmpty {
        account.dropped.append(name)
      } else {
        gathered[Gathering(rule: index, binding: binding), default: [:]][part] = tensor
      }
    }
    dropFormerNames(from: &gathered, &account)
    for (key, parts) in gathered {
      let rule = rules[key.rule]
      if rule.axis != nil || rule.isSum, parts.count < rule.theirs.count {
        account.missing += rule.theirs.indices.filter { parts[$0] == nil }
          .compactMap { rule.theirs[$0].render(key.binding) }
        continue
      }
      let sources = parts.sorted { $0.key < $1.key }.map(\.value)
      let names = rule.ours.compactMap { $0.render(key.binding) }
      for made in try rule.made(from: sources, names: names) {
        if let expected, !expected.contains(made.entry.name) {
          account.unknown += made.sources
        } else {
          account.tensors.append(made)
        }
      }
    }
    if let expected { complete(&account, expected) } else { addStandIns(to: &account) }
    return account
  }

  /// Where nobody says what there should be, what is missing under a name without variables is made.
  private func addStandIns(to account: inout MappingAccount) {
    let present = Set(account.tensors.map(\.entry.name))
    for rule in rules where rule.theirs.isEmpty && rule.ours[0].variables.isEmpty {
      let name = rule.ours[0].source
      guard let standIn = rule.standIn, !present.contains(name) else { continue }
      let entry = TensorEntry(name: name, standIn.tensor())
      account.tensors.append(NormalisedTensor(entry, sources: [], action: .synthesised))
      account.synthesised.append(name)
    }
  }

  /// A tensor under a former name is left out where the present name has one too.
  private func dropFormerNames(
    from gathered: inout OrderedDictionary<Gathering, [Int: NormalisedTensor]>,
    _ account: inout MappingAccount
  ) {
    guard gathered.keys.contains(where: { rules[$0.rule].isFormer }) else { return }
    var present: Set<String> = []
    for key in gathered.keys where !rules[key.rule].isFormer {
      present.formUnion(rules[key.rule].ours.compactMap { $0.render(key.binding) })
    }
    for (key, parts) in gathered where rules[key.rule].isFormer {
      let names = rules[key.rule].ours.compactMap { $0.render(key.binding) }
      guard names.allSatisfy(present.contains) else {
        present.formUnion(names)
        continue
      }
      account.dropped += parts.values.map(\.entry.name)
      gathered[key] = nil
    }
  }

  /// Puts the tensors in the expected order, and makes those that a rule can make.
  private func complete(_ account: inout MappingAccount, _ expected: OrderedSet<String>) {
    var found: [String: NormalisedTensor] = [:]
    for tensor in account.tensors {
      if found.updateValue(tensor, forKey: tensor.entry.name) != nil {
        account.unknown += tensor.sources
      }
    }
    account.tensors = []
    for name in expected {
      if let tensor = found[name] {
        account.tensors.append(tensor)
      } else if let standIn = standIn(for: name) {
        let entry = TensorEntry(name: name, standIn.tensor())
        account.tensors.append(NormalisedTensor(entry, sources: [], action: .synthesised))
        account.synthesised.append(name)
      } else {
        account.missing.append(name)
      }
    }
  }

  private func standIn(for name: String) -> NameRule.StandIn? {
    rules.first { $0.theirs.isEmpty && $0.ours[0].match(name) != nil }?.standIn
  }

  private struct Gathering: Hashable {
    var rule: Int
    var binding: NameBinding
  }
}

extension NameRule {
  /// The tensors on our side that `sources` make.
  func made(from sources: [NormalisedTensor], names: [String]) throws -> [NormalisedTensor] {
    guard let first = sources.first else { return [] }
    let origin = Array(OrderedSet(sources.flatMap(\.sources)))
    if theirs.count > 1, axis != nil || isSum, let name = names.first {
      let entry = try naming("tensor '\(name)'") {
        let parts = sources.map(\.entry)
        guard let axis else { return try TensorEntry.adding(parts, name: name) }
        return try TensorEntry.concatenating(parts, axis: axis, name: name)
      }
      var made = try changed(NormalisedTensor(entry, sources: origin))
      made.action = isSum ? .folded : .concatenated
      return [made]
    }
    let tensor = try changed(first)
    if ours.count > 1, let axis {
      return try names.enumerated().map { part, name in
        let entry = try naming("tensor '\(first.entry.name)'") {
          try tensor.entry.part(part, of: names.count, axis: axis, name: name)
        }
        return NormalisedTensor(entry, sources: origin, action: .split)
      }
    }
    return names.enumerated().map { index, name in
      guard isSum, index > 0 else {
        return NormalisedTensor(
          tensor.entry.renamed(name), sources: tensor.sources, action: tensor.action)
      }
      return NormalisedTensor(
        TensorEntry(name: name, tensor.entry.rowOfZeros), sources: [], action: .synthesised)
    }
  }

  /// The tensor after all steps.
  private func changed(_ source: NormalisedTensor) throws -> NormalisedTensor {
    var tensor = source
    for step in steps {
      let shape = try naming("tensor '\(source.entry.name)'") {
        let shape = try step.applied(to: tensor.entry.shape)
        if try !step.keepsBlocks(tensor.entry.dataType, of: tensor.entry.shape) {
          tensor.entry = tensor.entry.widened()
        }
        return shape
      }
      tensor.entry = try tensor.entry.mapped(
        dataType: step.applied(to: tensor.entry.dataType), shape: shape
      ) { try step.applied(to: $0) }
      tensor.action = step.action
    }
    return tensor
  }
}

extension Shape {
  /// One row of a tensor of this shape.
  package var row: Shape { Shape([1] + dimensions.dropFirst()) }
}

extension TensorEntry {
  /// What adds nothing to any row.
  fileprivate var rowOfZeros: Tensor {
    Tensor(shape: shape.row, [Float](repeating: 0, count: shape.row.elementCount))
      .cast(to: dataType)
  }

  /// A table with a row added to each of its rows.
  fileprivate static func adding(_ entries: [TensorEntry], name: String) throws -> TensorEntry {
    let (table, row) = (entries[0], entries[1])
    guard row.shape == table.shape.row else {
      throw DataError(
        .mismatch, "\(row.shape), which is no row of \(table.shape)", subject: row.name)
    }
    return TensorEntry(name: name, dataType: table.dataType, shape: table.shape) {
      let (numbers, added) = (try table.load().doubles, try row.load().doubles)
      return Tensor(
        shape: table.shape, numbers.enumerated().map { $1 + added[$0 % added.count] }
      ).cast(to: table.dataType)
    }
  }
}

extension TensorEntry {
  /// Quantised blocks as floats.
  fileprivate func widened() -> TensorEntry {
    mapped(dataType: .float32, shape: shape) { $0.cast(to: .float32) }
  }

  /// One of `count` equal parts along an axis.
  func part(_ index: Int, of count: Int, axis: Int, name: String) throws -> TensorEntry {
    guard axis < shape.rank, shape[axis] % count == 0 else {
      throw DataError(
        .mismatch, "shape \(shape), whose axis \(axis) does not fall into \(count) equal parts")
    }
    let extent = shape[axis] / count
    var dimensions = shape.dimensions
    dimensions[axis] = extent
    guard dataType.fits(Shape(dimensions)) else {
      return try widened().part(index, of: count, axis: axis, name: name)
    }
    return mapped(shape: Shape(dimensions)) {
      $0.sliced(axis: axis, (index * extent)..<((index + 1) * extent))
    }.renamed(name)
  }

  /// Several entries as one, along an axis on which alone they may differ.
  static func concatenating(
    _ entries: [TensorEntry], axis: Int, name: String
  ) throws -> TensorEntry {
    let first = entries[0]
    var dimensions = first.shape.dimensions
    guard axis < dimensions.count else {
      throw DataError(.mismatch, "shape \(first.shape), which has no axis \(axis)")
    }
    for entry in entries.dropFirst() {
      var other = entry.shape.dimensions
      guard other.count == dimensions.count, entry.dataType == first.dataType else {
        throw DataError(.mismatch, "parts of different type or rank (\(first.name), \(entry.name))")
      }
      let extent = other[axis]
      other[axis] = first.shape[axis]
      guard extent == first.shape[axis], other == first.shape.dimensions else {
        throw DataError(.mismatch, "parts of unequal shape: \(first.shape) and \(entry.shape)")
      }
      dimensions[axis] += extent
    }
    if axis == dimensions.count - 1, first.dataType.isBlockQuantised {
      return try concatenating(entries.map { $0.widened() }, axis: axis, name: name)
    }
    return TensorEntry(
      name: name, dataType: first.dataType, shape: try Shape(checking: dimensions)
    ) {
      try Tensor.concatenating(try entries.map { try $0.load() }, axis: axis)
    }
  }
}

extension Tensor {
  /// Several tensors of one type as one, along an axis on which alone they may differ.
  static func concatenating(_ parts: [Tensor], axis: Int) throws -> Tensor {
    // Concatenation along the first axis is the parts' bytes one after the other; another axis is moved there and back.
    var order = Array(0..<parts[0].rank)
    order.remove(at: axis)
    order.insert(axis, at: 0)
    let moved = parts.map { $0.permuted(order) }
    var dimensions = moved[0].shape.dimensions
    dimensions[0] = moved.reduce(0) { $0 + $1.shape[0] }
    var bytes: [UInt8] = []
    for part in moved { bytes += part.contiguousBytes.array }
    let joined = try Tensor(
      viewing: TensorStorage(Bytes(bytes)), dataType: parts[0].dataType,
      shape: try Shape(checking: dimensions))
    return joined.permuted(order.indices.map { index in order.firstIndex(of: index) ?? index })
  }
}
