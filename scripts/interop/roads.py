"""The roads: which network goes to which format, and who judges the file that arrives."""
import hashlib
import pathlib
import shutil
from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from distances import distance, within
from framework import Framework
from menagerie import Failed, Menagerie, last_line

EXTENSIONS = {"pytorch": ".pth", "safetensors": ".safetensors", "npz": ".npz", "keras-h5": ".h5",
              "keras": ".keras", "onnx": ".onnx", "huggingface": "/"}
WEIGHTS = ("pytorch", "safetensors", "npz")
FORMATS = tuple(f for f in EXTENSIONS if f != "huggingface")
TOLERANCE = 1e-4  # of the largest logit


@dataclass(frozen=True)
class Source:
    """A seeded network, made by its framework once and kept in the cache."""
    id: str
    architecture: str
    seed: int
    file: str
    legacy: bool = False

    @property
    def library(self) -> str:
        return self.architecture.split(":")[0]

    @property
    def keras(self) -> bool:
        return self.library in ("keras", "kerashub")

    @property
    def softmax(self) -> bool:
        return self.architecture.endswith(":softmax")


@dataclass
class Road:
    """One judgement: its place in the table, and what is done. `judge` returns a short note."""
    row: str
    column: str
    judge: Callable[[pathlib.Path], str]
    note: str = field(default="", init=False)
    failure: str = field(default="", init=False)

    @property
    def id(self) -> str:
        return f"{self.row} -> {self.column}"


SOURCES = [
    Source("tv-resnet18", "torchvision:resnet18", 101, "model.pth"),
    Source("tv-resnet50", "torchvision:resnet50", 102, "model.pth"),
    Source("tv-resnext50", "torchvision:resnext50_32x4d", 103, "model.pth", legacy=True),
    Source("tv-mobilenetv2", "torchvision:mobilenet_v2", 104, "model.pth"),
    Source("timm-mobilenetv2", "timm:mobilenetv2_100", 105, "model.pth"),
    Source("hf-resnet50", "huggingface:resnet50", 106, "model"),
    Source("keras-resnet50", "keras:ResNet50", 107, "model.h5"),
    Source("keras-resnet50v2", "keras:ResNet50V2", 108, "model.keras"),
    Source("keras-mobilenetv2", "keras:MobileNetV2:softmax", 109, "model.h5"),
    Source("hub-resnet18", "kerashub:18", 110, "model.h5"),
]
# What the other library calls the same network.
TWINS = {("tv-resnet50", "timm"): "timm:resnet50", ("tv-resnext50", "timm"): "timm:resnext50_32x4d",
         ("tv-mobilenetv2", "timm"): "timm:mobilenetv2_100",
         ("timm-mobilenetv2", "torchvision"): "torchvision:mobilenet_v2",
         ("hf-resnet50", "torchvision"): "torchvision:resnet50",
         ("hub-resnet18", "torchvision"): "torchvision:resnet18",
         ("tv-resnet18", "kerashub"): "kerashub:18", ("tv-resnet50", "kerashub"): "kerashub:50"}
# The same name, another network: to be refused with the reason.
IMPOSSIBLE = [("keras-resnet50", "torchvision", "out.pth"), ("keras-resnet50v2", "torchvision", "out.pth"),
              ("keras-mobilenetv2", "torchvision", "out.safetensors"), ("tv-resnet50", "keras", "out.h5"),
              ("tv-mobilenetv2", "keras", "out.keras"), ("tv-resnext50", "huggingface", "out.safetensors")]


class Judges:
    """The executable, the frameworks, and what they are asked together."""

    def __init__(self, menagerie: Menagerie, cache: pathlib.Path, logs: pathlib.Path):
        self.menagerie, self.cache = menagerie, cache
        self.torch = Framework("torch_side", logs)
        self.keras = Framework("keras_side", logs)
        self.onnx = Framework("onnx_side", logs)
        self.text = Framework("text_side", logs)
        self.decoder = Framework("decoder_side", logs)
        self.vision = Framework("vision_side", logs)
        self.sight = Framework("sight_side", logs)
        self.llama = Framework("llama_models", logs)
        self.training = Framework("training_side", logs)
        self.adapters = Framework("adapters_side", logs)
        self.learning = Framework("learning_side", logs)
        self.optimizers = Framework("optimizers_side", logs)
        self.keras_optimizers = Framework("keras_optimizers_side", logs)

    def close(self) -> None:
        for framework in (self.torch, self.keras, self.onnx, self.text, self.decoder, self.vision, self.sight,
                          self.llama, self.training, self.adapters, self.optimizers, self.keras_optimizers,
                          self.learning):
            framework.close()

    def folder(self, source: Source) -> pathlib.Path:
        return self.cache / f"{source.id}-{source.seed}"

    def file(self, source: Source) -> pathlib.Path:
        return self.folder(source) / source.file

    def make(self, source: Source) -> None:
        home = self.folder(source)
        if (home / ".complete").exists():
            return
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        facts = {"name": source.architecture, "folder": str(home), "seed": source.seed}
        if source.keras:
            self.keras.make(file=source.file, **facts)
        else:
            self.torch.make(legacy=source.legacy, **facts)
        (home / ".complete").touch()

    def distance(self, source: Source, answer: pathlib.Path) -> str:
        """How far the answer is from the source's logits, as a part of the largest; too far is a failure."""
        ours, theirs = np.load(answer), np.load(self.folder(source) / "logits.npy")
        if ours.shape != theirs.shape:
            raise Failed(f"logits have shape {ours.shape}, the source's {theirs.shape}")
        if source.softmax:  # a saturated softmax hides errors
            if not np.allclose(ours.sum(-1), 1, atol=1e-3):
                raise Failed("the softmax of the source is gone")
            ours, theirs = (np.log(np.maximum(a, 1e-20)) for a in (ours, theirs))
        return within(distance(ours, theirs), TOLERANCE, "logits are")

    def images(self, source: Source, scratch: pathlib.Path, format: str) -> pathlib.Path:
        """The source's pictures in the layout that the converted file takes."""
        path = self.folder(source) / "input.npy"
        if source.keras or format not in ("keras", "keras-h5"):
            return path
        turned = scratch / "input-nhwc.npy"
        np.save(turned, np.ascontiguousarray(np.load(path).transpose(0, 2, 3, 1)))
        return turned

    # -------- the judgements

    def road(self, source: Source, format: str, dialect: str | None, scratch: pathlib.Path) -> str:
        """Converts, lets the framework of the target open the file, and compares the logits."""
        out, answer = scratch / f"out{EXTENSIONS[format]}", scratch / "answer.npy"
        options = ["--to", format, *(["--dialect", dialect] if dialect else [])]
        target = f"{out}/" if format == "huggingface" else out
        self.menagerie.convert(self.file(source), target, *options)
        asked = {"file": str(out), "images": str(self.images(source, scratch, format)), "out": str(answer)}
        twin = TWINS.get((source.id, dialect), source.architecture)
        if format == "onnx":
            self.onnx.checked_logits(**asked)
        elif format in ("keras", "keras-h5"):
            if twin.startswith("kerashub") and dialect:
                self.keras.named_logits(name=twin, **asked)
            else:
                self.keras.loaded_logits(**asked)
        elif format == "huggingface" or dialect == "huggingface":
            config = self.file(source) / "config.json"
            self.torch.pretrained_logits(format=format, config=str(config),
                                         scratch=str(scratch / "pretrained"), **asked)
        elif twin.startswith("keras"):
            return self.there_and_back(source, out, format, asked, answer, scratch)
        elif source.keras:  # from Keras to PyTorch's layout
            turned = scratch / "input-nchw.npy"
            np.save(turned, np.ascontiguousarray(np.load(asked["images"]).transpose(0, 3, 1, 2)))
            self.torch.strict_logits(name=twin, format=format, **(asked | {"images": str(turned)}))
        else:
            self.torch.strict_logits(name=twin, format=format, **asked)
        return self.distance(source, answer)

    def there_and_back(self, source, out, format, asked, answer, scratch) -> str:
        """A Keras network in a file for weights: all of them are there, and it comes back as Keras."""
        rows = self.torch.tensors(file=str(out), format=format)
        found = sum(int(np.prod(row[2])) for row in rows if not row[0].endswith("num_batches_tracked"))
        expected = self.keras.count(file=str(self.file(source)))
        if found != expected:
            raise Failed(f"{found} numbers in {len(rows)} tensors; the source has {expected}")
        back = scratch / "back.h5"
        self.menagerie.convert(out, back)
        self.keras.loaded_logits(**(asked | {"file": str(back)}))
        return self.distance(source, answer)

    def refused(self, source: Source, dialect: str, name: str, scratch: pathlib.Path) -> str:
        return self.menagerie.refusal(self.file(source), scratch / name, "--dialect", dialect)

    def round_trip(self, source: Source, format: str, scratch: pathlib.Path) -> str:
        """pytorch to the format and back: every name, type, shape and byte."""
        middle, back = scratch / f"middle{EXTENSIONS[format]}", scratch / "back.pth"
        self.menagerie.convert(self.file(source), middle, "--no-verify")
        self.menagerie.convert(middle, back, "--no-verify")
        before = self.torch.tensors(file=str(self.file(source)), format="pytorch")
        after = self.torch.tensors(file=str(back), format="pytorch")
        counters = format in ("onnx", "keras", "keras-h5")  # these have no place for BatchNorm's step counter
        return compared(before, after, "num_batches_tracked" if counters else None)

    def tied(self, format: str, scratch: pathlib.Path) -> str:
        """Every type, views and ties through a format for weights and back."""
        start, middle, back = scratch / "start.pth", scratch / f"middle{EXTENSIONS[format]}", scratch / "back.pth"
        self.torch.make_tied(file=str(start), plain=format == "npz")
        self.menagerie.convert(start, middle, "--weights-only")
        self.menagerie.convert(middle, back, "--weights-only")
        before = self.torch.tensors(file=str(start), format="pytorch")
        compared(before, self.torch.tensors(file=str(middle), format=format))
        after = self.torch.tensors(file=str(back), format="pytorch")
        storages = {row[0]: row[4] for row in after}
        if format == "pytorch" and storages["first"] != storages["second"]:
            raise Failed("two names of one tensor came back as two tensors")
        return compared(before, after)

    def same_bytes(self, source: Source, format: str, scratch: pathlib.Path) -> str:
        digests = set()
        for attempt in ("one", "two"):
            out = scratch / attempt / f"out{EXTENSIONS[format]}"
            out.parent.mkdir()
            self.menagerie.convert(self.file(source), out, "--no-verify")
            digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
        if len(digests) > 1:
            raise Failed("two conversions of one file differ")
        return digests.pop()[:8]

    def told_apart(self, source: Source, command: str, change: bool, scratch: pathlib.Path) -> str:
        """verify and diff: status 0 for a converted copy, 1 for one whose first tensor was changed."""
        start, other = self.file(source), scratch / "other.safetensors"
        if change:
            first = self.torch.tensors(file=str(start), format="pytorch")[0][0]
            self.torch.changed(file=str(start), out=str(scratch / "changed.pth"), name=first)
        self.menagerie.convert(scratch / "changed.pth" if change else start, other, "--no-verify")
        done = self.menagerie.run(command, start, other)
        if done.returncode != int(change):
            raise Failed(f"{command} ended with {done.returncode}, not {int(change)}: {last_line(done.stderr)}")
        return "differ" if change else "equal"


def compared(before: list, after: list, free: str | None = None) -> str:
    """Names, types, shapes and bytes of two lists of tensors; of the `free` ones the bytes may differ."""
    left, right = {row[0]: row[1:4] for row in before}, {row[0]: row[1:4] for row in after}
    if left.keys() != right.keys():
        lost, invented = sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())
        raise Failed(f"names lost {lost[:3]}, invented {invented[:3]}")
    for name, facts in left.items():
        length = 2 if free and name.endswith(free) else 3
        if facts[:length] != right[name][:length]:
            raise Failed(f"{name}: {facts[:2]} came back as {right[name][:2]}, or with other bytes")
    return f"{len(left)} tensors"
