import Formats

/// Every format that Menagerie knows; a new one is a line here and a line in `Package.swift`.
public enum FormatRegistry {
  public static let all: [any ModelFormat] = []
}
