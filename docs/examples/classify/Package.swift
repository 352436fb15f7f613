// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "classify",
  dependencies: [.package(name: "menagerie", path: "../../..")],
  targets: [
    .executableTarget(
      name: "classify", dependencies: [.product(name: "Menagerie", package: "menagerie")])
  ],
  swiftLanguageModes: [.v6]
)
