"""Models that attend, beside ONNX Runtime (also on the graph fused by its own optimizer) and OpenVINO in fp32.

All take the same arrays. The peers stay loaded and are asked in turn with ours, a short while each; every peer's outputs
must be ours, so that nobody is measured on another model.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import attention_sources as sources
from measured import measured

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4  # of the largest
SECONDS = 0.7
NAMES = sources.MODELS


class Peer:
    def __init__(self, engine: str, graph: pathlib.Path, feeds: pathlib.Path, outputs: pathlib.Path, threads: int):
        command = [sys.executable, HERE / "peer.py", engine, graph, feeds, outputs, "--threads", threads]
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[2]} ended with {self.process.wait()}")
        return json.loads(line)

    def times(self) -> list[float]:
        self.process.stdin.write(f"{SECONDS}\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def greatest_difference(ours: pathlib.Path, theirs: pathlib.Path) -> float:
    """Of the outputs that both have, relative to the largest."""
    import numpy as np
    a, b = np.load(ours), np.load(theirs)
    common = set(a.files) & set(b.files)
    if not common:
        raise RuntimeError(f"no output in common: {sorted(a.files)}, {sorted(b.files)}")
    return max(float(abs(a[name] - b[name]).max() / abs(a[name]).max()) for name in common)


def latency(menagerie: str, home: pathlib.Path, rounds: int, model: str, threads: int, batch: int) -> dict:
    if not sources.made(home, model):
        print(f"Making {model}, once …", file=sys.stderr)
        subprocess.run([sys.executable, "-W", "ignore", HERE / "attention_sources.py", home, model], check=True,
                       stdout=sys.stderr)
    folder, graph, *fused = sources.files(home, model)
    feeds = sources.feeds(home, model, batch)
    with tempfile.TemporaryDirectory() as scratch:
        outputs = pathlib.Path(scratch)
        measured([menagerie, "run", folder, "--inputs", feeds, "--outputs", outputs / "ours.npz"])
        peers, runs, differences = {}, {}, {}
        try:
            for name, engine, file in [("onnxruntime", "onnxruntime", graph), ("openvino", "openvino", graph),
                                       *(("onnxruntime fused", "onnxruntime", one) for one in fused)]:
                peers[name] = Peer(engine, file, feeds, outputs / f"{name}.npz", threads)
                differences[name] = greatest_difference(outputs / "ours.npz", outputs / f"{name}.npz")
                if not differences[name] < TOLERANCE:
                    raise RuntimeError(f"{name} gives other numbers: by {differences[name]:.1e} of the largest")

            def ours() -> dict:
                return json.loads(measured([menagerie, "bench", folder, "--inputs", feeds, "--threads", threads,
                                            "--seconds", SECONDS, "--json"]).output)["latencyMilliseconds"]

            mine = []
            for _ in range(rounds):
                mine.append(ours())
                for name, peer in peers.items():
                    runs.setdefault(name, []).append(peer.times())
        finally:
            for peer in peers.values():
                peer.close()
    median = statistics.median(run["median"] for run in mine)
    best = min(run["min"] for run in mine)
    medians = {name: statistics.median(map(statistics.median, turns)) for name, turns in runs.items()}
    bests = {name: min(map(min, turns)) for name, turns in runs.items()}
    return {"unit": "ms", "ours": round(median, 3), "neighbours": {k: round(v, 3) for k, v in medians.items()},
            "ratio": round(min(medians.values()) / median, 2), "best": round(best, 3),
            "neighboursBest": {k: round(v, 3) for k, v in bests.items()},
            "ratioOfBest": round(min(bests.values()) / best, 2),
            "difference": float(f"{max(differences.values()):.1e}"), "threads": threads, "batch": batch}


def cases(menagerie: str, home: pathlib.Path, rounds: int) -> dict:
    return {f"{model}-b{batch}-threads{threads}":
            lambda m=model, b=batch, t=threads: latency(menagerie, home, rounds, m, t, b)
            for model in sources.MODELS for batch in sources.BATCHES for threads in (1, 2)}
