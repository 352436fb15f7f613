"""GGUF files judged by llama.cpp itself: it opens them, cuts texts as the library's tokenizer does, and answers the same.

llama.cpp takes every GELU from a table of half precision, made by the formula with tanh. A hook (llama_gelu.py) proves
that of each, and replaces it by the model's own: with that the answers are judged as exactly as all others, and as
llama.cpp gives them by the table's measure.
"""
import hashlib
import json
import os
import pathlib
import subprocess

import numpy as np

from distances import distance
from menagerie import Failed
from roads import TOLERANCE, Judges, Road
from seeded import Seeded

HERE = pathlib.Path(__file__).resolve().parent
SEED = 1200
# What llama.cpp is asked of each is said where they are made, in llama_models.py, which wants the frameworks.
KINDS = {"tokens": ["llama", "llama3", "llama-yarn", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gpt2"],
         "seq2seq": ["t5", "t5-gated"], "vectors": ["bert", "roberta", "xlm-roberta", "distilbert", "modernbert"],
         "classes": ["bert-text", "roberta-text", "modernbert-text"]}
# Of the same kinds, but later: a seed is a place in the lists.
LATER = {"vectors": ["t5-encoder", "t5-encoder-gated", "nomic"]}
# Which GELU a model means; the others have none.
GELU = {"erf": {"bert", "bert-text", "roberta", "roberta-text", "xlm-roberta", "distilbert", "modernbert",
                "modernbert-text"},
        "tanh": {"gemma", "gemma2", "gemma3", "gpt2", "t5-gated", "t5-encoder-gated"}}
BY_TABLE = 1e-2
CLASSES = 3
WRITTEN = [5, 9, 11, 4]
# Their tokenizers here are toys of a kind that llama.cpp takes for another's.
OTHER_IDS = {"llama3", "qwen2", "qwen3"}


def python(asked: bool) -> str | None:
    """llama.cpp's Python, if it is there; made first where somebody asks for it."""
    script = HERE.parent / "llama.sh"
    if not script.exists():
        return None
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    cache = pathlib.Path(os.environ.get("MENAGERIE_CACHE") or base / "menagerie")
    digest = hashlib.sha256((HERE.parent / "requirements-llama.txt").read_bytes()).hexdigest()[:12]
    if not asked and not (cache / f"llama-{digest}" / ".complete").exists():
        return None
    return subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Llama(Seeded):
    def __init__(self, judges: Judges, python: str, name: str, kind: str):
        self.python, self.name, self.kind = python, name, kind
        self.gelu = next((gelu for gelu, names in GELU.items() if name in names), None)
        self.seed = SEED + [n for lists in (KINDS, LATER) for names in lists.values() for n in names].index(name)
        super().__init__(judges, judges.cache / f"llama-{name}-{self.seed}")

    def create(self) -> None:
        self.judges.llama.make(name=self.name, folder=str(self.home), seed=self.seed)

    def ask(self, file: pathlib.Path, out: pathlib.Path) -> dict:
        ids = json.loads((self.home / "ids.json").read_text())
        texts = ["hello world, this is one text", "größe 123 and more 重み!", "a b c d e f g"]
        question = {"file": str(file), "texts": texts, "ids": ids, "kind": self.kind, "out": str(out),
                    "classes": CLASSES, "written": WRITTEN, "gelu": self.gelu}
        done = subprocess.run([self.python, HERE / "llama_side.py"], input=json.dumps(question), text=True,
                              capture_output=True, timeout=300)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
            raise Failed(" / ".join(lines)[:300] or f"llama.cpp ended with {done.returncode}")
        with np.load(out) as answers:
            found = dict(answers)
        for index, one in enumerate(ids):
            if self.name not in OTHER_IDS and found[f"ids{index}"].tolist() != one:
                raise Failed(f"llama.cpp cuts {texts[index]!r} into {found[f'ids{index}'].tolist()}, not {one}")
        return found

    def road(self, scratch: pathlib.Path) -> str:
        self.make()
        out = scratch / "out.gguf"
        self.judges.menagerie.convert(self.home / "model", out)
        found = self.ask(out, scratch / "answer.npz")
        exact = self.distance(found, "answer")
        if not exact <= TOLERANCE:
            raise Failed(f"off by {exact:.1e} of the largest" + (", GELU apart" if self.gelu else ""))
        if not self.gelu:
            return f"{exact:.0e}"
        by_table = self.distance(found, "table")
        if not by_table <= BY_TABLE:
            raise Failed(f"off by {by_table:.1e} of the largest, {exact:.1e} with the model's GELU")
        return f"{exact:.0e}, {by_table:.0e} by its table"

    def distance(self, found: dict, answers: str) -> float:
        """How far the answers are from transformers' own, as a part of the largest."""
        worst = 0.0
        with np.load(self.home / "golden.npz") as golden:
            for name in golden.files:
                ours, theirs = found[name.replace("answer", answers)].reshape(-1), golden[name].reshape(-1)
                if ours.shape != theirs.shape:
                    raise Failed(f"{ours.size} numbers, not {theirs.size}")
                worst = max(worst, distance(ours, theirs))
        return worst


def roads(judges: Judges, asked: bool) -> dict[str, list[Road]]:
    path = python(asked)
    if path is None:
        print("llama.cpp is not asked: its environment is not there (--llama makes it)", flush=True)
        return {}
    return {"By llama.cpp (distance of the answers)": [
        Road(f"{name} by llama.cpp", "gguf", Llama(judges, path, name, kind).road)
        for lists in (KINDS, LATER) for kind, names in lists.items() for name in names]}
