"""Steps of training beside PyTorch's, eager and in float32: the same weights, batch, optimiser and threads.

PyTorch stays loaded and is asked in turn with ours, a short while each. The losses of the first steps must agree, so that
both do the same work.
"""
import json
import pathlib
import subprocess
import sys

import training_head
import training_models
from measured import MEGABYTE, best_figures, measured
from peers import Peer, own_spread, spread

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4  # relative, of each loss
SECONDS = 3
# Whose steps are timed with parts that are computed twice, too
RECOMPUTED = ("resnet50", "bert-base", "gpt2")
# Cases whose models are made here, and not with the networks of the other benches
OWN_SOURCES = ("train-bert", "train-gpt2")


def step(menagerie: str, home: pathlib.Path, rounds: int, model: str, threads: int, *options: str) -> dict:
    if not training_models.made(home, model):
        print(f"Making {model} and a batch, once …", file=sys.stderr)
        subprocess.run([sys.executable, "-W", "ignore", HERE / "training_models.py", home, model], check=True,
                       stdout=sys.stderr)
    file, feeds = training_models.files(home, model)
    peer = Peer("PyTorch", "training_peer.py", home, model, "--threads", threads)
    try:
        mine, theirs = [], []
        for _ in range(rounds):
            output = measured([menagerie, "bench", file, "--train", "--inputs", feeds, "--threads", threads,
                               "--seconds", SECONDS, "--json", *options]).output
            mine.append(json.loads(output))
            theirs.append(peer.times(SECONDS))
    finally:
        peer.close()
    differences = [abs(a - b) / abs(b) for a, b in zip(mine[0]["losses"], peer.first["losses"], strict=True)]
    if not all(each < TOLERANCE for each in differences):
        raise RuntimeError(f"the losses {mine[0]['losses']} are not PyTorch's {peer.first['losses']}")
    values = mine[0]["values"]
    if "--recompute" in options and not values["recomputedParts"]:
        raise RuntimeError(f"no part of {model} is computed twice")
    return best_figures("ms", own_spread(mine), {"torch eager": spread(theirs)}) | {
        "valueMegabytes": round(values["bytes"] / MEGABYTE),
        "peakMegabytes": round(max(run["peakResidentBytes"] for run in mine) / MEGABYTE),
        "torchPeakMegabytes": round(peer.first["peakResidentBytes"] / MEGABYTE),
        "lossDifference": float(f"{max(differences):.1e}"), "threads": threads,
        "batch": training_models.MODELS[model]}


def cases(menagerie: str, home: pathlib.Path, rounds: int) -> dict:
    steps = {f"train-{model}-b{batch}-threads{threads}":
             lambda m=model, t=threads: step(menagerie, home, rounds, m, t)
             for model, batch in training_models.MODELS.items() for threads in (1, 2)}
    steps |= {f"train-{model}-b{training_models.MODELS[model]}-recompute-threads2":
              lambda m=model: step(menagerie, home, rounds, m, 2, "--recompute") for model in RECOMPUTED}
    return steps | training_head.cases(menagerie, home, rounds)
