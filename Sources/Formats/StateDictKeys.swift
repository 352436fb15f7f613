/// Keys of a checkpoint's metadata that several formats know.
public enum StateDictKeys {
  /// PyTorch's versions of the modules' layouts: `{"bn1": {"version": 2}}`, or that as JSON text.
  public static let versions = "_metadata"
}
