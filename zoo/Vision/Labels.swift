import JSON
import OrderedCollections

/// Names of classes: where they come from, and where they go.
public enum Labels {
  /// The names of `classes` classes: those that travel with the weights, or ImageNet's where there are as many.
  public static func find(
    sidecars: Sidecars, classes: Int?, ofPictures: Bool = true
  ) -> [String]? {
    guard let classes else { return nil }
    for sidecar in sidecars.values {
      if let labels = sidecar["labels"]?.array?.compactMap(\.string), labels.count == classes {
        return labels
      }
      let timm = sidecar["pretrained_cfg"]?["label_names"] ?? sidecar["label_names"]
      if let labels = timm?.array?.compactMap(\.string), labels.count == classes { return labels }
      if let labels = identified(sidecar["id2label"], classes) { return labels }
    }
    guard ofPictures else { return nil }
    switch classes {
    case 1000: return imageNet
    // Google's models have a class for everything else first.
    case 1001: return ["background"] + imageNet
    default: return nil
    }
  }

  /// The names of transformers' `id2label`, unless they are only numbered.
  private static func identified(_ table: JSONValue?, _ classes: Int) -> [String]? {
    guard let members = table?.object, members.count == classes else { return nil }
    let labels = (0..<classes).compactMap { members[String($0)]?.string }
    guard labels.count == classes, !labels.allSatisfy({ $0.hasPrefix("LABEL_") }) else {
      return nil
    }
    return labels
  }

  /// Names that are written one after the other, with semicolons between them.
  static func split(_ text: String) -> [String] {
    text.split { $0 == ";" || $0 == "\n" }.map { name in
      String(name.drop { $0 == " " })
    }.filter { !$0.isEmpty }
  }
}

extension Sidecars {
  /// Adds what transformers wants to know about the classes.
  public mutating func addLabels(_ labels: [String]?, classes: Int?) {
    guard let classes, classes >= 0, classes <= 1 << 20 else { return }
    let names = labels ?? (0..<classes).map { "LABEL_\($0)" }
    var byNumber: Sidecars = [:]
    var byName: Sidecars = [:]
    for (index, name) in names.enumerated() {
      byNumber[String(index)] = .string(name)
      byName[name] = .integer(index)
    }
    self["id2label"] = .object(byNumber)
    self["label2id"] = .object(byName)
  }
}
