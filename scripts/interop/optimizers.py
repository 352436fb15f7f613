"""Optimiser states travel: steps in PyTorch or Keras, the rest of them here, and the other way round, end where all steps in
one place end. Weights are compared with those of the uninterrupted run, as a part of what the later steps moved."""
import functools
import pathlib

import numpy as np

import tuning
from distances import finite, losses_within
from framework import Framework
from menagerie import Failed
from optimizer_names import FIRST, KERAS, LATER, PYTORCH
from roads import Judges, Road
from seeded import Seeded
from training_names import BATCH

TOLERANCE = 1e-3
LOSSES = 1e-5


class Traveller(Seeded):
    """A model with the state of its optimiser after the first steps, and where the later ones lead."""

    def __init__(self, judges: Judges, side: Framework, library: str, name: str):
        super().__init__(judges, judges.cache / f"optimizer-{library}-{name}")
        self.side, self.name = side, name

    def create(self) -> None:
        self.side.make(name=self.name, folder=str(self.home))

    def goes_on(self, here: int, scratch: pathlib.Path) -> str:
        """So many of the later steps here, and the others where the first ones were made."""
        self.make()
        begun = next((self.home / "begun").glob("begun.*"))
        out, data = scratch / begun.name.replace("begun", "out"), scratch / "data.npz"
        with np.load(self.home / "later.npz") as later:
            np.savez(data, **{name: later[name][:here * BATCH] for name in later.files})
        losses = tuning.steps(self.judges.menagerie, begun, data, out, scratch, "--method", "full", "--epochs", 1,
                              says="goes on with")
        near = losses_within(losses, np.load(self.home / "losses.npy")[:here].tolist(), LOSSES)
        found = self.side.goes_on(name=self.name, folder=str(self.home), file=str(out), done=FIRST + here)
        return f"losses {near}, {judged(found)}"


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
            table += [Road(row, column, functools.partial(traveller.goes_on, here))
                      for column, here in (("here", LATER), ("there", LATER // 2))]
    return {"States of optimizers (distance of weights and losses)": table}
