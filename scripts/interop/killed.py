"""Runs that are killed: a fine-tuning that dies at twenty moments ends with the weights of one that never did."""
import pathlib
import random
import shutil
import signal
import subprocess
import time

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from menagerie import Failed, last_line
from roads import Judges, Road

MODEL = pathlib.Path(__file__).resolve().parents[2] / "docs/examples/digits/digits-resnet.pth"
DEATHS = 20


def draw(folder: pathlib.Path, each: int) -> None:
    """Scikit-learn's handwritten digits, a folder a class; fewer classes than the model has."""
    data = load_digits()
    for label in range(4):
        (folder / f"digit-{label}").mkdir(parents=True)
        for place, index in enumerate(np.flatnonzero(data.target == label)[:each]):
            grey = (data.images[index] * 15.9).astype(np.uint8)
            Image.fromarray(grey).convert("RGB").resize((32, 32)).save(folder / f"digit-{label}/{place}.png")


def killed(judges: Judges, scratch: pathlib.Path) -> str:
    draw(scratch / "digits", each=40)
    binary = judges.menagerie.binary

    def command(state: str) -> list[str]:
        return [binary, "finetune", str(MODEL), "--data", str(scratch / "digits"), "-o", str(scratch / f"{state}.safetensors"),
                "--method", "full", "--epochs", "60", "--batch", "4", "--seed", "7", "--augment", "--ema", "0.99",
                "--schedule", "plateau", "--dropout", "0.1", "--drop-path", "0.1", "--threads", "1",
                "--resume", str(scratch / state), "--no-report"]

    start = time.perf_counter()
    whole = subprocess.run(command("whole"), capture_output=True, text=True, timeout=600)
    if whole.returncode:
        raise Failed(f"finetune ended with {whole.returncode}: {last_line(whole.stderr)}")
    seconds = time.perf_counter() - start
    chance, deaths, runs = random.Random(1), 0, 0
    while True:
        runs += 1
        if runs > 200:
            raise Failed(f"no end after {runs} runs and {deaths} deaths")
        process = subprocess.Popen(command("parts"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            # The first die early, where a state is written for the first time
            limit = chance.uniform(0, 0.3 if deaths < 4 else 2.5 * seconds / DEATHS) if deaths < DEATHS else 600
            _, words = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            deaths += 1
            continue
        if process.returncode:
            raise Failed(f"after {deaths} deaths it ended with {process.returncode}: {last_line(words)}")
        if deaths >= DEATHS:
            break
        # It came to its end too early: once more, from nothing
        shutil.rmtree(scratch / "parts")
    ours, theirs = ((scratch / f"{name}.safetensors").read_bytes() for name in ("parts", "whole"))
    if ours != theirs:
        raise Failed(f"after {deaths} deaths the weights are others")
    if left := [p.name for p in scratch.rglob("*partial*")]:
        raise Failed(f"{left} were left behind")
    return f"{deaths} deaths"


def roads(judges: Judges) -> dict[str, list[Road]]:
    return {"Runs that are killed": [Road("finetune", "answer", lambda scratch: killed(judges, scratch))]}
