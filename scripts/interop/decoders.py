"""Decoders on every road: judged by transformers, ONNX Runtime, and llama.cpp's own tables."""
import functools
import pathlib

import numpy as np

import hub
from distances import distance, within
from menagerie import Failed
from roads import TOLERANCE, Judges, Road
from seeded import SeededText

SEED = 900
NAMES = ["llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gpt2", "t5", "t5-gated"]
HUB = [name for name in hub.DECODERS if name not in NAMES]
FORMATS = ["pytorch", "safetensors", "huggingface", "onnx", "npz", "gguf"]
# The tiny ones have what llama.cpp has no keys for and no published model has: another scale of the scores, a window of a
# few tokens, distances that are alike from 12 on. Each is refused by the name of the fact.
NOT_AS_GGUF = {"mistral": "sliding_window", "gemma2": "query_pre_attn_scalar", "gemma3": "query_pre_attn_scalar",
               "t5": "relative_attention_max_distance", "t5-gated": "relative_attention_max_distance"}
# Those whose authors have a program of their own; the tiny Llama 3 has another scaling than the published ones.
METAS, NOT_METAS = ["llama", "mistral"], {"llama3": "scales long contexts", "qwen2": "meta has no Qwen2"}
# Tokens of the text that grows: all that a decoder reads, and what a T5 writes.
LENGTH, WRITTEN = 13, 9


class Decoder(SeededText):
    def __init__(self, judges: Judges, name: str):
        seed = SEED + (NAMES + HUB).index(name)
        super().__init__(judges, judges.decoder, name, seed, judges.cache / f"decoder-{name}-{seed}")

    def distance(self, answer: pathlib.Path, only: set | None = None) -> str:
        """How far the logits are from the source's, as a part of the largest; too far is a failure."""
        with np.load(answer) as found, np.load(self.home / "golden.npz") as golden:
            ours, theirs = found["logits"], golden["logits"]
            if ours.shape != theirs.shape:
                raise Failed(f"logits have shape {ours.shape}, the source's {theirs.shape}")
            if golden["mask"].shape == theirs.shape[:2]:  # what stands at padded places is nobody's business
                seen = golden["mask"].astype(bool)
                ours, theirs = ours[seen], theirs[seen]
        return within(distance(ours, theirs), TOLERANCE, "logits are")

    def road(self, format: str, scratch: pathlib.Path) -> str:
        """There, judged by the library of the format."""
        self.make()
        if format == "npz":
            return self.back(format, scratch)
        out, answer = self.converted(format, scratch), scratch / "answer.npz"
        asked = {"name": self.name, "inputs": str(self.inputs), "out": str(answer)}
        if format == "huggingface":
            self.judges.decoder.pretrained(folder=str(out), **asked)
        elif format == "onnx":
            asked.pop("name")
            length = WRITTEN if self.name.startswith("t5") else LENGTH
            for pieces in ([length], [5, 1, length - 6]):
                self.judges.decoder.onnx_logits(file=str(out), pieces=pieces, **asked)
                note = self.distance(answer)
            return note
        elif format == "gguf":
            self.judges.decoder.gguf(file=str(out), config=str(self.model), **asked)
        else:
            self.judges.decoder.state(file=str(out), format=format, config=str(self.model), **asked)
        return self.distance(answer)

    def meta(self, scratch: pathlib.Path) -> str:
        """To a directory for the authors' program, and back for transformers."""
        self.make()
        out, back, answer = scratch / "meta", scratch / "back", scratch / "answer.npz"
        self.judges.menagerie.convert(self.model, f"{out}/", "--dialect", "meta")
        self.judges.decoder.meta(folder=str(out), inputs=str(self.inputs), out=str(answer))
        note = self.distance(answer)
        self.judges.menagerie.convert(out, f"{back}/")
        self.judges.decoder.pretrained(name=self.name, folder=str(back), inputs=str(self.inputs), out=str(answer))
        self.distance(answer)
        return note

    def not_meta(self, scratch: pathlib.Path) -> str:
        self.make()
        reason = self.judges.menagerie.refusal(self.model, scratch / "meta", "--to", "huggingface",
                                               "--dialect", "meta")
        if NOT_METAS[self.name] not in reason:
            raise Failed(f"the reason does not say '{NOT_METAS[self.name]}': {reason}")
        return "refused"

    def refused(self, scratch: pathlib.Path) -> str:
        """Before anything is written, by the name of the fact that the format has no place for."""
        self.make()
        reason = self.judges.menagerie.refusal(self.model, scratch / "out.gguf")
        if NOT_AS_GGUF[self.name] not in reason:
            raise Failed(f"the reason does not name {NOT_AS_GGUF[self.name]}: {reason}")
        return "refused"


def roads(judges: Judges) -> dict[str, list[Road]]:
    there, back = [], []
    for name in NAMES:
        decoder = Decoder(judges, name)
        there.append(Road(name, "run", decoder.run))
        there += [Road(name, format, functools.partial(decoder.road, format)) for format in FORMATS
                  if format != "gguf" or name not in NOT_AS_GGUF]
        if name in NOT_AS_GGUF:
            there.append(Road(name, "gguf", decoder.refused))
        if name in METAS or name in NOT_METAS:
            there.append(Road(name, "meta", decoder.meta if name in METAS else decoder.not_meta))
        back += [Road(f"{name} and back", format, functools.partial(decoder.back, format))
                 for format in ("pytorch", "safetensors", "onnx", "gguf")
                 if format != "gguf" or name not in NOT_AS_GGUF]
    return {"Decoders (distance of the logits)": there,
            "Decoders of KerasHub": hub.roads(judges, Decoder, hub.DECODERS, judges.decoder),
            "Decoders, back by from_pretrained": back}
