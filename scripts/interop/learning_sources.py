"""From every format, learnt from a little, into the same format and names: its own framework finds what we say of it."""
import functools
import json
import pathlib
import shutil

import numpy as np
from PIL import Image

import learning_data
from learning import DIGITS, agreed, finetune
from menagerie import Failed
from roads import EXTENSIONS, Judges, Road
from seeded import Seeded

LABELS = sorted(learning_data.DIGITS[:4])
SPEC = {"mean": 0.3053, "std": 0.3447}
ABOUT = {"size": [32, 32], "interpolation": "bicubic", "scale": 1 / 255, "mean": [SPEC["mean"]] * 3, "std": [SPEC["std"]] * 3}
LENGTH, BLOCK = 32, 32
STEPS = ["--batch", 8, "--dropout", 0, "--no-report"]


def scores(answers: np.ndarray, targets: np.ndarray) -> dict:
    """Of logits or, where each row sums to one, of probabilities."""
    answers = answers.astype(np.float64)
    if answers.min() >= 0 and np.allclose(answers.sum(1), 1, atol=1e-4):
        answers = np.log(np.maximum(answers, 1e-30))
    answers = answers - np.log(np.exp(answers - answers.max(1, keepdims=True)).sum(1, keepdims=True)) - answers.max(1, keepdims=True)
    return {"accuracy": float((answers.argmax(1) == targets).mean()), "loss": float(-answers[np.arange(len(targets)), targets].mean())}


class Pictured(Seeded):
    """A network in a framework's own file; `make_file` writes it, `answer` opens the result and answers pictures."""

    def __init__(self, judges: Judges, name: str, file: str, make_file, answer, size=32, mean=SPEC["mean"], std=SPEC["std"]):
        super().__init__(judges, judges.cache / f"learning-source-{name}")
        self.file, self.make_file, self.answer = self.home / file, make_file, answer
        self.size, self.mean, self.std = size, mean, std

    def create(self) -> None:
        learning_data.digits(self.home / "data", self.size, learn=30, judge=50, classes=4, turned=True)
        self.make_file(self.file)
        if self.file.suffix:
            self.file.with_suffix(".json").write_text(json.dumps({"preprocessing": ABOUT}))

    def learned(self, method: str, options: list, scratch: pathlib.Path) -> str:
        said, answers, targets = self.answered(method, options, scratch)
        found = scores(answers, np.array([LABELS.index(label) for label in targets]))
        agreed(said, found)
        if found["accuracy"] < 0.5:
            raise Failed(f"only {100 * found['accuracy']:.1f} % is right")
        return f"{100 * found['accuracy']:.1f} %"

    def answered(self, method: str, options: list, scratch: pathlib.Path) -> tuple[dict, np.ndarray, list[str]]:
        """What the last epoch says of itself, what the framework answers to the pictures to judge by, and what was wanted."""
        self.make()
        out = scratch / f"out{self.file.suffix}"
        said, _ = finetune(self.judges, self.file, self.home / "data", out if out.suffix else f"{out}/", "--method",
                           method, *options, *STEPS)
        rows = learning_data.read(self.home / "data", "val")
        given = np.stack([np.asarray(Image.open(self.home / "data" / path), np.float32) for path, _ in rows]) / 255
        np.save(scratch / "pictures.npy", (given - np.float32(self.mean)) / np.float32(self.std))
        self.answer(source=str(self.file), file=str(out), images=str(scratch / "pictures.npy"), out=str(scratch / "answer.npy"))
        return said, np.load(scratch / "answer.npy"), [target for _, target in rows]


# What else is told of a picture of each digit: any of several labels, and a number.
SEVERAL = {"zero": "even|round", "one": "", "two": "even", "three": "round"}
NUMBERS = {"zero": "-1.5", "one": "0.25", "two": "1.5", "three": "2.75"}


class Targeted(Pictured):
    """The same, of pictures that have several labels or a number each."""

    def __init__(self, judges: Judges, name: str, targets: dict[str, str], *more):
        super().__init__(judges, name, *more)
        self.targets = targets

    def create(self) -> None:
        super().create()
        for part in ("train", "val"):
            rows = learning_data.read(self.home / "data", part)
            learning_data.write(self.home / "data", part, [(path, self.targets[label]) for path, label in rows], "path")

    def labelled(self, options: list, scratch: pathlib.Path) -> str:
        said, answers, targets = self.taught([*options, "--label-separator", "|"], scratch)
        names = sorted({name for target in targets for name in target.split("|") if name})
        wanted = np.array([[name in target.split("|") for name in names] for target in targets])
        if (answers >= 0).all() and (answers <= 1).all():  # probabilities
            answers = np.log(np.maximum(answers, 1e-30)) - np.log(np.maximum(1 - answers, 1e-30))
        loss = np.maximum(answers, 0) - answers * wanted + np.log1p(np.exp(-np.abs(answers)))
        held = answers > 0
        found = {"loss": float(loss.mean()), "accuracy": float((held == wanted).all(1).mean()),
                 "micro_f1": float(2 * (held & wanted).sum() / (held.sum() + wanted.sum()))}
        agreed(said, found)
        if abs(said["micro_f1"] - found["micro_f1"]) > 1e-6:
            raise Failed(f"we say F1 is {said['micro_f1']:.4f}, the framework {found['micro_f1']:.4f}")
        if found["micro_f1"] < 0.8:
            raise Failed(f"F1 is only {100 * found['micro_f1']:.1f} %")
        return f"F1 {100 * found['micro_f1']:.1f} %"

    def numbered(self, options: list, scratch: pathlib.Path) -> str:
        said, answers, targets = self.taught(options, scratch)
        errors = answers[:, 0] - np.array([float(target) for target in targets])
        found = {"validation_loss": float((errors ** 2).mean()), "mean_error": float(np.abs(errors).mean())}
        for name, value in found.items():
            if abs(said[name] - value) > 1e-4 * max(1, value):
                raise Failed(f"we say the {name} is {said[name]:.6f}, the framework {value:.6f}")
        if not found["mean_error"] < 0.8:  # always the middle: 1.25
            raise Failed(f"the numbers are {found['mean_error']:.2f} off")
        return f"{found['mean_error']:.2f} off"

    def taught(self, options: list, scratch: pathlib.Path) -> tuple[dict, np.ndarray, list[str]]:
        said, answers, targets = self.answered("full", options, scratch)
        return said, answers.astype(np.float64), targets


class Written(Seeded):
    """A small model of texts with a tokenizer, in a directory or a GGUF file."""

    def __init__(self, judges: Judges, name: str):
        super().__init__(judges, judges.cache / f"learning-source-{name}")
        self.name = name
        self.model = self.home / "model"

    def create(self) -> None:
        if self.name == "bert":
            learning_data.documentation(self.home / "data", learn=30, judge=50)
        else:
            learning_data.prose(self.home / "data", characters=6000)
        self.judges.learning.small_texts(kind=self.name, folder=str(self.model))
        if self.name == "gguf":
            self.judges.menagerie.convert(self.model, self.home / "model.gguf")

    def classified(self, scratch: pathlib.Path) -> str:
        self.make()
        out = f"{scratch}/out/"
        said, _ = finetune(self.judges, self.model, self.home / "data", out, "--method", "full", "--epochs", 10, "--lr", 3e-3,
                           "--max-length", LENGTH, *STEPS)
        found = self.judges.learning.text_judged(folder=out, data=str(self.home / "data"), length=LENGTH)
        agreed(said, found)
        return f"{100 * found['accuracy']:.1f} %"

    def continued(self, scratch: pathlib.Path) -> str:
        self.make()
        quantised = self.name == "gguf"
        source = self.home / "model.gguf" if quantised else self.model
        out = scratch / "out.gguf" if quantised else f"{scratch}/out/"
        said, _ = finetune(self.judges, source, self.home / "data", out, "--method", "full", "--epochs", 2, "--lr", 2e-3,
                           "--max-length", BLOCK, *STEPS)
        asked = {"file": str(self.home / "data/val.txt"), "length": BLOCK, "words": str(self.model)}
        before = self.judges.learning.perplexity(source=str(source), **asked)
        after = self.judges.learning.perplexity(source=str(out), **asked)
        if quantised:
            self.judges.learning.same_blocks(source=str(source), file=str(out))
        if not abs(said["perplexity"] - after) <= 1e-4 * after:
            raise Failed(f"we say the perplexity is {said['perplexity']:.5f}, transformers {after:.5f}")
        if not after < before:
            raise Failed(f"the perplexity was {before:.2f}, and is {after:.2f}")
        return f"{before:.1f} to {after:.1f}"


def roads(judges: Judges) -> dict[str, list[Road]]:
    side, keras, onnx = judges.learning, judges.keras, judges.onnx
    network = functools.partial(side.small_network, state=str(DIGITS / "digits-resnet.pth"))

    def copied(file: pathlib.Path) -> None:
        shutil.copy(DIGITS / f"digits-resnet{file.suffix}", file)

    full, head = ["--epochs", 4, "--lr", 0.002], ["--epochs", 12, "--lr", 0.01]
    table = []

    def add(row, column, source, ways=(("full", full), ("head", head))):
        for method, options in ways:
            table.append(Road(f"{row}, {method}", column, functools.partial(source.learned, method, options)))

    def add_targets(column, *source):
        for row, targets, way in (("several labels", SEVERAL, Targeted.labelled), ("numbers", NUMBERS, Targeted.numbered)):
            learner = Targeted(judges, f"{column}-{row.replace(' ', '-')}", targets, *source)
            table.append(Road(f"ResNet, {row}", column, functools.partial(way, learner, ["--epochs", 6, "--lr", 0.002])))

    for column in ("pytorch", "safetensors", "onnx"):
        file = f"model{EXTENSIONS[column]}"
        answer = onnx.learned if column == "onnx" else side.learned
        add("ResNet", column, Pictured(judges, column, file, lambda f: network(file=str(f)), answer))
        add_targets(column, file, lambda f: network(file=str(f)), answer)
    add_targets("keras-h5", "model.h5", copied, keras.learned)
    for column in ("keras-h5", "keras"):
        file = f"model{EXTENSIONS[column]}"
        add("ResNet", column, Pictured(
            judges, column, file, copied if column == "keras-h5" else
            lambda f: keras.resaved(file=str(DIGITS / "digits-resnet.h5"), out=str(f)), keras.learned))
        add("a graph of its own", column, Pictured(
            judges, f"{column}-own", file, lambda f: keras.small(file=str(f)), keras.learned),
            [("full", ["--epochs", 12, "--lr", 0.01])])
    add("ViT", "huggingface", Pictured(judges, "vit", "model", lambda f: side.small_vit(folder=str(f)), side.learned_vit,
                                       24, 0.5, 0.5), [("full", ["--epochs", 12, "--lr", 0.002])])
    table += [Road("BERT, texts", "huggingface", Written(judges, "bert").classified),
              Road("Llama, prose", "huggingface", Written(judges, "llama").continued),
              Road("Llama, prose", "gguf", Written(judges, "gguf").continued)]
    return {"Learnt from, in the same format and names (accuracy, F1, mean error, perplexity)": table}
