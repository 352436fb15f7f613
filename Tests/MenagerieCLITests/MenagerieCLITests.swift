import ArgumentParser
import Formats
import JSON
import Menagerie
import Tensors
import Testing

@testable import MenagerieCLI

@Suite struct QuantityClaims {
  @Test func bytesInPowersOfAThousand() {
    #expect(Quantities.bytes(999) == "999 B")
    #expect(Quantities.bytes(102_530_333) == "102.5 MB")
    #expect(Quantities.bytes(999_999) == "1.0 MB")
  }

  @Test func smallDifferencesHaveAnExponent() {
    #expect(Quantities.difference(3.14e-7) == "3.1e-07")
    #expect(Quantities.difference(0) == "0")
    #expect(Quantities.difference(.infinity) == "inf")
  }

  @Test func fixedPoint() {
    #expect(Quantities.fixed(3.14159, 2) == "3.14")
    #expect(Quantities.fixed(0.05, 1) == "0.1")
    #expect(Quantities.fixed(-0.04, 1) == "0.0")
    #expect(Quantities.grouped(25_557_032) == "25,557,032")
  }
}

@Suite struct ProgramMemoryClaims {
  @Test func whatIsComputedTwiceIsSaidWithWhatItSaves() {
    var memory = ProgramMemory(bytes: 61_000_000)
    (memory.recomputedParts, memory.bytesWithoutRecomputation) = (5, 148_300_000)
    #expect(
      memory.note
        == "values between the layers take 61.0 MB instead of 148.3 MB: 5 parts are computed twice (--recompute)"
    )
    // Where the whole would be too much, nobody knows how much
    (memory.recomputedParts, memory.bytesWithoutRecomputation) = (1, nil)
    #expect(
      memory.note
        == "values between the layers take 61.0 MB: 1 part is computed twice (--recompute)")
  }

  @Test func whatIsNotWorthComputingTwiceIsSaid() {
    var memory = ProgramMemory(bytes: 4_000)
    memory.bytesWithoutRecomputation = 4_000
    #expect(
      memory.note
        == "--recompute changes nothing: computing parts of this model twice saves less than a tenth of 4.0 kB between the layers"
    )
  }

  @Test func programsAreToldTheSame() {
    var memory = ProgramMemory(bytes: 61)
    #expect(
      memory.json == ["bytes": 61, "bytesWithoutRecomputation": .null, "recomputedParts": 0])
    (memory.recomputedParts, memory.bytesWithoutRecomputation) = (5, 148)
    #expect(
      memory.json == ["bytes": 61, "bytesWithoutRecomputation": 148, "recomputedParts": 5])
  }
}

@Suite struct ModuleTreeClaims {
  @Test func numbersAreInTheirOrder() {
    let entries = [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9].map { entry("blk.\($0).up.weight", [4]) }
    let lines = ModuleTree(entries).lines(width: 60)
    #expect(lines.contains { $0.contains("0…11") && $0.contains("×12") }, "\(lines)")
  }

  private func entry(_ name: String, _ shape: Shape, _ type: DataType = .float32) -> TensorEntry {
    TensorEntry(name: name, Tensor(zeros: shape, dataType: type))
  }

  @Test func modulesAreFoldedAndAlikeOnesShownOnce() {
    var entries = [entry("conv1.weight", [8, 3, 3, 3])]
    for i in 0..<4 {
      entries.append(entry("layer.\(i).conv.weight", [8, 8, 3, 3]))
      entries.append(entry("layer.\(i).bn.weight", [8]))
      entries.append(entry("layer.\(i).bn.bias", [8]))
    }
    entries.append(entry("count", [], .int64))
    let lines = ModuleTree(entries).lines(width: 80).map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(
      lines == [
        "count [] int64 8 B", "conv1 weight [8, 3, 3, 3] 864 B", "layer 9.5 kB", "└─ 0…3 ×4 9.5 kB",
        "├─ conv weight [8, 8, 3, 3] 2.3 kB", "└─ bn weight bias [8] 64 B",
      ])
  }

  @Test func aStrangersNameOfManyPartsIsBounded() {
    let name = String(repeating: "a.", count: 100_000) + "weight"
    #expect(ModuleTree([entry(name, [1])]).lines(width: 80).count == ModuleTree.maximumDepth)
  }
}

@Suite struct CommandNameClaims {
  @Test func aWordThatIsNoCommandIsNamedWithThoseThatAre() throws {
    let line = try #require(MenagerieCommand.complaint(about: "conver"))
    #expect(line.hasPrefix("there is no command 'conver'; expected inspect, convert, "))
  }

  @Test(arguments: ["convert", "inspect", "generate", "help", "--help", "-h"])
  func commandsAndOptionsAreLeftToTheParser(typed: String) {
    #expect(MenagerieCommand.complaint(about: typed) == nil)
  }
}

@Suite struct VersionClaims {
  @Test func theVersionIsThatOfTheLibrary() {
    #expect(MenagerieCommand.configuration.version == "menagerie \(MenagerieVersion.current)")
  }
}

@Suite struct TokenizeCommandClaims {
  @Test func idsStandBetweenCommasOrSpaces() throws {
    #expect(try TokenizeCommand.ids("7592, 2045  102") == [7592, 2045, 102])
    #expect(try TokenizeCommand.ids("") == [])
    #expect(throws: ValidationError.self) { try TokenizeCommand.ids("7592 hello") }
  }
}
