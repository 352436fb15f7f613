"""Decoders on every road: judged by transformers, ONNX Runtime, and llama.cpp's own tables."""
import functools
import pathlib
import shutil
import threading

import numpy as np

import hub
from menagerie import Failed
from roads import EXTENSIONS, TOLERANCE, Judges, Road

SEED = 900
NAMES = ["llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gpt2", "t5", "t5-gated"]
HUB = [name for name in hub.DECODERS if name not in NAMES]
FORMATS = ["pytorch", "safetensors", "huggingface", "onnx", "npz", "gguf"]
# The tiny ones have what llama.cpp has no keys for and no published model has: another scale of the scores, a window of a
# few tokens, distances that are alike from 12 on. Each is refused by the name of the fact.
NOT_AS_GGUF = {"mistral": "sliding_window", "gemma2": "query_pre_attn_scalar", "gemma3": "query_pre_attn_scalar",
               "t5": "relative_attention_max_distance", "t5-gated": "relative_attention_max_distance"}
LENGTH = 13


class Decoder:
    def __init__(self, judges: Judges, name: str):
        self.judges, self.name = judges, name
        self.seed = SEED + (NAMES + HUB).index(name)
        self.home = judges.cache / f"decoder-{name}-{self.seed}"
        self.model, self.inputs = self.home / "model", self.home / "input.npz"
        self.lock = threading.Lock()

    def make(self) -> None:
        with self.lock:
            self.make_once()

    def make_once(self) -> None:
        if (self.home / ".complete").exists():
            return
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        self.judges.decoder.make(name=self.name, folder=str(self.home), seed=self.seed)
        (self.home / ".complete").touch()

    def distance(self, answer: pathlib.Path, only: set | None = None) -> str:
        """How far the logits are from the source's, as a part of the largest; too far is a failure."""
        with np.load(answer) as found, np.load(self.home / "golden.npz") as golden:
            ours, theirs = found["logits"], golden["logits"]
            if ours.shape != theirs.shape:
                raise Failed(f"logits have shape {ours.shape}, the source's {theirs.shape}")
            if golden["mask"].shape == theirs.shape[:2]:  # what stands at padded places is nobody's business
                seen = golden["mask"].astype(bool)
                ours, theirs = ours[seen], theirs[seen]
        off = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
        if not off <= TOLERANCE:
            raise Failed(f"logits are off by {off:.1e} of the largest")
        return f"{off:.0e}"

    def run(self, scratch: pathlib.Path) -> str:
        self.make()
        out = scratch / "answer.npz"
        done = self.judges.menagerie.run("run", self.model, "--inputs", self.inputs, "--outputs", out)
        if done.returncode:
            raise Failed(f"run ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        return self.distance(out)

    def road(self, format: str, scratch: pathlib.Path) -> str:
        """There, judged by the library of the format."""
        self.make()
        out, answer = scratch / f"out{EXTENSIONS.get(format, '.' + format)}", scratch / "answer.npz"
        self.judges.menagerie.convert(self.model, f"{out}/" if format == "huggingface" else out, "--to", format)
        asked = {"name": self.name, "inputs": str(self.inputs), "out": str(answer)}
        if format == "huggingface":
            self.judges.decoder.pretrained(folder=str(out), **asked)
        elif format == "onnx":
            asked.pop("name")
            for pieces in ([LENGTH], [5, 1, LENGTH - 6]):
                self.judges.decoder.onnx_logits(file=str(out), pieces=pieces, **asked)
                note = self.distance(answer)
            return note
        elif format == "gguf":
            self.judges.decoder.gguf(file=str(out), config=str(self.model), **asked)
        elif format == "npz":
            return self.back(format, scratch)
        else:
            self.judges.decoder.state(file=str(out), format=format, config=str(self.model), **asked)
        return self.distance(answer)

    def refused(self, scratch: pathlib.Path) -> str:
        """Before anything is written, by the name of the fact that the format has no place for."""
        self.make()
        reason = self.judges.menagerie.refusal(self.model, scratch / "out.gguf")
        if NOT_AS_GGUF[self.name] not in reason:
            raise Failed(f"the reason does not name {NOT_AS_GGUF[self.name]}: {reason}")
        return "refused"

    def back(self, format: str, scratch: pathlib.Path) -> str:
        """Through a format and back to a directory: the library finds every weight again."""
        self.make()
        middle, back = scratch / f"middle{EXTENSIONS.get(format, '.' + format)}", scratch / "back"
        self.judges.menagerie.convert(self.model, middle, "--to", format)
        self.judges.menagerie.convert(middle, f"{back}/", "--to", "huggingface")
        answer = scratch / "answer.npz"
        self.judges.decoder.pretrained(
            name=self.name, folder=str(back), inputs=str(self.inputs), out=str(answer))
        return self.distance(answer)


def roads(judges: Judges) -> dict[str, list[Road]]:
    there, back = [], []
    for name in NAMES:
        decoder = Decoder(judges, name)
        there.append(Road(name, "run", decoder.run))
        there += [Road(name, format, functools.partial(decoder.road, format)) for format in FORMATS
                  if format != "gguf" or name not in NOT_AS_GGUF]
        if name in NOT_AS_GGUF:
            there.append(Road(name, "gguf", decoder.refused))
        back += [Road(f"{name} and back", format, functools.partial(decoder.back, format))
                 for format in ("pytorch", "safetensors", "onnx", "gguf")
                 if format != "gguf" or name not in NOT_AS_GGUF]
    return {"Decoders (distance of the logits)": there,
            "Decoders of KerasHub": hub.roads(judges, Decoder, hub.DECODERS, judges.decoder),
            "Decoders, back by from_pretrained": back}
