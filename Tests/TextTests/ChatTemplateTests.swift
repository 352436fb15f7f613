import BinaryIO
import JSON
import OrderedCollections
import TestSupport
import Testing
import Text

/// What transformers makes of our templates: `scripts/fixtures/templates.py`.
struct TemplateGolden: Sendable, CustomTestStringConvertible {
  let name: String
  let template: String
  let conversation: String
  let input: JSONValue
  let text: String?

  var testDescription: String { "\(name) of \(conversation)" }

  static func all() throws -> [TemplateGolden] {
    let json = try JSONValue(parsing: try Fixtures.bytes("text/templates.json"))
    return (json["templates"]?.array ?? []).flatMap { entry in
      (entry["renderings"]?.object ?? [:]).map { conversation, rendering in
        TemplateGolden(
          name: entry["name"]?.string ?? "", template: entry["template"]?.string ?? "",
          conversation: conversation, input: json["conversations"]?[conversation] ?? .null,
          text: rendering["text"]?.string)
      }
    }
  }

  func render() throws -> String {
    var variables = input.object ?? [:]
    let messages = variables.removeValue(forKey: "messages")?.array ?? []
    let tools = variables.removeValue(forKey: "tools")?.array
    let addsPrompt = variables.removeValue(forKey: "add_generation_prompt")?.bool ?? false
    return try ChatTemplate(template).render(
      messages: messages, tools: tools, addGenerationPrompt: addsPrompt, bosToken: "<s>",
      eosToken: "</s>", variables: variables,
      now: CalendarTime(year: 2026, month: 3, day: 7, hour: 14, minute: 5, second: 9))
  }
}

@Suite struct ChatTemplateTests {
  @Test(arguments: try TemplateGolden.all())
  func writesWhatTransformersWrites(golden: TemplateGolden) throws {
    guard let expected = golden.text else {
      #expect(throws: DataError.self) { _ = try golden.render() }
      return
    }
    let text = try golden.render()
    // By code points, and line by line, so that a difference can be seen
    let (found, wanted) = (lines(text), lines(expected))
    for (a, b) in zip(found, wanted) where !a.utf8.elementsEqual(b.utf8) {
      Issue.record("\(a.debugDescription)\nis not\n\(b.debugDescription)")
      return
    }
    #expect(found.count == wanted.count)
  }

  private func lines(_ text: String) -> [String] {
    text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test func coversManyTemplates() throws {
    #expect(try TemplateGolden.all().count > 80)
  }

  private func failure(_ template: String, steps: Int = 50_000) -> String {
    do {
      var template = try ChatTemplate(template)
      template.limits.steps = steps
      template.limits.bytes = 1 << 16
      return try template.render(messages: [["role": "user", "content": "hi"]])
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    (
      "a\n{% if x %}b",
      "chat template, line 2: {% if %} without its end; expected {% elif %} "
        + "or {% else %} or {% endif %}"
    ),
    ("{{ x", "chat template, line 1: a tag without its end; expected }}"),
    ("\n\n{{ x | }}", "chat template, line 3: unexpected }}; expected a filter's name"),
    ("{{ 'abc }}", "chat template, line 1: a string without its end; expected '"),
    ("{% include 'x' %}", "chat template, line 1: {% include %} is not done in chat templates"),
    ("{% frob %}", "chat template, line 1: unknown tag {% frob %}"),
    ("{{ 1 | frob }}", "chat template, line 1: unknown filter 'frob'"),
    ("{{ 1 is frob }}", "chat template, line 1: unknown test 'frob'"),
    ("{{ a.b }}", "chat template, line 1: 'a' is undefined, so it has no 'b'"),
    (
      "{{ messages[0].x.y }}",
      "chat template, line 1: 'x' of a mapping is undefined, so it has no 'y'"
    ),
    (
      "{{ 'a' + 1 }}",
      "chat template, line 1: '+' between a string and a number; expected "
        + "two numbers, strings or lists ('~' joins anything)"
    ),
    ("{% break %}", "chat template, line 1: {% break %} outside a loop"),
    ("{{ raise_exception('No.') }}", "chat template, line 1: the template refuses: No."),
    (
      "{{ messages.append(1) }}",
      "chat template, line 1: 'append' changes a list or mapping, which "
        + "templates may not; expected a new one: {% set list = list + [item] %}"
    ),
    ("{{ 1 // 0 }}", "chat template, line 1: divides by zero"),
    ("{{ f() }}", "chat template, line 1: calls 'f' (undefined); expected a function or macro"),
    (
      "{% set x.y = 1 %}",
      "chat template, line 1: cannot set 'y' of 'x'; expected a namespace, "
        + "made with namespace()"
    ),
  ])
  func saysWhatIsWrongAndWhere(template: String, message: String) {
    #expect(failure(template) == message)
  }

  @Test(arguments: [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(n) %}{% for i in range(9) %}{{ f(n) }}{% endfor %}{% endmacro %}{{ f(1) }}",
    "{% set ns = namespace(s='ab') %}{% for i in range(99) %}"
      + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}"
      + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}"
      + "{% set ns.l = ns.l + ns.l %}{% endfor %}",
    "{{ 'x' * 99999999999 }}", "{{ [0] * 9999999999 }}", "{{ range(10 ** 12) }}", "{{ 9 ** 99 }}",
    "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | replace('', 'xxxxxxxxxxxxxxxxxxxx' * 500) }}",
    "{% for i in range(90000) %}0123456789{% endfor %}",
    "{{ [1] | tojson(indent=999999999) }}", "{{ 'a' | center(999999999) }}",
    "{{ \(String(repeating: "(", count: 5000))1\(String(repeating: ")", count: 5000)) }}",
    "{{ 1\(String(repeating: " + 1", count: 5000)) }}",
    "{{ \(String(repeating: "not ", count: 5000))1 }}",
    "{{ x\(String(repeating: ".a", count: 5000)) }}",
    String(repeating: "{% if true %}", count: 5000)
      + String(repeating: "{% endif %}", count: 5000),
  ])
  func stopsWhatGoesOnForEver(template: String) {
    let message = failure(template)
    #expect(message.hasPrefix("chat template, line 1: "), "\(message.prefix(200))")
    #expect(!message.contains("\n"))
  }

  @Test func takesApartWhatRefersToItself() {
    let chain = """
      {% set ns = namespace() %}{% for i in range(20000) %}{% set ns.next = namespace(of=ns.next) %}\
      {% endfor %}{% set ns.own = ns %}done
      """
    #expect(failure(chain, steps: 1_000_000) == "done")
  }

  /// Damaged templates are refused or rendered, never a crash.
  @Test func survivesDamage() throws {
    let templates = Set(try TemplateGolden.all().map(\.template)).sorted()
    var dice = Dice(seed: 7)
    for template in templates {
      let scalars = Array(template.unicodeScalars)
      for _ in 0..<40 {
        var broken = scalars
        for _ in 0...dice.roll(3) {
          let at = dice.roll(broken.count)
          let length = min(dice.roll(12), broken.count - at)
          let from = dice.roll(broken.count - length)
          let part = scalars[from..<(from + dice.roll(length + 1))]
          broken.replaceSubrange(at..<(at + length), with: part)
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: broken)
        _ = failure(text)
      }
    }
  }

  @Test func givesMessagesTheirThoughtsUnderBothNames() throws {
    let template = try ChatTemplate(
      "{{ messages[0].thinking }} {{ messages[0].reasoning_content }}")
    #expect(try template.render(messages: [["role": "assistant", "reasoning": "hm"]]) == "hm hm")
  }
}
