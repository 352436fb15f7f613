import ArgumentParser
import BinaryIO
import Collectives

/// Runs the command and turns what it throws into one line and an exit status.
@main
enum Main {
  static func main() {
    InterruptedOutputs.removeOnInterrupt()
    do {
      var command = try MenagerieCommand.parseAsRoot()
      try command.run()
      MPICommunicator.current?.finish()
    } catch let answer as Answer {
      System.exit(answer.status)
    } catch let error as DataError {
      Terminal.endProgress()
      fail(error)
    } catch {
      System.exit(Launch.isLaterProcess ? ExitStatus.usage : usage(error))
    }
    System.exit(ExitStatus.done)
  }

  /// Says what is wrong, and ends this process and those that it works with.
  private static func fail(_ error: DataError) -> Never {
    let status = ExitStatus.of(error.code)
    guard let others = MPICommunicator.current else {
      Terminal.fail(error.description)
      System.exit(status)
    }
    // What is wrong everywhere is said once: by the first, which then ends all
    if !others.isFirst { System.pause(seconds: 1) }
    Terminal.fail((others.isFirst ? "" : "process \(others.rank): ") + error.description)
    others.abort(status: status)
  }

  /// What the argument parser has to say: help on stdout, a wrong command line on stderr.
  private static func usage(_ error: any Error) -> Int32 {
    let text = MenagerieCommand.fullMessage(for: error)
    if MenagerieCommand.exitCode(for: error).isSuccess {
      Terminal.say(text)
      return ExitStatus.done
    }
    if let typed = CommandLine.arguments.dropFirst().first,
      let line = MenagerieCommand.complaint(about: typed)
    {
      Terminal.fail(line)
    } else {
      Terminal.note(text)
    }
    return ExitStatus.usage
  }
}

/// The contract's exit statuses.
enum ExitStatus {
  static let done: Int32 = 0
  /// The answer is no: what was compared differs.
  static let differs: Int32 = 1
  static let usage: Int32 = 2
  static let badInput: Int32 = 3
  static let unsupported: Int32 = 4

  static func of(_ code: DataError.Code) -> Int32 {
    code == .unsupported ? unsupported : badInput
  }
}

/// A command's answer that is no error but no success either.
struct Answer: Error {
  let status: Int32
  static let no = Answer(status: ExitStatus.differs)
}
