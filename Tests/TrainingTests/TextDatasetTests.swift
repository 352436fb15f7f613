import BinaryIO
import JSON
import OrderedCollections
import TestSupport
import Testing
import Training

@Suite struct TextDatasetTests {
  let scratch = ScratchDirectory()

  func write(_ name: String, _ text: String) throws -> String {
    try scratch.write(name, Array(text.utf8))
  }

  func message(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch { return "\(error)".replacing(scratch.path + "/", with: "") }
  }

  @Test(arguments: ["\n", "\r\n"]) func quotesAreThoseOfTheStandard(end: String) throws {
    let path = try write(
      "a.csv",
      "\u{FEFF}text,\"label, quoted\",\"\"\"q\"\"\"\(end)plain,b,c\(end)"
        + "\"a, \"\"b\"\"\(end)second line\",,\"\"\(end)\(end)später,x y,🙂")
    let file = try RecordFile(path)
    #expect(file.columns == ["text", "label, quoted", "\"q\""])
    #expect(file.records.map(\.line) == [2, 3, 6])
    let rows = file.records.map { record in file.columns.map { record.fields[$0]?.string } }
    #expect(
      rows == [
        ["plain", "b", "c"], ["a, \"b\"\(end)second line", "", ""], ["später", "x y", "🙂"],
      ])
  }

  @Test(arguments: [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t"), ("a.csv", ",")])
  func delimitersAreToldByTheFirstLine(name: String, delimiter: String) throws {
    let file = try RecordFile(
      write(name, "text\(delimiter)label\nx\(delimiter)1\n"))
    #expect(file.columns == ["text", "label"] && file.records.count == 1)
  }

  @Test func whatIsBadIsNamedWithFileAndLine() throws {
    for (name, text, words) in [
      (
        "a.csv", "text,label\na,b\nc\n",
        "a.csv: line 3: 1 fields; expected 2, as the first line has"
      ),
      ("a.csv", "text,label\na,\"b\nc,d\n", "a.csv: line 2: a quote that is not closed"),
      (
        "a.csv", "text,label\na,\"b\"c\n",
        "a.csv: line 2: text behind a closing quote; expected quotes inside quotes doubled"
      ),
      ("a.csv", "text,text\na,b\n", "a.csv: line 1: the column 'text' twice"),
      ("a.csv", "text,\na,b\n", "a.csv: line 1: a column without a name"),
      ("a.csv", "text,label\n", "a.csv: has no records; expected one at least"),
      (
        "a.jsonl", "{\"text\": \"a\"}\n\n[1]\n",
        "a.jsonl: line 3: no JSON object; expected {\"column\": value, …}"
      ),
      ("a.txt", "a", "a.txt: has the ending 'txt'; expected csv, tsv, jsonl, ndjson"),
    ] {
      #expect(message { try RecordFile(write(name, text)) } == words)
    }
    #expect(
      message { try RecordFile(write("b.jsonl", "{\"text\": \"a\"}\n{\"text\": \n")) }
        .hasPrefix("b.jsonl: line 2: "))
    let broken = try scratch.write("utf8.csv", Array("text,label\n".utf8) + [0xFF, 0x2C, 0x31])
    #expect(message { try RecordFile(broken) } == "utf8.csv: line 2: text that is not UTF-8")
    #expect(message { try RecordFile(scratch.file("none.csv")) } == "none.csv: no such file")
  }

  @Test func badRecordsAreSkippedAndNamed() throws {
    let path = try write("a.csv", "text,label\na,x\nb\nc,y\n,x\nd,\n")
    var options = TextDataset.Options()
    options.skipsBad = true
    options.validationShare = 0
    let data = try TextDataset(path, options)
    #expect(data.training.map(\.line) == [2, 4])
    #expect(
      data.skipped.map { "\($0)".replacing(scratch.path + "/", with: "") } == [
        "a.csv: line 3: 1 fields; expected 2, as the first line has",
        "a.csv: line 5: 'text' is empty", "a.csv: line 6: 'label' is no label",
      ])
    let lines = try write("a.jsonl", "{\"text\": \"a\", \"label\": 1}\nx\n{\"label\": 0}\n")
    #expect(message { try TextDataset(lines) }.hasPrefix("a.jsonl: line 2: "))
  }

  @Test func columnsAreGuessedAndItIsSaidWhy() throws {
    func choice(_ text: String) throws -> ColumnChoice {
      try ColumnChoice(of: RecordFile(write("c.csv", text)))
    }
    let named = try choice("id,Review,Stars\n1,long,2\n2,text,3\n")
    #expect(named.text == "Review" && named.target == "Stars" && named.pair == nil)
    #expect(
      named.evidence == [
        "the text is in 'Review', by its name",
        "what is to be learnt is in 'Stars', by its name",
      ])
    let pair = try choice("sentence1,sentence2,score\na,b,0.5\n")
    #expect(pair.text == "sentence1" && pair.pair == "sentence2" && pair.target == "score")
    let unnamed = try choice("a,b,c\n1,this is long,x\n2,and this too,y\n3,as it is,x\n4,no,y\n")
    #expect(unnamed.text == "b" && unnamed.target == "c")
    #expect(
      unnamed.evidence == [
        "the text is in 'b', whose texts are the longest",
        "what is to be learnt is in 'c', which has only 2 different values",
      ])
    let file = try RecordFile(write("d.csv", "a,text,label\n1,x,y\n"))
    let said = try ColumnChoice(of: file, text: "label", target: "a")
    #expect(said.text == "label" && said.target == "a" && said.evidence.isEmpty)
    #expect(
      message { try ColumnChoice(of: file, target: "lable") }
        == "d.csv: there is no column 'lable'; expected a, text, label")
    #expect(
      message { try choice("text,id\na,1\nb,2\n") }
        == "c.csv: no column says what is to be learnt; expected one named 'label'; "
        + "name the column")
  }

  @Test func targetsAreClassesListsOrNumbers() throws {
    var options = TextDataset.Options()
    options.validationShare = 0
    func data(_ name: String, _ text: String) throws -> TextDataset {
      try TextDataset(try write(name, text), options)
    }
    let words = try data("a.csv", "text,label\na,no\nb,yes\nc, no \n")
    #expect(words.classes == ["no", "yes"])
    #expect(words.training.map(\.target) == [.label(0), .label(1), .label(0)])
    let whole = try data("a.csv", "text,label\na,10\nb,9\nc,2\n")
    #expect(whole.kind == .label && whole.classes == ["2", "9", "10"])
    let mixed = try data("a.csv", "text,label\na,2\nb,10\nc,1a\n")
    #expect(mixed.classes == ["10", "1a", "2"])
    let measured = try data("a.csv", "text,score\na,1\nb,2.5\n")
    #expect(measured.kind == .number && measured.classes.isEmpty)
    #expect(measured.training.map(\.target) == [.number(1), .number(2.5)])
    let lists = try data(
      "a.jsonl",
      "{\"text\": \"a\", \"labels\": [\"x\", \"y\"]}\n{\"text\": \"b\", \"labels\": []}\n"
        + "{\"text\": \"c\", \"labels\": [\"y\", \"y\"]}\n")
    #expect(lists.kind == .labels)
    #expect(lists.training.map(\.target) == [.labels([0, 1]), .labels([]), .labels([1])])
    options.labelSeparator = "|"
    let separated = try data("a.csv", "text,label\na,x|y\nb,z\nc,\n")
    #expect(separated.training.map(\.target) == [.labels([0, 1]), .labels([2]), .labels([])])
    options.labelSeparator = nil
    options.kind = .number
    #expect(
      message { try data("a.csv", "text,label\na,x\n") } == "a.csv: line 2: 'label' is no number")
    options.kind = nil
    #expect(
      message { try data("a.csv", "text,label\na,x\nb,x\n") }
        == "a.csv: column 'label': has one class only, 'x'; expected two classes or more")
  }

  @Test func foldersHaveTheirOwnSplit() throws {
    _ = try write("train.csv", "text,label\na,x\nb,y\n")
    _ = try write("val.jsonl", "{\"text\": \"c\", \"label\": \"y\"}\n")
    let data = try TextDataset(scratch.path)
    #expect(data.training.count == 2 && data.validation.map(\.target) == [.label(1)])
    _ = try write("val.jsonl", "{\"text\": \"c\", \"label\": \"z\"}\n")
    #expect(
      message { try TextDataset(scratch.path) }
        == "val.jsonl: line 1: the label 'z'; expected one of those to learn from")
    let empty = ScratchDirectory()
    #expect(throws: DataError.self) { try TextDataset(empty.path) }
  }

  @Test func aShareOfEachClassIsSetAside() throws {
    let lines = (0..<40).map { "text \($0),\($0 % 4 == 0 ? "rare" : "often")" }
    let path = try write("a.csv", "text,label\n" + lines.joined(separator: "\n"))
    let data = try TextDataset(path)
    #expect(data.training.count == 32 && data.validation.count == 8)
    #expect(data.validation.count { $0.target == .label(1) } == 2)
    #expect(try TextDataset(path).validation == data.validation)
  }

  @Test func brokenFilesAreErrorsAndNoMore() throws {
    let csv = Array("text,label\n\"a \"\"b\"\"\",x\nc,y\n".utf8)
    let json = Array(
      "{\"text\": \"a\", \"label\": [1, 2.5]}\n{\"text\": \"b\", \"label\": null}\n".utf8)
    var dice = Dice(seed: 4)
    for round in 0..<400 {
      let isTable = round % 2 == 0
      let path = try scratch.write(
        isTable ? "f.csv" : "f.jsonl", dice.mutation(of: isTable ? csv : json) + [0x0A])
      for skips in [false, true] {
        var options = TextDataset.Options()
        options.skipsBad = skips
        do { _ = try TextDataset(path, options) } catch { #expect(error is DataError) }
      }
    }
  }
}
