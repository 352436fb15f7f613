/// Which Menagerie this is.
public enum MenagerieVersion {
  /// By semantic versioning 2.0.0; CHANGELOG.md says what each brought.
  public static let current = "0.1.0"
}
