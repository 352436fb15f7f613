// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is compiled with.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A Swift target; dependencies name targets of a lower layer only.
func swift(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path, exclude: readme(path),
    swiftSettings: strict)
}

/// A Debian `-dev` package behind a module map.
func system(_ name: String, _ pkgConfig: String, apt: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// The tests of one area, which mirror its sources.
func tests(_ area: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(area)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(area)Tests",
    swiftSettings: strict)
}

/// Folders of `converters` carry a page of what is read and what is not.
func readme(_ path: String) -> [String] { path.hasPrefix("converters/") ? ["README.md"] : [] }

let collections = Target.Dependency.product(
  name: "OrderedCollections", package: "swift-collections")

/// One line a converter: its module is `<Folder>Converter`.
let converters: [(folder: String, dependencies: [Target.Dependency])] = [
  ("PyTorch", ["Archives"]),
  ("SafeTensors", []),
  ("NumPy", ["Archives"]),
  ("Keras", ["Archives", "CHDF5", "Operators"]),
  ("ONNX", ["COnnxProto", "Operators"]),
  ("HuggingFace", ["SafeTensorsConverter", "PyTorchConverter"]),
  ("GGUF", ["Text"]),
]
let converterModules = converters.map { Target.Dependency(stringLiteral: "\($0.folder)Converter") }

let package = Package(
  name: "menagerie",
  products: [
    .library(name: "Menagerie", targets: ["Menagerie"]),
    .executable(name: "menagerie", targets: ["MenagerieCLI"]),
    .executable(name: "menagerie-bench", targets: ["MenagerieBench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Layer 0: C kernels and the system's libraries
    .target(
      name: "CKernels", path: "Sources/CKernels",
      cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]),
    .target(
      name: "COnnxProto", dependencies: ["CProtobufC"], path: "Sources/COnnxProto",
      exclude: ["onnx.proto", "generate.sh"]),
    .target(
      name: "CPictures", dependencies: ["CJPEG", "CPNG"], path: "Sources/CPictures",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .target(
      name: "CMPI", path: "Sources/CMPI",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    system("COpenBLAS", "openblas", apt: "libopenblas-dev"),
    system("CProtobufC", "libprotobuf-c", apt: "libprotobuf-c-dev"),
    system("CHDF5", "hdf5", apt: "libhdf5-dev"),
    system("CLibZip", "libzip", apt: "libzip-dev"),
    system("CDeflate", "libdeflate", apt: "libdeflate-dev"),
    system("CNettle", "nettle", apt: "nettle-dev"),
    system("CJPEG", "libjpeg", apt: "libjpeg62-turbo-dev"),
    system("CPNG", "libpng", apt: "libpng-dev"),

    // Layer 1: bytes
    swift("BinaryIO", at: "Sources/BinaryIO", ["CDeflate", "CNettle"]),

    // Layer 2: tensors, archives, JSON, pictures
    swift("JSON", at: "Sources/JSON", ["BinaryIO", collections]),
    swift("Archives", at: "Sources/Archives", ["BinaryIO", "CLibZip"]),
    swift("Tensors", at: "Sources/Tensors", ["BinaryIO", "CKernels"]),
    swift("Images", at: "Sources/Images", ["BinaryIO", "CPictures"]),
    swift("Text", at: "Sources/Text", ["BinaryIO", "JSON", collections]),

    // Layer 3: the graph, and the safe faces of the kernels
    swift("ModelGraph", at: "Sources/ModelGraph", ["BinaryIO", "Tensors", collections]),
    swift("Kernels", at: "Sources/Kernels", ["BinaryIO", "CKernels", "Tensors"]),

    // Layer 4: operators; what processes say to each other; what every format shares
    swift("Operators", at: "Sources/Operators", ["BinaryIO", "ModelGraph", "Kernels", "Tensors"]),
    swift("Collectives", at: "Sources/Collectives", ["BinaryIO", "CMPI", "Kernels"]),
    swift(
      "Formats", at: "Sources/Formats",
      [
        "BinaryIO", "JSON", "ModelGraph", "Tensors", collections,
        .product(name: "Yams", package: "Yams"),
      ]),

    // Layer 5: execution; the doors
    swift(
      "Execution", at: "Sources/Execution",
      [
        "BinaryIO", "Kernels", "ModelGraph", "Operators", "Tensors", collections,
      ]),
  ]
    + converters.map {
      swift(
        "\($0.folder)Converter", at: "converters/\($0.folder)",
        ["BinaryIO", "Formats", "JSON", "ModelGraph", "Tensors", collections] + $0.dependencies)
    }
    + [
      // Layer 6: the list of formats; the animals
      swift(
        "Converters", at: "Sources/Converters",
        ["Archives", "BinaryIO", "Formats"] + converterModules),
      swift(
        "Zoo", at: "zoo",
        [
          "BinaryIO", "Formats", "Images", "JSON", "ModelGraph", "Operators", "Tensors",
          collections,
        ]),

      // Layer 6: gradients, optimisers, data, the trainer
      swift(
        "Training", at: "Sources/Training",
        [
          "BinaryIO", "Collectives", "Execution", "Images", "JSON", "Kernels", "ModelGraph",
          "Operators", "Tensors", collections,
        ]),

      // Layer 8: the library
      swift(
        "Menagerie", at: "Sources/Menagerie",
        [
          "BinaryIO", "Collectives", "Converters", "Execution", "Formats", "HuggingFaceConverter",
          "Images", "JSON", "Kernels",
          "ModelGraph", "Operators", "Tensors", "Text", "Training", "Zoo", collections,
        ]),

      // Layer 9: what people type
      .executableTarget(
        name: "MenagerieCLI",
        dependencies: [
          "BinaryIO", "Collectives", "Execution", "Formats", "JSON", "Menagerie", "ModelGraph",
          "NumPyConverter", "Tensors", "Text", "Training", "Zoo", collections,
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], path: "Sources/MenagerieCLI", swiftSettings: strict),
      .executableTarget(
        name: "MenagerieBench", dependencies: ["CKernels", "COpenBLAS", "Kernels", "Tensors"],
        path: "Sources/MenagerieBench", swiftSettings: strict),

      // Tests
      swift(
        "TestSupport", at: "Tests/TestSupport",
        [
          "Archives", "BinaryIO", "CKernels", "Collectives", "JSON", "Kernels", "Tensors",
          collections,
        ]),
      tests("BinaryIO", ["BinaryIO"]),
      tests("JSON", ["JSON", "BinaryIO", collections]),
      tests("Tensors", ["Tensors", "BinaryIO"]),
      tests("Archives", ["Archives", "BinaryIO"]),
      tests("Images", ["Images", "BinaryIO", "Tensors"]),
      tests("Text", ["BinaryIO", "JSON", "Text", collections]),
      tests("Kernels", ["CKernels", "Kernels", "Tensors"]),
      tests("Collectives", ["BinaryIO", "Collectives", "Kernels"]),
      tests("ModelGraph", ["BinaryIO", "ModelGraph", "Operators", "Tensors"]),
      tests(
        "Operators",
        [
          "BinaryIO", "Formats", "JSON", "ModelGraph", "NumPyConverter", "ONNXConverter",
          "Operators", "Tensors",
          collections,
        ]),
      tests(
        "Execution", ["BinaryIO", "Execution", "Kernels", "ModelGraph", "Operators", "Tensors"]),
      tests("Formats", ["BinaryIO", "Formats", "JSON", "ModelGraph", "Tensors"]),
      tests(
        "PyTorchConverter",
        [
          "Archives", "BinaryIO", "Formats", "JSON", "PyTorchConverter", "Tensors", collections,
        ]),
      tests(
        "SafeTensorsConverter",
        [
          "BinaryIO", "Formats", "JSON", "SafeTensorsConverter", "Tensors", collections,
        ]),
      tests("NumPyConverter", ["BinaryIO", "Formats", "NumPyConverter", "Tensors"]),
      tests(
        "KerasConverter",
        [
          "BinaryIO", "Execution", "Formats", "JSON", "KerasConverter", "ModelGraph", "Operators",
          "Tensors",
        ]),
      tests(
        "ONNXConverter",
        [
          "BinaryIO", "Execution", "Formats", "JSON", "ModelGraph", "NumPyConverter",
          "ONNXConverter",
          "Operators", "Tensors", collections,
        ]),
      tests(
        "HuggingFaceConverter",
        [
          "BinaryIO", "Formats", "HuggingFaceConverter", "JSON", "SafeTensorsConverter", "Tensors",
          collections,
        ]),
      tests(
        "GGUFConverter",
        [
          "BinaryIO", "Formats", "GGUFConverter", "HuggingFaceConverter", "JSON", "Tensors", "Text",
          collections,
        ]),
      tests(
        "Training",
        [
          "BinaryIO", "Collectives", "Execution", "Images", "JSON", "Kernels", "ModelGraph",
          "Operators", "Tensors", "Training", collections,
        ]),
      tests("Converters", ["BinaryIO", "Converters", "Formats"]),
      tests(
        "Zoo",
        [
          "BinaryIO", "Converters", "Execution", "Formats", "Images", "JSON", "ModelGraph",
          "NumPyConverter", "Operators", "Tensors", "Zoo",
          collections,
        ]),
      tests(
        "Menagerie",
        [
          "BinaryIO", "Converters", "Execution", "Formats", "HuggingFaceConverter", "JSON",
          "Kernels", "Menagerie", "ModelGraph", "NumPyConverter", "Operators", "Tensors", "Text",
          "Training", "Zoo", collections,
        ]),
      tests(
        "MenagerieCLI",
        [
          "BinaryIO", "JSON", "Menagerie", "MenagerieCLI", "Tensors",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
