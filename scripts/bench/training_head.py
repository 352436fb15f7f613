"""Learning of the last layer alone, from the shell, beside the plain recipe in PyTorch, whose frozen layers run in every epoch.

Ours computes them once for each sample. PyTorch has its model and its arrays in memory before its time begins; ours begins
with the process, and ends with the checkpoint written.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import training_models
from measured import MEGABYTE, best_figures, measured
from peers import spread

HERE = pathlib.Path(__file__).resolve().parent
EPOCHS = 5
BATCH = 8
RATE = 1e-3
TOLERANCE = 1e-4  # relative, of every step's loss


def ours(menagerie: str, model: pathlib.Path, data: pathlib.Path, threads: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log.jsonl"
        run = measured([menagerie, "finetune", model, "--data", data, "-o", pathlib.Path(folder) / "out.pth", "--method", "head",
                        "--epochs", EPOCHS, "--batch", BATCH, "--lr", RATE, "--schedule", "constant", "--no-shuffle",
                        "--weight-decay", 0.01, "--validation", 0, "--no-report", "--log", log, "--threads", threads])
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {"seconds": run.seconds, "peak": run.peak, "losses": [line["loss"] for line in lines if line.get("event") == "step"]}


def peer(home: pathlib.Path, name: str, threads: int) -> dict:
    command = [sys.executable, "-W", "ignore", HERE / "training_head_peer.py", home, name, "--threads", threads,
               "--epochs", EPOCHS, "--batch", BATCH, "--rate", RATE]
    return json.loads(measured(command).output)


def head(menagerie: str, home: pathlib.Path, rounds: int, name: str, threads: int) -> dict:
    model = training_models.pretrained(home, name)
    data = training_models.head_data(home)
    if not data.exists():
        subprocess.run([sys.executable, "-W", "ignore", HERE / "training_models.py", home, "head"], check=True,
                       stdout=sys.stderr)
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(ours(menagerie, model, data, threads))
        theirs.append(peer(home, name, threads))
    differences = [abs(a - b) / abs(b) for a, b in zip(mine[0]["losses"], theirs[0]["losses"], strict=True)]
    if not all(each < TOLERANCE for each in differences):
        raise RuntimeError(f"the losses {mine[0]['losses']} are not PyTorch's {theirs[0]['losses']}")
    seconds, others = spread([[run["seconds"]] for run in mine]), spread([[sum(run["epochs"])] for run in theirs])
    return best_figures("s", seconds, {"torch eager": others}) | {
        "peakMegabytes": round(max(run["peak"] for run in mine) / MEGABYTE),
        "torchPeakMegabytes": round(max(run["peakResidentBytes"] for run in theirs) / MEGABYTE),
        "lossDifference": float(f"{max(differences):.1e}"), "threads": threads, "batch": BATCH, "epochs": EPOCHS,
        "samples": training_models.HEAD_SAMPLES}


def cases(menagerie: str, home: pathlib.Path, rounds: int) -> dict:
    return {f"train-head-{name}-threads{threads}":
            lambda m=name, t=threads: head(menagerie, home, rounds, m, t)
            for name in ("resnet18", "resnet50") for threads in (1, 2)}
