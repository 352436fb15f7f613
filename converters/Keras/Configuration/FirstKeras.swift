import BinaryIO
import JSON
import OrderedCollections

/// Keras 1 had other names for classes and settings; here they become those of Keras 2 and 3.
enum FirstKeras {
  private static let classes = [
    "Convolution2D": "Conv2D", "AtrousConvolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D", "Deconvolution2D": "Conv2DTranspose",
    "Merge": "Merge",
  ]
  private static let settings = [
    "nb_filter": "filters", "subsample": "strides", "border_mode": "padding", "bias": "use_bias",
    "atrous_rate": "dilation_rate", "output_dim": "units", "p": "rate",
  ]

  /// The class as it is called today.
  static func className(_ name: String) -> String { classes[name] ?? name }

  /// The settings as they are called today; those of today stay.
  static func config(_ config: JSONValue) -> JSONValue {
    guard var members = config.object, members.keys.contains(where: isOld) else { return config }
    for (old, new) in settings {
      if let value = members[old], members[new] == nil { members[new] = value }
    }
    if let rows = members["nb_row"], let columns = members["nb_col"] {
      members["kernel_size"] = .array([rows, columns])
    }
    if let order = members["dim_ordering"]?.string {
      members["data_format"] = .string(order == "th" ? "channels_first" : "channels_last")
    }
    return .object(members)
  }

  private static func isOld(_ key: String) -> Bool {
    settings[key] != nil || ["nb_row", "dim_ordering"].contains(key)
  }
}
