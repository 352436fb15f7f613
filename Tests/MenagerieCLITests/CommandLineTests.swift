import ArgumentParser
import Menagerie
import Testing

@testable import MenagerieCLI

/// What is typed wrong is said in a line, and nothing that is typed is without effect.
@Suite struct CommandLineTests {
  private func complaint(_ line: String) -> String? {
    do {
      _ = try MenagerieCommand.parseAsRoot(line.split(separator: " ").map(String.init))
      return nil
    } catch {
      return MenagerieCommand.message(for: error)
    }
  }

  private static let finetune = "finetune m.pth --data d -o o.pth"

  @Test(arguments: [
    ("--epochs -3", "-3 epochs; expected 1 or more"),
    ("--batch -1", "batches of -1; expected 1 to 65536"),
    ("--lr -0.1", "a learning rate of -0.1; expected more than 0"),
    ("--weight-decay -0.1", "a weight decay of -0.1; expected 0 or more"),
    ("--clip -1", "gradients clipped to -1.0; expected more than 0"),
    ("--warmup -0.5", "a warm-up of -0.5; expected a share of the steps, 0 to 1"),
    ("--optimizer sgd --momentum -1", "momentum of 'sgd' is -1.0"),
    ("--validation -0.1", "-0.1 of the data set aside; expected a share, 0 to below 1"),
    ("--mixup -1", "pictures mixed by -1.0; expected 0 to 100"),
    ("--early-stopping -1", "a patience of -1; expected 0 or more"),
    ("--unfreeze -1", "-1 layers an epoch; expected 1 or more"),
    ("--threads -1", "--threads -1: expected 1 to 1024"),
    ("--method lora --rank -4", "adapters of rank -4; expected 1 to 65536"),
    ("--method lora --rank 9223372036854775807", "adapters of rank 9223372036854775807"),
  ])
  func aNumberOutOfItsRangeIsNamed(options: String, words: String) {
    let said = complaint("\(Self.finetune) \(options)")
    #expect(said?.contains(words) == true, "\(said ?? "nothing")")
  }

  @Test(arguments: [
    ("verify a b --rtol -1", "--rtol -1.0: expected 0 or more"),
    ("verify a b --atol inf", "--atol inf: expected 0 or more"),
    ("verify a b --rtol nan", "--rtol nan: expected 0 or more"),
    ("run m.pth cat.jpg --top -1", "--top -1: expected 1 or more"),
    ("bench m.pth --batch -1", "--batch -1: expected 1 to 4096"),
    ("bench m.pth --seconds -1", "--seconds -1.0: expected up to 3600"),
    ("bench m.pth --recompute", "--recompute needs --train"),
    ("generate m --prompt a --max-tokens -1", "--max-tokens -1: expected 1 or more"),
    ("generate m --prompt a --temperature -1", "temperature"),
  ])
  func soItIsInOtherCommands(line: String, words: String) {
    let said = complaint(line)
    #expect(said?.contains(words) == true, "\(said ?? "nothing")")
  }

  @Test(arguments: [
    "--rank 4", "--alpha 8", "--dora", "--rslora", "--target-modules all", "--lora-dropout 0.1",
    "--adapter folder",
  ])
  func whatIsForAdaptersNeedsTheirMethod(option: String) {
    let name = String(option.prefix { $0 != " " })
    for method in ["", "--method full "] {
      let said = complaint("\(Self.finetune) \(method)\(option)")
      #expect(said == "\(name) needs --method lora")
    }
    #expect(complaint("\(Self.finetune) --method lora \(option)") == nil)
  }

  @Test(arguments: [
    "--rank 4", "--alpha 8", "--dora", "--rslora", "--target-modules all",
  ])
  func anAdapterHasItsOwnSettings(option: String) {
    let said = complaint("\(Self.finetune) --method lora --adapter folder \(option)")
    let name = option.prefix { $0 != " " }
    #expect(said == "\(name) does not go with --adapter, whose own settings count")
    #expect(complaint("\(Self.finetune) --method lora --adapter f --lora-dropout 0.1") == nil)
  }
}
