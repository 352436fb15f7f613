"""Optimiser states travel: steps in PyTorch or Keras, the rest of them here, and the other way round, end where all steps in
one place end. Weights are compared with those of the uninterrupted run, as a part of what the later steps moved."""
import functools
import json
import pathlib

import numpy as np

from distances import finite, losses_within
from framework import Framework
from menagerie import Failed, last_line
from optimizer_names import BATCH, KERAS, PYTORCH
from roads import Judges, Road
from seeded import Seeded

TOLERANCE = 1e-3


class Traveller(Seeded):
    """A model with the state of its optimiser after the first steps, and where the later ones lead."""

    def __init__(self, judges: Judges, side: Framework, library: str, name: str):
        super().__init__(judges, judges.cache / f"optimizer-{library}-{name}")
        self.side, self.name = side, name

    def create(self) -> None:
        self.side.make(name=self.name, folder=str(self.home))

    def learn(self, model: pathlib.Path, out: pathlib.Path, *options) -> list[float]:
        """The losses of the later steps, made here."""
        log = out.parent / "log.jsonl"
        done = self.judges.menagerie.run(
            "finetune", model, "--data", self.home / "later.npz", "-o", out, "--method", "full", "--epochs", 1,
            "--batch", BATCH, "--schedule", "constant", "--validation", 0, "--no-shuffle", "--log", log, *options)
        if done.returncode:
            raise Failed(f"finetune ended with {done.returncode}: {last_line(done.stderr)}")
        if "goes on with" not in done.stderr:
            raise Failed("finetune does not say that it goes on with the state")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [line["loss"] for line in lines if line["event"] == "step"]

    def file(self, place: pathlib.Path) -> pathlib.Path:
        return next(path for path in (place / "begun").iterdir() if path.stem == "begun")

    def goes_on_here(self, scratch: pathlib.Path) -> str:
        self.make()
        begun = self.file(self.home)
        out = scratch / begun.name.replace("begun", "out")
        losses = self.learn(begun, out)
        near = losses_within(losses, np.load(self.home / "losses.npy").tolist(), TOLERANCE)
        return f"losses {near}, {judged(self.side.compare(name=self.name, folder=str(self.home), out=str(out)))}"

    def goes_on_there(self, scratch: pathlib.Path) -> str:
        """The first half of the later steps here, the second there."""
        self.make()
        begun = self.file(self.home)
        out = scratch / begun.name.replace("begun", "out")
        self.side.half(folder=str(self.home), out=str(scratch / "half.npz"))
        self.learn_half(begun, out, scratch / "half.npz")
        return judged(self.side.resume(name=self.name, folder=str(self.home), file=str(out)))

    def learn_half(self, begun, out, half) -> None:
        done = self.judges.menagerie.run(
            "finetune", begun, "--data", half, "-o", out, "--method", "full", "--epochs", 1, "--batch", BATCH,
            "--schedule", "constant", "--validation", 0, "--no-shuffle")
        if done.returncode:
            raise Failed(f"finetune ended with {done.returncode}: {last_line(done.stderr)}")


def judged(found: dict) -> str:
    worst = max(((what, finite(off)) for what, off in found.items()), key=lambda item: item[1])
    if not worst[1] <= TOLERANCE:
        raise Failed(f"{worst[0]} is off by {worst[1]:.1e}")
    return f"{worst[1]:.0e}"


def roads(judges: Judges) -> dict[str, list[Road]]:
    table = []
    for library, side, names in (("torch", judges.optimizers, PYTORCH), ("keras", judges.keras_optimizers, KERAS)):
        for name in names:
            traveller = Traveller(judges, side, library, name)
            row = f"{library} {name}, optimizer"
            table.append(Road(row, "here", traveller.goes_on_here))
            table.append(Road(row, "there", traveller.goes_on_there))
    return {"States of optimizers (distance of weights and losses)": table}
