"""Measures Menagerie beside its neighbours, in turn. Run it through scripts/bench.sh.

stdout: one JSON line a case with `case`, `unit`, `ours`, `neighbours`, `ratio` (of the best neighbour to ours:
above 1 is faster) and what belongs to it. stderr: a table at the end.
"""
import argparse
import fnmatch
import json
import os
import pathlib
import statistics
import subprocess
import sys

import attention_models
import sources
import tokenizing
import training
from decoding import Decoding
from measured import MEGABYTE, figures, measured, seconds

HERE = pathlib.Path(__file__).resolve().parent


def cache() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("MENAGERIE_CACHE") or pathlib.Path(base) / "menagerie") / "bench"


def warm(path: pathlib.Path) -> None:
    """Into the page cache, so that no case measures the disk."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


class Bench:
    def __init__(self, menagerie: str, home: pathlib.Path, rounds: int):
        self.menagerie, self.home, self.rounds = menagerie, home, rounds

    def in_turn(self, *cases) -> list[list]:
        """Each case `rounds` times, one after the other, after a round that does not count."""
        results = [[] for _ in cases]
        for attempt in range(self.rounds + 1):
            for case, kept in zip(cases, results):
                answer = case()
                if attempt:
                    kept.append(answer)
        return results

    def start(self) -> dict:
        """From the shell to an answer on a checkpoint of 100 MB, beside the import of PyTorch alone."""
        model = self.home / "resnet50.pth"
        warm(model)
        ours, torch = self.in_turn(
            lambda: measured([self.menagerie, "run", model, self.home / "picture.png", "--threads", 2]),
            lambda: measured([sys.executable, "-c", "import torch"]))
        peak = statistics.median(m.peak for m in ours)
        return seconds(ours, {"import torch": torch}) | {
            "peakMegabytes": round(peak / MEGABYTE), "peakOfFile": round(peak / model.stat().st_size, 2)}

    def convert(self) -> dict:
        """500 MB from .pth to .safetensors, beside cp."""
        source, out, copy = self.home / "big.pth", self.home / "big.safetensors", self.home / "big-copy.pth"
        warm(source)

        def ours():
            out.unlink(missing_ok=True)
            return measured([self.menagerie, "convert", source, out, "--no-verify"])

        def cp():
            copy.unlink(missing_ok=True)
            return measured(["cp", source, copy])

        mine, copies = self.in_turn(ours, cp)
        out.unlink()
        watched = measured([self.menagerie, "convert", source, out, "--no-verify"], watch=True)
        out.unlink(), copy.unlink()
        return seconds(mine, {"cp": copies}) | {"anonymousMegabytes": round(watched.anonymous / MEGABYTE)}

    def inspect(self) -> dict:
        """inspect of 500 MB, beside what lists a zip archive of the same size."""
        source = self.home / "big.pth"
        warm(source)
        ours, unzip = self.in_turn(
            lambda: measured([self.menagerie, "inspect", source]),
            lambda: measured([sys.executable, "-m", "zipfile", "-l", source]))
        return seconds(ours, {"python -m zipfile -l": unzip})

    def latency(self, model: str, threads: int, batch: int) -> dict:
        """One forward pass, beside ONNX Runtime and OpenVINO in fp32."""
        options = ["--threads", threads, "--batch", batch]

        def ours():
            output = measured([self.menagerie, "bench", self.home / f"{model}.pth", *options, "--json"]).output
            return json.loads(output)

        def peer(engine):
            return json.loads(measured([sys.executable, HERE / "engines.py", engine, self.home / f"{model}.onnx",
                                        *options]).output)

        mine, ort, openvino = self.in_turn(ours, lambda: peer("onnxruntime"), lambda: peer("openvino"))
        milliseconds = statistics.median(m["latencyMilliseconds"]["median"] for m in mine)
        neighbours = {"onnxruntime": statistics.median(m["median"] for m in ort),
                      "openvino": statistics.median(m["median"] for m in openvino)}
        return figures("ms", milliseconds, neighbours) | {
            "gigaflopsPerSecond": round(mine[-1].get("gigaflopsPerSecond", 0), 1), "threads": threads, "batch": batch}

    def cases(self) -> dict:
        table = {"start-to-answer": self.start, "convert-500mb": self.convert, "inspect-500mb": self.inspect}
        for model in sources.MODELS:
            for threads in (1, 2):
                table[f"{model}-threads{threads}"] = lambda m=model, t=threads: self.latency(m, t, 1)
        return (table | tokenizing.cases(self) | Decoding(self).cases()
                | attention_models.cases(self.menagerie, self.home, self.rounds)
                | training.cases(self.menagerie, self.home, self.rounds))


def print_table(rows: list[dict]) -> None:
    print(f"\n{'case':24} {'ours':>10}  {'neighbours':44} ratio", file=sys.stderr)
    known = ("case", "unit", "ours", "neighbours", "ratio", "threads", "batch")
    for row in rows:
        if "error" in row:
            print(f"{row['case']:24} {row['error']}", file=sys.stderr)
            continue
        beside = ", ".join(f"{name} {value:.4g}" for name, value in row["neighbours"].items())
        more = ", ".join(f"{key} {value}" for key, value in row.items() if key not in known)
        print(f"{row['case']:24} {row['ours']:>8.4g} {row['unit']:2} {beside:44} {row['ratio']:5.2f}  {more}",
              file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--menagerie", required=True, help="the executable")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only the cases like this, as 'resnet50*'")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default 3)")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    options = parser.parse_args()
    bench = Bench(options.menagerie, cache(), options.rounds)
    chosen = {name: case for name, case in bench.cases().items() if fnmatch.fnmatch(name, options.only)}
    if not chosen:
        parser.error(f"no case is like '{options.only}'")
    if options.list:
        print("\n".join(chosen))
        return 0
    others = [name for name in chosen if not name.startswith((*attention_models.NAMES, *training.OWN_SOURCES))]
    if others and not sources.made(cache()):
        print("Making the networks and the big file, once …", file=sys.stderr)
        subprocess.run([sys.executable, "-W", "ignore", HERE / "sources.py", cache()], check=True, stdout=sys.stderr)
    rows = []
    for name, case in chosen.items():
        try:
            rows.append({"case": name, **case()})
        except (RuntimeError, ValueError, KeyError) as error:
            rows.append({"case": name, "error": str(error)})
        print(json.dumps(rows[-1]), flush=True)
    print_table(rows)
    return 1 if any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
