"""Photographs: the classes, vectors and texts that `menagerie run` finds are those of transformers and timm."""
import functools
import json
import pathlib

import numpy as np

from distances import distance
from menagerie import Failed, last_line
from roads import Judges, Road
from seeded import Seeded
from sight_names import PHOTOGRAPHS, TEXTS

SEED = 1200
NAMES = ["vit", "timm-vit", "dinov2", "clip"]
TOLERANCE = 1e-5


class Sight(Seeded):
    def __init__(self, judges: Judges, name: str):
        self.name, self.seed = name, SEED + NAMES.index(name)
        super().__init__(judges, judges.cache / f"sight-{name}-{self.seed}")
        self.photographs = [self.home / photograph for photograph in PHOTOGRAPHS]

    def create(self) -> None:
        self.judges.sight.make(name=self.name, folder=str(self.home), seed=self.seed)

    def results(self, model: pathlib.Path, *options) -> list:
        done = self.judges.menagerie.run("run", model, *self.photographs, *options, "--json")
        if done.returncode:
            raise Failed(f"run ended with {done.returncode}: {last_line(done.stderr)}")
        return json.loads(done.stdout)["results"]

    def golden(self, name: str) -> np.ndarray:
        with np.load(self.home / "golden.npz") as golden:
            return golden[name]

    def classes(self, labels: list, model: pathlib.Path, *options) -> str:
        """The five likeliest of each photograph, in order, and their scores."""
        found, worst = self.results(model, *options), 0.0
        for result, scores in zip(found, self.golden("scores"), strict=True):
            order = np.argsort(-scores, kind="stable")[:5]
            said = [(c["index"], c["label"]) for c in result["classes"]]
            if said != [(int(i), labels[i]) for i in order]:
                raise Failed(f"{result['file']}: {said[:2]}…, not {[labels[i] for i in order[:2]]}…")
            worst = max(worst, *(abs(c["score"] - scores[c["index"]]) for c in result["classes"]))
        return self.near(worst)

    def vectors(self, found: np.ndarray, name: str) -> float:
        golden = self.golden(name)
        if found.shape != golden.shape:
            raise Failed(f"{name} has shape {found.shape}, not {golden.shape}")
        return distance(found, golden)

    @staticmethod
    def near(worst: float) -> str:
        if not worst <= TOLERANCE:
            raise Failed(f"off by {worst:.1e}")
        return f"{worst:.0e}"

    def road(self, format: str | None, scratch: pathlib.Path) -> str:
        self.make()
        model = self.home / "model"
        if format:
            out = scratch / ("out" if format == "huggingface" else f"out.{format}")
            self.judges.menagerie.convert(model, f"{out}/" if format == "huggingface" else out)
            model = out
        if self.name.endswith("vit"):
            return self.classes([f"label {i}" for i in range(10)], model)
        if self.name == "clip":
            return self.clip(model, scratch)
        arrays = scratch / "vectors.npz"
        found = np.array([r["embedding"] for r in self.results(model)])
        self.results(model, "--outputs", arrays)
        with np.load(arrays) as written:
            return self.near(max(self.vectors(found, "embeddings"), self.vectors(written["embeddings"], "embeddings")))

    def clip(self, model: pathlib.Path, scratch: pathlib.Path) -> str:
        arrays = scratch / "vectors.npz"
        self.classes(TEXTS, model, "--labels", *TEXTS)
        found = self.results(model, "--task", "embed", "--labels", *TEXTS)
        self.results(model, "--task", "embed", "--labels", *TEXTS, "--outputs", arrays)
        parts = {"image_embeds": [r["embedding"] for r in found if "file" in r],
                 "text_embeds": [r["embedding"] for r in found if "text" in r]}
        with np.load(arrays) as written:
            return self.near(max(max(self.vectors(np.array(parts[name]), name), self.vectors(written[name], name))
                                 for name in parts))


def roads(judges: Judges) -> dict[str, list[Road]]:
    table = []
    for name in NAMES:
        sight = Sight(judges, name)
        for format in (None, "safetensors", "onnx", "huggingface"):
            if name == "clip" and format in ("safetensors", "onnx"):  # these carry no tokenizer
                continue
            if name == "timm-vit" and format == "huggingface":  # transformers rounds margins down, timm to even
                continue
            table.append(Road(f"{name}, photographs", format or "run", functools.partial(sight.road, format)))
    return {"Photographs (distance of scores and vectors)": table}
