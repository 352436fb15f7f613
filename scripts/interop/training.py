"""Learning: from the same checkpoint, data and hyper-parameters the losses of ten steps are PyTorch's, and so are the
gradients of the first, which a plain step shows: what a weight moved by, divided by the rate."""
import functools
import json
import pathlib
import shutil
import statistics

import tuning
from distances import finite, losses_within
from menagerie import Failed
from roads import Judges, Road
from seeded import Seeded
from training_names import OPTIMIZERS, settings

SEED = 1300
NAMES = ["resnet", "timm-resnet", "mobilenetv2", "vit", "bert", "gpt2", "llama", "llama-tied"]
NETWORKS = NAMES[:3]
# Few blocks behind a wide first layer, which takes most: computing one twice saves next to nothing, and none is.
WHOLE = ("timm-resnet",)
TOLERANCE = 1e-4
# What each drops, as its configuration says it, or its library has it as a default.
DROPPED = {
    "mobilenetv2": {"classifier": 0.2},
    "vit": {"hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.4},
    "bert": {"hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.4, "classifier_dropout": 0.3},
    "gpt2": {"embd_pdrop": 0.1, "attn_pdrop": 0.4, "resid_pdrop": 0.2},
    "llama": {"attention_dropout": 0.5},
}
DRAWS = 600
# So large that the weights themselves are lost beside what they move by.
PLAIN_RATE = 1e4
# Gradients that are nothing but rounding (of the biases of keys) are compared with the largest of all.
ROUNDING = 1e-6


class Learner(Seeded):
    def __init__(self, judges: Judges, name: str):
        self.seed = SEED + NAMES.index(name)
        super().__init__(judges, judges.cache / f"training-{name}-{self.seed}")
        self.name = name
        self.model = self.home / ("model.pth" if name in NETWORKS else "model")

    def create(self) -> None:
        self.judges.training.make(name=self.name, folder=str(self.home), seed=self.seed)

    def dropped(self, scratch: pathlib.Path) -> str:
        """With weights that stay, losses are drawn from PyTorch's distribution: the same mean and deviation."""
        self.make()
        rates, start = DROPPED[self.name], self.model
        if self.name not in NETWORKS:
            start = scratch / "model"
            shutil.copytree(self.model, start)
            config = start / "config.json"
            config.write_text(json.dumps(json.loads(config.read_text()) | rates))
        ours = tuning.steps(
            self.judges.menagerie, start, self.home / "first.npz", scratch / "out.safetensors", scratch, "--method", "full",
            "--epochs", DRAWS, "--no-report", "--optimizer", "sgd", "--momentum", 0, "--lr", 1e-30, "--weight-decay", 0)
        theirs = self.judges.training.dropped(name=self.name, folder=str(self.home), rates=rates, count=DRAWS)
        deviations = [statistics.stdev(losses) for losses in (ours, theirs)]
        error = (sum(d * d for d in deviations) / DRAWS) ** 0.5
        off = abs(statistics.mean(ours) - statistics.mean(theirs)) / error
        if not off <= 4.5:
            raise Failed(f"the mean is {statistics.mean(ours):.4f}, not {statistics.mean(theirs):.4f}: {off:.1f} standard errors")
        if not 0.8 <= deviations[0] / deviations[1] <= 1.25:
            raise Failed(f"the deviation is {deviations[0]:.4f}, not {deviations[1]:.4f}")
        return f"{off:.1f} errors"

    def learn(self, data: str, out: pathlib.Path, *options, says: str = "") -> list[float]:
        """The losses of the steps on all of the data, in its order."""
        target = f"{out}/" if out.suffix == "" else out
        return tuning.steps(self.judges.menagerie, self.model, self.home / data, target, out.parent, "--method", "full",
                            "--dropout", 0, "--epochs", 1, *options, says=says)

    def out(self, scratch: pathlib.Path) -> pathlib.Path:
        return scratch / ("out.pth" if self.name in NETWORKS else "out")

    def losses(self, optimizer: str, scratch: pathlib.Path, *options, says: str = "") -> str:
        self.make()
        rate, decay = settings(self.name, optimizer)
        ours = self.learn("data.npz", self.out(scratch), "--optimizer", optimizer, "--lr", rate,
                          "--weight-decay", decay, *options, says=says)
        theirs = self.judges.training.steps(name=self.name, folder=str(self.home), optimizer=optimizer)
        return losses_within(ours, theirs, TOLERANCE)

    def recomputed(self, optimizer: str, scratch: pathlib.Path) -> str:
        """The same where steps compute parts again on their way back."""
        return self.losses(optimizer, scratch, "--recompute", says="computed twice (--recompute)")

    def gradients(self, scratch: pathlib.Path) -> str:
        self.make()
        out = self.out(scratch)
        self.learn("first.npz", out, "--optimizer", "sgd", "--momentum", 0, "--lr", PLAIN_RATE, "--weight-decay", 0)
        rows = self.judges.training.gradients(name=self.name, folder=str(self.home), moved=str(out), rate=PLAIN_RATE)
        steepest = max(largest for _, largest, _ in rows)
        shares = [(finite(off / max(largest, ROUNDING / TOLERANCE * steepest)), name) for name, largest, off in rows]
        worst, name = max(shares)
        if not worst <= TOLERANCE:
            wrong = sum(not share <= TOLERANCE for share, _ in shares)
            raise Failed(f"{name} is off by {worst:.1e} of its largest; {wrong} of {len(rows)} are too far")
        return f"{worst:.0e}"


def roads(judges: Judges) -> dict[str, list[Road]]:
    table = []
    for name in NAMES:
        learner = Learner(judges, name)
        row = f"{name}, learning"
        table.append(Road(row, "gradients", learner.gradients))
        table += [Road(row, optimizer, functools.partial(learner.losses, optimizer)) for optimizer in OPTIMIZERS]
        if name not in WHOLE:
            table.append(Road(row, "recomputed", functools.partial(learner.recomputed, OPTIMIZERS[-1])))
        if name in DROPPED:
            table.append(Road(row, "dropout", learner.dropped))
    return {"Ten steps beside PyTorch's (distance of gradients and losses)": table}
