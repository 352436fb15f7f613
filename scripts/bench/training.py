"""Steps of training beside PyTorch's, eager and in float32: the same weights, batch, optimiser and threads.

PyTorch stays loaded and is asked in turn with ours, a short while each. The losses of the first steps must agree, so that
both do the same work.
"""
import json
import pathlib
import statistics
import subprocess
import sys

import training_head
import training_models
from measured import measured

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4  # relative, of the first loss
# Of the next two: a first step of AdamW goes by the gradients' signs, those of rounding too
LATER_TOLERANCE = 5e-3
SECONDS = 3
MEGABYTE = 1e6


class Peer:
    def __init__(self, home: pathlib.Path, model: str, threads: int):
        command = [sys.executable, "-W", "ignore", HERE / "training_peer.py", home, model, "--threads", threads]
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.first = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"PyTorch ended with {self.process.wait()}")
        return json.loads(line)

    def times(self) -> list[float]:
        self.process.stdin.write(f"{SECONDS}\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def step(menagerie: str, home: pathlib.Path, rounds: int, model: str, threads: int) -> dict:
    if not training_models.made(home, model):
        print(f"Making {model} and a batch, once …", file=sys.stderr)
        subprocess.run([sys.executable, "-W", "ignore", HERE / "training_models.py", home, model], check=True,
                       stdout=sys.stderr)
    file, feeds = training_models.files(home, model)
    peer = Peer(home, model, threads)
    try:
        mine, theirs = [], []
        for _ in range(rounds):
            output = measured([menagerie, "bench", file, "--train", "--inputs", feeds, "--threads", threads,
                               "--seconds", SECONDS, "--json"]).output
            mine.append(json.loads(output))
            theirs.append(peer.times())
    finally:
        peer.close()
    difference, *later = [abs(a - b) / abs(b) for a, b in zip(mine[0]["losses"], peer.first["losses"], strict=True)]
    if not (difference < TOLERANCE and max(later) < LATER_TOLERANCE):
        raise RuntimeError(f"the losses {mine[0]['losses']} are not PyTorch's {peer.first['losses']}")
    ours = statistics.median(run["latencyMilliseconds"]["median"] for run in mine)
    best = min(run["latencyMilliseconds"]["min"] for run in mine)
    median, least = statistics.median(map(statistics.median, theirs)), min(map(min, theirs))
    return {"unit": "ms", "ours": round(ours, 1), "neighbours": {"torch eager": round(median, 1)},
            "ratio": round(median / ours, 2), "best": round(best, 1), "neighboursBest": round(least, 1),
            "ratioOfBest": round(least / best, 2),
            "peakMegabytes": round(max(run["peakResidentBytes"] for run in mine) / MEGABYTE),
            "torchPeakMegabytes": round(peer.first["peakResidentBytes"] / MEGABYTE),
            "lossDifference": float(f"{difference:.1e}"), "laterDifference": float(f"{max(later):.1e}"), "threads": threads,
            "batch": training_models.MODELS[model]}


def cases(menagerie: str, home: pathlib.Path, rounds: int) -> dict:
    steps = {f"train-{model}-b{batch}-threads{threads}":
             lambda m=model, t=threads: step(menagerie, home, rounds, m, t)
             for model, batch in training_models.MODELS.items() for threads in (1, 2)}
    return steps | training_head.cases(menagerie, home, rounds)
