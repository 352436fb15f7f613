"""Damages copies of the golden files and gives them to the executable. Run it through scripts/fuzz.sh."""
import argparse
import fnmatch
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"
FAILURES = pathlib.Path(tempfile.gettempdir()) / "menagerie-fuzz"
SUFFIXES = (".pth", ".pt", ".pt2", ".pkl", ".safetensors", ".npy", ".npz", ".gguf", ".h5", ".keras", ".onnx", ".png", ".jpg")
LARGEST = 400_000
SECONDS = 10
EXTREMES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40,
            (1 << 63) - 1, 1 << 63, (1 << 64) - 1]


def goldens(pattern: str) -> list[pathlib.Path]:
    """Golden files that are not too large, and not the many cases of the ONNX standard."""
    found = [p for p in sorted(FIXTURES.rglob("*")) if p.suffix in SUFFIXES and p.stat().st_size <= LARGEST]
    names = {p: p.relative_to(FIXTURES).as_posix() for p in found}
    return [p for p in found if not names[p].startswith("onnx-node/") and fnmatch.fnmatch(names[p], pattern)
            and p.name not in ("input.npy", "logits.npy")]


def place(data: bytearray, dice: random.Random) -> int:
    """A position, half of the time near one of the ends, where the tables are."""
    if dice.random() < 0.5:
        near = dice.randrange(min(len(data), 512))
        return near if dice.random() < 0.5 else len(data) - 1 - near
    return dice.randrange(len(data))


def damaged(original: bytes, dice: random.Random) -> bytes:
    data = bytearray(original)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        if not data:
            break
        at = place(data, dice)
        kind = dice.randrange(7)
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            data[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        elif kind == 2:  # a number of some width, with an extreme value
            width = dice.choice((2, 4, 8))
            value = dice.choice(EXTREMES) & ((1 << 8 * width) - 1)
            data[at:at + width] = value.to_bytes(width, dice.choice(("little", "big")))
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            del data[at:at + dice.randrange(1, 32)]
        elif kind == 5:
            data[at:at] = dice.randbytes(dice.randrange(1, 32))
        else:  # a piece of it in another place
            start = place(data, dice)
            data[at:at + 16] = data[start:start + 16]
    return bytes(data)


def command(binary: str, path: pathlib.Path, out: pathlib.Path, turn: int) -> list[str]:
    if path.suffix in (".png", ".jpg"):
        model = FIXTURES.parents[1] / "docs" / "examples" / "digits" / "digits-resnet.pth"
        return [binary, "run", str(model), str(path)]
    return [[binary, "inspect", str(path)], [binary, "convert", str(path), f"{out}.safetensors", "--weights-only"],
            [binary, "convert", str(path), f"{out}.onnx"], [binary, "inspect", str(path), "--json", "--graph"]][turn % 4]


def judged(arguments: list[str], outputs: pathlib.Path) -> str | None:
    """What is wrong with the answer to a damaged file, or nothing."""
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"took more than {SECONDS} s"
    if done.returncode not in (0, 1, 3, 4):
        return f"ended with {done.returncode}"
    if done.returncode >= 3:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        if len(lines) != 1:
            return f"ended with {done.returncode} and {len(lines)} lines"
        left = [p.name for p in outputs.iterdir() if p.name.startswith("out")]
        if left:
            return f"ended with {done.returncode} and left {left[0]}"
    return None


def attack(binary: str, golden: pathlib.Path, mutations: int, seed: int) -> list[str]:
    """All mutations of one file; the failures, one line each."""
    original, failures = golden.read_bytes(), []
    name = golden.relative_to(FIXTURES).as_posix()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        home = pathlib.Path(scratch)
        victim = home / f"damaged{golden.suffix}"
        for turn in range(mutations):
            victim.write_bytes(damaged(original, random.Random(f"{seed} {name} {turn}")))
            arguments = command(binary, victim, home / "out", turn)
            wrong = judged(arguments, home)
            for left in home.glob("out*"):
                left.unlink() if left.is_file() else shutil.rmtree(left)
            if wrong:
                FAILURES.mkdir(exist_ok=True)
                kept = FAILURES / f"{name.replace('/', '-').removesuffix(golden.suffix)}-{seed}-{turn}{golden.suffix}"
                shutil.copy(victim, kept)
                failures.append(f"{arguments[1]} {kept}: {wrong}")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz.sh", description=__doc__)
    parser.add_argument("--menagerie", required=True, help="the executable")
    parser.add_argument("--mutations", type=int, default=200, help="of each file (default 200)")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only the files like this, as 'pytorch/*'")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # the executable inherits it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["MENAGERIE_THREADS"] = "1"
    chosen, start, failed = goldens(options.only), time.perf_counter(), 0
    with ThreadPoolExecutor(2) as pool:
        work = [(p, pool.submit(attack, options.menagerie, p, options.mutations, options.seed)) for p in chosen]
        for golden, result in work:
            failures = result.result()
            failed += len(failures)
            print(f"{'FAIL' if failures else 'pass'}  {golden.relative_to(FIXTURES)}"
                  f"{f': {len(failures)} of {options.mutations}' if failures else ''}", flush=True)
            for line in failures[:3]:
                print(f"      {line}")
    total = len(chosen) * options.mutations
    print(f"{total} damaged files in {time.perf_counter() - start:.0f} s")
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
