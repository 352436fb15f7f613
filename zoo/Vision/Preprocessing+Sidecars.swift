import Images
import JSON
import ModelGraph
import OrderedCollections

/// Reads what travels with weights: our own description, timm's `pretrained_cfg`, transformers' `preprocessor_config.json`.
extension Preprocessing {
  /// What the sidecars say, or nil when they say nothing that can be followed.
  public init?(sidecars: Sidecars) {
    for sidecar in sidecars.values {
      if let own = sidecar["preprocessing"].flatMap(Preprocessing.init(own:)) {
        self = own
        return
      }
      let timm = sidecar["input_size"] == nil ? sidecar["pretrained_cfg"] : sidecar
      if let timm, let read = Preprocessing(timm: timm) {
        self = read
        return
      }
      // `processor_config.json` has it beside the tokenizer's
      let processor = sidecar["image_processor"] ?? sidecar
      if processor["image_mean"] != nil || processor["image_processor_type"] != nil,
        let read = Preprocessing(processor: processor)
      {
        self = read
        return
      }
    }
    return nil
  }

  /// `{"size": [32, 32], "interpolation": "bicubic", "scale": 0.0039, "mean": […], "std": […]}`, and perhaps
  /// `"shortestEdge"`, `"crop"`, `"channels": "bgr"`, `"layout": "NHWC"`.
  init?(own: JSONValue) {
    guard let mean = own["mean"]?.doubles, let deviation = own["std"]?.doubles else { return nil }
    let resize: Resize
    if let edge = own["shortestEdge"]?.integer {
      resize = .shortestEdge(edge)
    } else if let size = Size(own["size"]) {
      resize = .exactly(height: size.height, width: size.width)
    } else {
      resize = .none
    }
    self.init(
      resize: resize,
      interpolation: own["interpolation"]?.string.flatMap(Interpolation.init) ?? .bilinear,
      crop: Size(own["crop"]), roundsMarginsDown: own["margins"]?.string == "down",
      scale: own["scale"]?.double ?? 1 / 255, mean: mean,
      standardDeviation: deviation,
      channelOrder: own["channels"]?.string.flatMap(ChannelOrder.init) ?? .rgb,
      isChannelsLast: own["layout"]?.string == "NHWC")
    guard isUsable else { return nil }
  }

  /// timm: the edge is the input's, divided by the part that is cut out.
  private init?(timm: JSONValue) {
    guard let extents = timm["input_size"]?.integers, extents.count == 3, extents[1] > 0,
      extents[2] > 0, let mean = timm["mean"]?.doubles, let deviation = timm["std"]?.doubles
    else { return nil }
    let part = timm["crop_pct"]?.double ?? 0.875
    guard part > 0.01, part <= 1, extents[1] <= 1 << 14, extents[2] <= 1 << 14 else { return nil }
    let size = Size(height: extents[1], width: extents[2])
    let edge = Int(Double(min(extents[1], extents[2])) / part)
    let squashes = timm["crop_mode"]?.string == "squash"
    self.init(
      resize: squashes
        ? .exactly(height: Int(Double(size.height) / part), width: Int(Double(size.width) / part))
        : .shortestEdge(edge),
      interpolation: timm["interpolation"]?.string.flatMap(Interpolation.init) ?? .bicubic,
      crop: size, mean: mean, standardDeviation: deviation)
    guard isUsable else { return nil }
  }

  /// transformers' image processors of convolutional classifiers.
  private init?(processor: JSONValue) {
    let kind =
      processor["image_processor_type"]?.string ?? processor["feature_extractor_type"]?.string ?? ""
    let size = processor["size"]
    var resize = Resize.none
    var crop: Size?
    if processor["do_resize"]?.bool ?? true {
      let edge = size?["shortest_edge"]?.integer ?? size?.integer
      if let size = Size(size) {
        resize = .exactly(height: size.height, width: size.width)
      } else if let edge, edge > 0, edge <= 1 << 14 {
        if kind.hasPrefix("ConvNext") || kind.hasPrefix("ConvNeXt") {
          let part = processor["crop_pct"]?.double ?? 224 / 256
          guard part > 0.01, part <= 1 else { return nil }
          resize =
            edge >= 384
            ? .exactly(height: edge, width: edge) : .shortestEdge(Int(Double(edge) / part))
          crop = edge >= 384 ? nil : Size(height: edge, width: edge)
        } else {
          resize = .shortestEdge(edge)
        }
      }
    }
    if processor["do_center_crop"]?.bool == true { crop = Size(processor["crop_size"]) }
    let normalises = processor["do_normalize"]?.bool ?? true
    let scales = processor["do_rescale"]?.bool ?? true
    let filters: [Interpolation] = [.nearest, .lanczos, .bilinear, .bicubic, .box, .hamming]
    let filter = processor["resample"]?.integer ?? 2
    self.init(
      resize: resize, interpolation: filters.indices.contains(filter) ? filters[filter] : .bilinear,
      crop: crop, roundsMarginsDown: true,
      scale: scales ? processor["rescale_factor"]?.double ?? 1 / 255 : 1,
      mean: normalises ? processor["image_mean"]?.doubles ?? [0.5, 0.5, 0.5] : [0, 0, 0],
      standardDeviation: normalises
        ? processor["image_std"]?.doubles ?? [0.5, 0.5, 0.5] : [1, 1, 1])
    guard isUsable else { return nil }
  }

  /// Whether the numbers, which may come from a file, can be computed with.
  private var isUsable: Bool {
    let limit = 1...(1 << 14)
    let sizes: [Int] =
      switch resize {
      case .none: []
      case .shortestEdge(let edge): [edge]
      case .exactly(let height, let width): [height, width]
      }
    return mean.count == standardDeviation.count && (1...4).contains(mean.count)
      && standardDeviation.allSatisfy { $0.isFinite && $0 != 0 } && mean.allSatisfy(\.isFinite)
      && scale.isFinite && scale > 1e-9 && sizes.allSatisfy(limit.contains)
      && (crop.map { limit.contains($0.height) && limit.contains($0.width) } ?? true)
  }

  /// The same for a model with this input: channels where the input has them, and its size where nothing says another.
  public func fitted(to input: TensorType) -> Preprocessing {
    guard let extents = input.dimensions?.map(\.value), extents.count == 4 else { return self }
    var result = self
    let channels = [1, 3, 4]
    if let last = extents[3], channels.contains(last), !channels.contains(extents[1] ?? 0) {
      result.isChannelsLast = true
    } else if let second = extents[1], channels.contains(second) {
      result.isChannelsLast = false
    }
    let sides = result.isChannelsLast ? extents[1...2] : extents[2...3]
    guard let height = sides.first ?? nil, let width = sides.last ?? nil,
      outputSize != Size(height: height, width: width), height > 0, width > 0
    else { return result }
    result.resize = .exactly(height: height, width: width)
    result.crop = nil
    return result
  }

  /// Our own description of it, which `init(sidecars:)` reads.
  public var json: JSONValue {
    var members: Sidecars = [:]
    switch resize {
    case .none: break
    case .shortestEdge(let edge): members["shortestEdge"] = .integer(edge)
    case .exactly(let height, let width): members["size"] = [.integer(height), .integer(width)]
    }
    if let crop {
      members["crop"] = [.integer(crop.height), .integer(crop.width)]
      if roundsMarginsDown { members["margins"] = "down" }
    }
    members["interpolation"] = .string(interpolation.rawValue)
    members["scale"] = .number(scale)
    members["mean"] = .array(mean.map { .number($0) })
    members["std"] = .array(standardDeviation.map { .number($0) })
    members["channels"] = .string(channelOrder.rawValue)
    members["layout"] = isChannelsLast ? "NHWC" : "NCHW"
    return .object(members)
  }

  /// transformers' `preprocessor_config.json`, for a processor that resizes the shorter edge.
  func processorConfiguration(_ kind: String) -> JSONValue {
    let filters: [Interpolation: Int] = [
      .nearest: 0, .lanczos: 1, .bilinear: 2, .bicubic: 3, .box: 4, .hamming: 5,
    ]
    var members: Sidecars = [
      "image_processor_type": .string(kind),
      "do_resize": .bool(resize != .none),
      "resample": .integer(filters[interpolation] ?? 2),
      "do_rescale": true,
      "rescale_factor": .number(scale),
      "do_normalize": true,
      "image_mean": .array(mean.map { .number($0) }),
      "image_std": .array(standardDeviation.map { .number($0) }),
    ]
    let size = outputSize
    switch resize {
    case .shortestEdge(let edge) where kind.hasPrefix("ConvNext"):
      let cut = size?.height ?? edge
      members["size"] = ["shortest_edge": .integer(cut)]
      members["crop_pct"] = .number(Double(cut) / Double(max(edge, 1)))
    case .shortestEdge(let edge): members["size"] = ["shortest_edge": .integer(edge)]
    case .exactly(let height, let width):
      members["size"] = ["height": .integer(height), "width": .integer(width)]
    case .none: break
    }
    if !kind.hasPrefix("ConvNext"), let crop {
      members["do_center_crop"] = true
      members["crop_size"] = ["height": .integer(crop.height), "width": .integer(crop.width)]
    }
    return .object(members)
  }
}

extension Preprocessing.Size {
  /// `[height, width]` or `{"height": …, "width": …}`.
  fileprivate init?(_ value: JSONValue?) {
    if let pair = value?.integers, pair.count == 2 {
      self.init(height: pair[0], width: pair[1])
    } else if let height = value?["height"]?.integer, let width = value?["width"]?.integer {
      self.init(height: height, width: width)
    } else {
      return nil
    }
  }
}
