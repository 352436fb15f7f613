"""Vision transformers and CLIP on every road: judged by transformers, timm, torchvision and ONNX Runtime."""
import functools
import pathlib

import numpy as np

from distances import distance, within
from menagerie import Failed
from roads import EXTENSIONS, TOLERANCE, WEIGHTS, Judges, Road
from seeded import Seeded

SEED = 1100
LIBRARIES = {
    "vit": ("huggingface", "timm", "torchvision", "google"), "vit-bare": ("huggingface", "timm"),
    "vit-pooled": ("huggingface",), "deit": ("huggingface",), "deit-distilled": ("huggingface", "timm"),
    "dinov2": ("huggingface", "timm", "meta"), "dinov2-gated": ("huggingface", "timm", "meta"),
    "dinov2-classes": ("huggingface",), "dinov2-registers": ("huggingface", "timm", "meta"),
    "dinov2-registers-classes": ("huggingface",),
    "clip": ("huggingface", "openai"), "clip-tower": ("timm",), "clip-tower-quickgelu": ("timm",)}
PREFIXES = {"huggingface": "hf", "timm": "timm", "torchvision": "tv", "openai": "openai", "meta": "meta",
            "google": "google"}
# What the other library has no place for: a head of one token beside the mean, or of one of two tokens; a pooler.
REFUSED = [("vit-pooled", "timm"), ("deit", "timm"), ("dinov2-classes", "timm"), ("dinov2", "torchvision"),
           ("vit-bare", "torchvision")]


class Source(Seeded):
    def __init__(self, judges: Judges, name: str, library: str):
        self.name, self.library = name, library
        self.id = f"{PREFIXES[library]}-{name}"
        self.seed = SEED + list(LIBRARIES).index(name)
        super().__init__(judges, judges.cache / f"vision-{self.id}-{self.seed}")
        self.model = self.home / {"huggingface": "model", "timm": "model", "google": "model.npz",
                                  "openai": "model.pt"}.get(library, "model.pth")

    def create(self) -> None:
        self.judges.vision.make(name=self.name, library=self.library, folder=str(self.home), seed=self.seed)

    def inputs(self, scratch: pathlib.Path, rows: int | None = None, turned: bool = False) -> pathlib.Path:
        """What goes in, for so many pictures and texts, perhaps with the channels last; an only array has any name."""
        path = scratch / f"given-{turned}.npz"
        with np.load(self.home / "input.npz") as given:
            arrays = {name: given[name][:rows] for name in given.files}
        if turned:
            arrays["pixel_values"] = np.ascontiguousarray(arrays["pixel_values"].transpose(0, 2, 3, 1))
        np.savez(path, **arrays)
        return path

    def distance(self, answer: pathlib.Path, rows: int | None = None) -> str:
        """How far the outputs are from the source's, as a part of the largest; too far is a failure."""
        worst = 0.0
        with np.load(answer) as ours, np.load(self.home / "golden.npz") as theirs:
            if not set(theirs.files) & set(ours.files):
                raise Failed(f"the outputs are {ours.files}, not {theirs.files}")
            for name in set(theirs.files) & set(ours.files):
                wanted = theirs[name][:rows]
                wanted = wanted[:, :rows] if name.startswith("logits_per") else wanted
                if ours[name].shape != wanted.shape:
                    raise Failed(f"{name} has shape {ours[name].shape}, the source's {wanted.shape}")
                worst = max(worst, distance(ours[name], wanted))
        return within(worst, TOLERANCE)

    def run(self, scratch: pathlib.Path) -> str:
        self.make()
        out = scratch / "answer.npz"
        given = self.inputs(scratch, turned=self.library == "google")
        done = self.judges.menagerie.run("run", self.model, "--inputs", given, "--outputs", out)
        if done.returncode:
            raise Failed(f"run ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        return self.distance(out)

    def road(self, format: str, dialect: str | None, scratch: pathlib.Path) -> str:
        """There, judged by the library whose names it has."""
        self.make()
        out, answer = scratch / f"out{EXTENSIONS[format]}", scratch / "answer.npz"
        options = ["--to", format, *(["--dialect", dialect] if dialect else [])]
        self.judges.menagerie.convert(self.model, f"{out}/" if format == "huggingface" else out, *options)
        library = dialect or ("huggingface" if format == "huggingface" else self.library)
        if format == "onnx":
            for rows in (1, 2, None):
                given = self.inputs(scratch, rows, turned=library == "google")
                self.judges.onnx.pictured(file=str(out), inputs=str(given), out=str(answer))
                note = self.distance(answer, rows)
            return note
        asked = {"name": self.name, "inputs": str(self.inputs(scratch)), "out": str(answer)}
        if format == "huggingface":
            self.judges.vision.pretrained(folder=str(out), **asked)
        else:
            self.judges.vision.state(library=library, file=str(out), format=format, **asked)
        note = self.distance(answer)
        if library == "openai" and format == "pytorch":
            asked.pop("name")
            self.judges.vision.visual(file=str(out), **asked)
            self.distance(answer)
        return note

    def back(self, dialect: str | None, format: str, scratch: pathlib.Path) -> str:
        """There in the words of another library, and back: every name, type, shape and byte."""
        self.make()
        middle = scratch / f"middle{EXTENSIONS[format]}"
        weights = self.model if self.model.suffix else self.model / "model.safetensors"
        back = scratch / f"back{'.pth' if weights.suffix == '.pt' else weights.suffix}"
        there = ["--dialect", dialect] if dialect else []
        self.judges.menagerie.convert(self.model, middle, "--to", format, *there)
        again = ["--dialect", self.library] if dialect else []
        self.judges.menagerie.convert(middle, back, *again)
        return f"{self.judges.vision.same_tensors(left=str(weights), right=str(back))} tensors"

    def refused(self, dialect: str, scratch: pathlib.Path) -> str:
        self.make()
        return self.judges.menagerie.refusal(self.model, scratch / "out.safetensors", "--dialect", dialect)


def roads(judges: Judges) -> dict[str, list[Road]]:
    there, others, back, refused = [], [], [], []
    sources = {}
    for name, libraries in LIBRARIES.items():
        for library in libraries:
            source = sources[(name, library)] = Source(judges, name, library)
            there.append(Road(source.id, "run", source.run))
            # What is written as a directory is for transformers, whose names the weights get
            formats = ("npz",) if library == "google" else (*WEIGHTS, "onnx")
            formats += ("huggingface",) if library != "google" and not name.startswith("clip-tower") else ()
            there += [Road(source.id, format, functools.partial(source.road, format, None)) for format in formats]
            back += [Road(f"{source.id} and back", format, functools.partial(source.back, None, format))
                     for format in (("pytorch", "onnx") if library == "google" else (*WEIGHTS, "onnx"))]
            for dialect in libraries:
                if dialect == library:
                    continue
                formats = ("npz", "onnx") if dialect == "google" else (*WEIGHTS, "onnx")
                others += [Road(f"{source.id} as {dialect}", format, functools.partial(source.road, format, dialect))
                           for format in formats]
                # What one library adds the other drops: only where both have the same tensors
                if not name.startswith("dinov2") or "timm" not in (library, dialect):
                    back.append(Road(f"{source.id} as {dialect} and back", "safetensors",
                                     functools.partial(source.back, dialect, "safetensors")))
    for name, dialect in REFUSED:
        source = sources[(name, "huggingface")]
        refused.append(Road(f"{source.id} as {dialect}", "refused", functools.partial(source.refused, dialect)))
    return {"Vision transformers (distance of the outputs)": there,
            "Vision transformers in others' words": others,
            "Vision transformers and back, bit for bit": back, "Vision transformers without a place": refused}
