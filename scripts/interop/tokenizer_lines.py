"""Compares `menagerie tokenize` with the `tokenizers` library: ids, tokens, offsets and decoded texts of many lines.

    scripts/interop/tokenizer_lines.py MENAGERIE_BINARY [--lines N] [TOKENIZER_JSON…]

Without files, those of Tests/Fixtures/tokenizers and of the published models in the cache are taken. Lines are mixed:
words, code, emoji, Arabic, Hindi, Thai, Chinese, combining marks, controls, scalars from anywhere, and bytes that are
no UTF-8. The exit status is
1 when anything differs.
"""
import argparse
import functools
import importlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from menagerie import Failed
from roads import Road

HERE = pathlib.Path(__file__).resolve().parent
os.environ["TOKENIZERS_PARALLELISM"] = "false"
Tokenizer = importlib.import_module("tokenizers").Tokenizer

WORDS = """hello World naïve café Überraschung 東京 大阪府 안녕하세요 สวัสดีครับ नमस्ते مرحبا שלום Здравствуйте Ελλάδα ﬁne ½ ²
™ 🙂 👩‍👩‍👧‍👦 🇨🇭 don't I'm we'll U.S.A. 3.14159 1,000,000 foo_bar HTTPServer x=y+z; a[i]->b() /usr/lib #tag
&amp; [MASK] [CLS] <s> </s> <|endoftext|> ##ing ''' "quoted" “curly” — … ﷽ ꙮ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ẞ ß İ ı ǅ the of and was
is that for with they from which their would about other could""".split()
CODE = ["for (int i = 0; i < n; ++i) {", "    return self.x[i] + y;", "}", "def f(a, b=None):", "\timport os",
        "x = {'a': 1, \"b\": [2,3]}", "https://example.com/a?b=c&d=e"]


def scalar(rng: random.Random) -> str:
    low, high = rng.choice([(0x20, 0x250), (0x250, 0x3000), (0x250, 0x1400), (0x2000, 0x3000), (0x3000, 0xD800),
                            (0xE000, 0x10000), (0x10000, 0x20000), (0x20000, 0x30000), (0xE0000, 0xE0200)])
    return chr(rng.randrange(low, high))


def line(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.5:
        text = "".join(rng.choice(WORDS) + rng.choice([" ", " ", " ", "", "  ", ", "]) for _ in range(rng.randint(2, 14)))
    elif kind < 0.6:
        text = " ".join(rng.choice(CODE) for _ in range(rng.randint(1, 3)))
    else:
        text = "".join(scalar(rng) + rng.choice(["", "", " "]) for _ in range(rng.randint(1, 25)))
    data = bytearray(text.encode())
    if rng.random() < 0.05:
        for _ in range(rng.randint(1, 3)):
            data.insert(rng.randrange(len(data) + 1), rng.choice([0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF0, 0xF5, 0xFF]))
    # What ends a line cannot be in it
    return bytes(data).replace(b"\n", b" ").replace(b"\r", b" ")


def results(binary: str, *arguments) -> list[dict]:
    answer = subprocess.run([binary, "tokenize", *arguments, "--json"], capture_output=True)
    if answer.returncode:
        raise SystemExit(answer.stderr.decode().strip())
    return json.loads(answer.stdout)["results"]


def differences(binary: str, path: pathlib.Path, lines: list[bytes], folder: pathlib.Path) -> list[str]:
    """The lines, in words, whose ids, tokens, offsets or decoded texts are not the library's."""
    file, ids = folder / "lines.txt", folder / "ids.txt"
    file.write_bytes(b"".join(x + b"\n" for x in lines))
    texts = [x.decode(errors="replace") for x in lines]
    ours = results(binary, path, "--file", file)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding(), tokenizer.no_truncation()
    theirs = tokenizer.encode_batch(texts)
    # A line without ids would be the last line's end
    ids.write_text("".join(" ".join(map(str, x.ids)) + "\n" for x in theirs) + "0\n")
    decoded = results(binary, path, "--decode", "--file", ids)[:-1]
    if not len(lines) == len(ours) == len(decoded):
        return [f"{len(lines)} lines, {len(ours)} encoded, {len(decoded)} decoded"]
    wrong = []
    for text, our, their, back in zip(texts, ours, theirs, decoded):
        same = (our["ids"] == their.ids and our["tokens"] == their.tokens
                and our["offsets"] == [list(x) for x in their.offsets])
        text_again = tokenizer.decode(their.ids)
        if not same or back["text"] != text_again:
            wrong.append(f"{text!r}: {our['tokens']} and {back['text']!r} where the library says "
                         f"{their.tokens} and {text_again!r}")
    return wrong


def files() -> list[pathlib.Path]:
    """The fixtures and what the cache has of published models."""
    fixtures = HERE.parents[1] / "Tests" / "Fixtures" / "tokenizers"
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "menagerie" / "models"
    return sorted(x for x in fixtures.glob("*.json") if (fixtures / f"{x.stem}.gold.json").exists()
                  ) + sorted(cache.glob("*/tokenizer.json"))


def mixed(count: int, seed: int = 2026) -> list[bytes]:
    rng = random.Random(seed)
    return [line(rng) for _ in range(count)]


def roads(judges) -> dict[str, list[Road]]:
    def judged(path: pathlib.Path, scratch: pathlib.Path) -> str:
        wrong = differences(judges.menagerie.binary, path, mixed(1000), scratch)
        if wrong:
            raise Failed(f"{len(wrong)} of 1000 lines differ, as {wrong[0]}")
        return "equal"

    return {"Tokens, offsets, decoded texts of 1000 lines": [
        Road(f"{x.parent.name}/{x.stem}", "answer", functools.partial(judged, x)) for x in files()]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("menagerie")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_intermixed_args()
    lines, total = mixed(options.lines, options.seed), 0
    for path in options.files or files():
        with tempfile.TemporaryDirectory() as folder:
            wrong = differences(options.menagerie, path, lines, pathlib.Path(folder))
        print(*(f"  {x}" for x in wrong[:3]), sep="\n", end="\n" if wrong else "")
        print(f"{path.parent.name}/{path.name}: {len(wrong)} of {len(lines)} lines differ", flush=True)
        total += len(wrong)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
