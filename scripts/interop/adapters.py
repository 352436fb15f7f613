"""Adapters: from the same one ten steps give peft's losses; peft takes ours, beside the weights and merged."""
import functools
import pathlib

import numpy as np

import tuning
from distances import distance, losses_within, within
from menagerie import Failed, last_line
from roads import Judges, Road
from seeded import Seeded
from training_names import OPTIMIZERS, settings

SEED = 1400
BASES = {"bert": "bert", "bert-dora": "bert", "gpt2": "gpt2", "llama": "llama", "llama-dora": "llama",
         "resnet": "resnet"}
TOLERANCE = 1e-4


class Adapted(Seeded):
    def __init__(self, judges: Judges, name: str):
        self.seed = SEED + list(BASES).index(name)
        super().__init__(judges, judges.cache / f"adapters-{name}-{self.seed}")
        self.name = name
        self.model = self.home / ("model.pth" if BASES[name] == "resnet" else "model")

    def create(self) -> None:
        self.judges.adapters.make(name=self.name, folder=str(self.home), seed=self.seed)

    def learn(self, optimizer: str, scratch: pathlib.Path) -> list[float]:
        """The losses of ten steps; the adapter is then `scratch/adapter`."""
        rate, decay = settings(BASES[self.name], optimizer)
        return tuning.steps(
            self.judges.menagerie, self.model, self.home / "data.npz", f"{scratch}/adapter/", scratch, "--method", "lora",
            "--adapter", self.home / "adapter", "--epochs", 1, "--optimizer", optimizer, "--lr", rate, "--weight-decay", decay,
            "--dropout", 0)

    def losses(self, optimizer: str, scratch: pathlib.Path) -> str:
        self.make()
        ours = self.learn(optimizer, scratch)
        theirs = self.judges.adapters.steps(name=self.name, folder=str(self.home), optimizer=optimizer)
        return losses_within(ours, theirs, TOLERANCE)

    def answer(self, *options, out: pathlib.Path) -> np.ndarray:
        done = self.judges.menagerie.run("run", *options, "--inputs", self.home / "input.npz", "--outputs", out)
        if done.returncode:
            raise Failed(f"run ended with {done.returncode}: {last_line(done.stderr)}")
        with np.load(out) as archive:
            return archive["logits"] if "logits" in archive.files else archive[archive.files[0]]

    def beside(self, scratch: pathlib.Path) -> str:
        """The adapter that ten steps made, in peft's hands and in ours."""
        self.make()
        self.learn("adamw", scratch)
        adapter = scratch / "adapter"
        ours = self.answer(self.model, "--adapter", adapter, out=scratch / "ours.npz")
        before = self.answer(self.model, out=scratch / "before.npz")
        beside, merged = self.judges.adapters.answers(name=self.name, folder=str(self.home), adapter=str(adapter))
        if distance(before, beside) < 100 * TOLERANCE:
            raise Failed("the adapter changes nothing")
        return within(max(distance(ours, beside), distance(ours, merged)), TOLERANCE, "logits are")

    def merged(self, scratch: pathlib.Path) -> str:
        """peft's adapter merged by ours, in the base's own library."""
        self.make()
        out = scratch / ("merged.pth" if BASES[self.name] == "resnet" else "merged")
        self.judges.menagerie.convert(
            self.model, out if out.suffix else f"{out}/", "--merge-adapter", self.home / "adapter")
        ours = self.judges.adapters.plain(name=self.name, folder=str(self.home), file=str(out))
        _, theirs = self.judges.adapters.answers(
            name=self.name, folder=str(self.home), adapter=str(self.home / "adapter"))
        return within(distance(ours, theirs), TOLERANCE, "logits are")


def roads(judges: Judges) -> dict[str, list[Road]]:
    table = []
    for name in BASES:
        one = Adapted(judges, name)
        row = f"{name}, adapted"
        table += [Road(row, optimizer, functools.partial(one.losses, optimizer)) for optimizer in OPTIMIZERS]
        table += [Road(row, "peft", one.beside), Road(row, "merged", one.merged)]
    return {"Adapters beside peft's (distance of losses and logits)": table}
