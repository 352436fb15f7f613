"""It really learns: from published models, the accuracy of the same recipe in PyTorch, judged by PyTorch on our file.

The heavy ones (minutes each) only with --learning. What PyTorch's own recipe reaches is kept in the cache.
"""
import functools
import json
import pathlib
import shutil
import statistics
import time
from dataclasses import dataclass, replace

import learning_data
from menagerie import Failed, last_line
from published import file_of
from roads import Judges, Road
from seeded import Seeded

MARGIN = 0.01
DIGITS = pathlib.Path(__file__).resolve().parents[2] / "docs/examples/digits"
LENGTH, BLOCK = 48, 128  # tokens of a text, and of a block of prose


@dataclass(frozen=True)
class Recipe:
    epochs: int
    batch: int
    rate: float
    decay: float = 0.01

    @property
    def options(self) -> list:
        return ["--epochs", self.epochs, "--batch", self.batch, "--lr", self.rate, "--weight-decay", self.decay,
                "--optimizer", "adamw", "--schedule", "cosine", "--dropout", 0, "--no-shuffle",
                "--no-report"]

    @property
    def facts(self) -> dict:
        return {"epochs": self.epochs, "batch": self.batch, "rate": self.rate, "decay": self.decay}

    def __str__(self) -> str:
        return f"{self.epochs}x{self.batch}-{self.rate:g}-{self.decay:g}"


def finetune(judges: Judges, model, data, out, *options) -> tuple[dict, float]:
    """What the last epoch says of itself, and the seconds that the command took."""
    began = time.perf_counter()
    done = judges.menagerie.run("finetune", model, "--data", data, "-o", out, *options, "--json", timeout=1800)
    if done.returncode:
        raise Failed(f"finetune ended with {done.returncode}: {last_line(done.stderr)}")
    epochs = [line for line in map(json.loads, done.stdout.splitlines()) if "epoch" in line]
    return epochs[-1], time.perf_counter() - began


def agreed(said: dict, found: dict, margin: float = 1e-4) -> None:
    """What we say of the result is what its own framework finds."""
    if abs(said["accuracy"] - found["accuracy"]) > 1e-6:
        raise Failed(f"we say {said['accuracy']:.4f} is right, the framework {found['accuracy']:.4f}")
    if not abs(said["validation_loss"] - found["loss"]) <= margin * max(1, found["loss"]):
        raise Failed(f"we say the loss is {said['validation_loss']:.6f}, the framework {found['loss']:.6f}")


def no_worse(ours: float, theirs: float, more: str) -> str:
    """The two accuracies in words; ours below PyTorch's by more than the margin is a failure."""
    figures = f"{100 * ours:.1f} / {100 * theirs:.1f} %"
    if ours < theirs - MARGIN:
        raise Failed(f"{figures} is right, ours beside PyTorch's")
    return f"{figures}, {more}"


class Learned(Seeded):
    """Data, a checkpoint to begin with, and what the recipe in PyTorch makes of them. Other data take another `name`."""
    options = ()

    def __init__(self, judges: Judges, name: str, recipe: Recipe, method: str):
        super().__init__(judges, judges.cache / f"learning-{name}-{method}-{recipe}")
        self.recipe, self.method = recipe, method
        self.data = self.home / "data"

    def begin(self) -> None:
        """Draws the data and writes the checkpoint, `begun`."""
        raise NotImplementedError

    def reached(self, begun: pathlib.Path) -> dict:
        """How good PyTorch's recipe gets from there."""
        raise NotImplementedError

    def judged(self, out) -> dict:
        """How good PyTorch finds what we wrote."""
        raise NotImplementedError

    def create(self) -> None:
        self.begin()
        self.keep(self.reached(self.begun))

    def learnt(self, begun: pathlib.Path, out) -> tuple[float, float]:
        """The accuracy that our recipe reaches from there, and its seconds."""
        said, seconds = finetune(self.judges, begun, self.data, out, "--method", self.method, *self.recipe.options,
                                 *self.options)
        found = self.judged(out)
        agreed(said, found)
        return found["accuracy"], seconds

    def compared(self, scratch: pathlib.Path) -> str:
        self.make()
        ours, seconds = self.learnt(self.begun, self.out(scratch))
        theirs = self.kept()
        return no_worse(ours, theirs["accuracy"], f"{seconds:.0f} / {theirs['seconds']:.0f} s")

    def keep(self, result: dict) -> None:
        (self.home / "recipe.json").write_text(json.dumps(result))

    def kept(self) -> dict:
        return json.loads((self.home / "recipe.json").read_text())


class Pictures(Learned):
    def __init__(self, judges, name, recipe, method, kind: str, file, spec: dict, labels: list[str], draw, keeps_head=False):
        super().__init__(judges, name, recipe, method)
        self.kind, self.file, self.spec, self.labels, self.draw = kind, file, spec, labels, draw
        self.keeps_head = keeps_head
        self.begun = self.home / "begun.pth"

    def begin(self) -> None:
        self.draw(self.data)
        source, side = str(self.file()), self.judges.learning
        if self.keeps_head:
            shutil.copy(source, self.begun)
        else:
            side.begin(kind=self.kind, file=source, out=str(self.begun), classes=len(self.labels))
        spec = self.spec
        if spec["size"] != 224:  # what the file does not say is beside it
            about = {"preprocessing": {"size": [spec["size"]] * 2, "interpolation": "bicubic", "scale": 1 / 255,
                                       "mean": spec["mean"], "std": spec["std"]}}
            if self.keeps_head:
                about["labels"] = self.labels
            self.begun.with_suffix(".json").write_text(json.dumps(about))

    def reached(self, begun: pathlib.Path) -> dict:
        return self.judges.learning.pictures(kind=self.kind, file=str(begun), data=str(self.data), labels=self.labels,
                                             spec=self.spec, method=self.method, **self.recipe.facts)

    def out(self, scratch: pathlib.Path) -> pathlib.Path:
        return scratch / "out.pth"

    def judged(self, out: pathlib.Path) -> dict:
        return self.judges.learning.judged(kind=self.kind, file=str(out), data=str(self.data), labels=self.labels,
                                           spec=self.spec)


class SeveralStarts(Pictures):
    """Means over beginnings whose weights are a millionth apart: so short a recipe ends 2 % of all pictures higher or lower by
    the last bits alone, PyTorch's own with one thread or two."""
    COUNT = 6

    def start(self, index: int) -> pathlib.Path:
        return self.home / f"start-{index}.pth"

    def create(self) -> None:
        self.begin()
        found = []
        for index in range(self.COUNT):
            start = self.start(index)
            self.judges.learning.moved(file=str(self.begun), out=str(start), seed=index)
            shutil.copy(self.begun.with_suffix(".json"), start.with_suffix(".json"))
            found.append(self.reached(start)["accuracy"])
        self.keep({"accuracy": statistics.mean(found)})

    def compared(self, scratch: pathlib.Path) -> str:
        self.make()
        ours = [self.learnt(self.start(index), scratch / f"out-{index}.pth")[0] for index in range(self.COUNT)]
        return no_worse(statistics.mean(ours), self.kept()["accuracy"], f"means of {self.COUNT}")


def precise(drawn: Pictures, scratch: pathlib.Path) -> str:
    """After an epoch, statistics of a batch are as near to double precision as PyTorch's are in single precision."""
    drawn.make()
    judges, begun, out = drawn.judges, scratch / "begun.pth", scratch / "out.pth"
    finetune(judges, drawn.begun, drawn.data, begun, "--method", "full", *replace(drawn.recipe, epochs=1).options)
    data = learning_data.batch(scratch / "batch", drawn.data, count=16)
    finetune(judges, begun, data, out, "--method", "full", "--epochs", 1, "--batch", 16, "--optimizer", "sgd", "--lr", 1,
             "--weight-decay", 0, "--schedule", "constant", "--dropout", 0, "--no-shuffle", "--no-report")
    found = judges.learning.stepped(kind=drawn.kind, file=str(begun), out=str(out), data=str(data), labels=drawn.labels,
                                    spec=drawn.spec, rate=1)
    ours, theirs = found["ours"], found["theirs"]
    figures = ", ".join(f"{name} {ours[name]:.0e} / {theirs[name]:.0e}" for name in ours)
    if not ours["statistics"] <= 3 * theirs["statistics"]:
        raise Failed(f"{figures} from double precision, ours beside PyTorch's")
    return figures


class Texts(Learned):
    options = ("--max-length", LENGTH)

    def __init__(self, judges, name, recipe, method):
        super().__init__(judges, name, recipe, method)
        self.begun = self.home / "begun"

    def begin(self) -> None:
        learning_data.documentation(self.data, learn=100, judge=150)
        self.judges.learning.begin_texts(source=str(file_of("minilm", "")), out=str(self.begun),
                                         labels=learning_data.LIBRARIES)

    def reached(self, begun: pathlib.Path) -> dict:
        return self.judges.learning.texts(folder=str(begun), data=str(self.data), length=LENGTH, method=self.method,
                                          **self.recipe.facts)

    def out(self, scratch: pathlib.Path) -> str:
        return f"{scratch}/out/"

    def judged(self, out: str) -> dict:
        return self.judges.learning.text_judged(folder=out, data=str(self.data), length=LENGTH)


def writes(judges: Judges, merges: bool, scratch: pathlib.Path) -> str:
    """SmolLM2 of a GGUF file learns by LoRA to write descriptions of data sets; transformers reads before and after."""
    source = file_of("smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
    data = learning_data.prose(scratch / "data")
    out = scratch / "out.gguf" if merges else f"{scratch}/adapter/"
    said, seconds = finetune(judges, source, data, out, "--method", "lora", "--epochs", 2, "--batch", 4, "--lr", 1e-3,
                             "--max-length", BLOCK, "--dropout", 0, "--no-report")
    asked = {"file": str(data / "val.txt"), "length": BLOCK}
    before = judges.learning.perplexity(source=str(source), **asked)
    after = judges.learning.perplexity(source=str(out if merges else source), **asked,
                                       **({} if merges else {"adapter": str(out)}))
    figures = f"perplexity {before:.1f} to {after:.1f}"
    if not after < 0.9 * before:
        raise Failed(f"{figures}, which is too little")
    if not merges and not abs(said["perplexity"] - after) <= 5e-4 * after:
        raise Failed(f"we say the perplexity is {said['perplexity']:.4f}, transformers {after:.4f}")
    return f"{figures}, {seconds:.0f} s"


IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def roads(judges: Judges, asked: bool) -> dict[str, list[Road]]:
    mobilenet = functools.partial(file_of, "mobilenet", "mobilenet_v2-b0353104.pth")
    names = sorted(name.split(".")[0] for name in learning_data.PHOTOGRAPHS)
    numbers = sorted(learning_data.DIGITS)
    digits = {"size": 32, "mean": [0.3053] * 3, "std": [0.3447] * 3}
    turned = functools.partial(learning_data.digits, size=32, learn=60, judge=100, turned=True)
    table = []
    for method, recipe in (("head", Recipe(20, 16, 0.003)), ("full", Recipe(4, 16, 0.001))):
        own = Pictures(judges, "digits", recipe, method, "resnet", lambda: DIGITS / "digits-resnet.pth", digits,
                       learning_data.DIGITS, turned, keeps_head=True)
        table.append(Road("the repository's ResNet, turned digits", method, own.compared))
    if asked:
        crops = Pictures(judges, "photographs", Recipe(10, 16, 0.003), "head", "mobilenet", mobilenet, IMAGENET | {"size": 224},
                         names, functools.partial(learning_data.photographs, size=256, learn=30, judge=60))
        drawn = SeveralStarts(judges, "mobilenet", Recipe(3, 16, 0.001), "full", "mobilenet", mobilenet, IMAGENET | {"size": 96},
                         numbers, functools.partial(learning_data.digits, size=96, learn=40, judge=60))
        table += [Road("ImageNet's MobileNetV2, crops of photographs", "head", crops.compared),
                  Road("ImageNet's MobileNetV2, digits", "full", drawn.compared),
                  Road("ImageNet's MobileNetV2, digits", "a step", functools.partial(precise, drawn))]
        for method, recipe in (("head", Recipe(20, 16, 0.003)), ("full", Recipe(2, 16, 1e-4))):
            table.append(Road("MiniLM, sentences of documentation", method,
                              Texts(judges, "documentation", recipe, method).compared))
        table += [Road("SmolLM2-135M (GGUF), prose", "peft", functools.partial(writes, judges, False)),
                  Road("SmolLM2-135M (GGUF), prose", "merged", functools.partial(writes, judges, True))]
    return {"Learning beside PyTorch's recipe (accuracy and seconds, ours / PyTorch's)": table}
