"""Models that attend, beside ONNX Runtime (also on the graph fused by its own optimizer) and OpenVINO in fp32.

All take the same arrays. The peers stay loaded and are asked in turn with ours, a short while each; every peer's outputs
must be ours, so that nobody is measured on another model.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import attention_sources as sources
from measured import best_figures, measured
from peers import Peer, own_spread, spread

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4  # of the largest
SECONDS = 0.7
NAMES = sources.MODELS


def greatest_difference(ours: pathlib.Path, theirs: pathlib.Path) -> float:
    """Of the outputs that both have, relative to the largest."""
    import numpy as np
    a, b = np.load(ours), np.load(theirs)
    common = set(a.files) & set(b.files)
    if not common:
        raise RuntimeError(f"no output in common: {sorted(a.files)}, {sorted(b.files)}")
    # As an array, since Python's max would pass over what is no number
    return float(np.max([abs(a[name] - b[name]).max() / abs(a[name]).max() for name in common]))


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
                peers[name] = Peer(name, "peer.py", engine, file, feeds, outputs / f"{name}.npz", "--threads", threads)
                differences[name] = greatest_difference(outputs / "ours.npz", outputs / f"{name}.npz")
                if not differences[name] < TOLERANCE:
                    raise RuntimeError(f"{name} gives other numbers: by {differences[name]:.1e} of the largest")

            def ours() -> dict:
                return json.loads(measured([menagerie, "bench", folder, "--inputs", feeds, "--threads", threads,
                                            "--seconds", SECONDS, "--json"]).output)

            mine = []
            for _ in range(rounds):
                mine.append(ours())
                for name, peer in peers.items():
                    runs.setdefault(name, []).append(peer.times(SECONDS))
        finally:
            for peer in peers.values():
                peer.close()
    return best_figures("ms", own_spread(mine), {name: spread(turns) for name, turns in runs.items()}) | {
        "difference": float(f"{max(differences.values()):.1e}"), "threads": threads, "batch": batch}


def cases(menagerie: str, home: pathlib.Path, rounds: int) -> dict:
    return {f"{model}-b{batch}-threads{threads}":
            lambda m=model, b=batch, t=threads: latency(menagerie, home, rounds, m, t, b)
            for model in sources.MODELS for batch in sources.BATCHES for threads in (1, 2)}
