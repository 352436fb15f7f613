// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "examples",
  dependencies: [.package(name: "menagerie", path: "../..")],
  targets: ["classify", "learn"].map { name in
    .executableTarget(
      name: name, dependencies: [.product(name: "Menagerie", package: "menagerie")])
  },
  swiftLanguageModes: [.v6]
)
