"""Text encoders, and heads on decoders, on every road: judged by transformers, ONNX Runtime, KerasHub, and llama.cpp's own tables."""
import functools
import pathlib

import numpy as np

import hub
from distances import distance, within
from menagerie import Failed
from roads import TOLERANCE, Judges, Road
from seeded import SeededText

SEED = 700
NAMES = ["bert", "bert-masked", "bert-pretraining", "bert-text", "bert-tokens", "bert-answers", "roberta",
         "roberta-masked", "roberta-text", "xlm-roberta-tokens", "distilbert", "distilbert-masked", "distilbert-text",
         "mpnet", "mpnet-masked", "electra-generator", "electra-discriminator", "electra-text", "albert",
         "albert-masked", "albert-pretraining", "albert-text", "modernbert", "modernbert-masked", "modernbert-text"]
# Encoders of models that write, alone. They come last: a seed is a place in the lists.
LATER = ["t5-encoder", "t5-encoder-gated", "nomic"]
# transformers renames these as it reads and writes them: its own tensors have other names than its files.
RENAMED = ["nomic"]
# Heads of the same kinds on decoders.
DECODERS = ["llama-text", "llama-tokens", "llama-answers", "mistral-answers", "qwen2-answers", "qwen3-tokens",
            "gemma2-tokens", "gpt2-text", "gpt2-tokens", "gpt2-answers"]
HUB = [name for name in hub.ENCODERS if name not in NAMES]
# What llama.cpp has; of heads only that for texts.
GGUF = ["bert", "bert-text", "roberta", "roberta-text", "distilbert", "modernbert", "modernbert-text", "t5-encoder",
        "t5-encoder-gated"]
FORMATS = ["pytorch", "safetensors", "huggingface", "onnx", "npz"]


class Encoder(SeededText):
    def __init__(self, judges: Judges, name: str):
        seed = SEED + (NAMES + HUB + DECODERS + LATER).index(name)
        super().__init__(judges, judges.text, name, seed, judges.cache / f"{name}-{seed}")

    def distance(self, answer: pathlib.Path, only: set | None = None, rows: slice = slice(None), cut: int = 0) -> str:
        """How far the outputs are from the source's, as a part of the largest; too far is a failure."""
        worst = 0.0
        with np.load(answer) as ours, np.load(self.home / "golden.npz") as theirs:
            given = theirs["attention_mask"].shape
            seen = theirs["attention_mask"][rows, :given[1] - cut].astype(bool)
            for name in theirs.files:
                if name in ("input_ids", "attention_mask", "token_type_ids") or only and name not in only:
                    continue
                if name not in ours.files:
                    raise Failed(f"there is no output {name}, but {ours.files}")
                wanted = theirs[name][rows]
                if theirs[name].shape[:2] == given:  # something for each token, of which the last were not given
                    wanted = wanted[:, :given[1] - cut]
                if ours[name].shape != wanted.shape:
                    raise Failed(f"{name} has shape {ours[name].shape}, the source's {wanted.shape}")
                found = ours[name]
                if found.shape[:2] == seen.shape:  # what stands at padded places is nobody's business
                    found, wanted = found[seen], wanted[seen]
                worst = max(worst, distance(found, wanted))
        return within(worst, TOLERANCE)

    def road(self, format: str, scratch: pathlib.Path) -> str:
        """There, judged by the library; and back to the first library, judged by that."""
        self.make()
        out, answer = self.converted(format, scratch), scratch / "answer.npz"
        asked = {"name": self.name, "inputs": str(self.inputs), "out": str(answer)}
        if format == "huggingface":
            self.judges.text.pretrained(folder=str(out), **asked)
        elif format == "onnx":
            return self.onnx(out, answer)
        elif format == "gguf":
            self.judges.text.gguf(file=str(out), config=str(self.model), **asked)
            return self.distance(answer)
        elif format == "npz":
            back = scratch / "back"
            self.judges.menagerie.convert(out, f"{back}/", "--to", "huggingface")
            self.judges.text.pretrained(folder=str(back), **asked)
        else:
            self.judges.text.state(file=str(out), format=format, config=str(self.model), **asked)
        return self.distance(answer)

    def onnx(self, out: pathlib.Path, answer: pathlib.Path) -> str:
        """Batch and sequence are the caller's: the whole, one row, and the other without what fills it up."""
        self.judges.onnx.named(file=str(out), inputs=str(self.inputs), out=str(answer))
        whole = self.distance(answer)
        short = answer.with_name("short.npz")
        with np.load(self.inputs) as given:
            arrays = {name: given[name] for name in given.files}
        filled = int((arrays["attention_mask"][1] == 0).sum())
        for rows, cut in ((slice(0, 1), 0), (slice(1, 2), filled)):
            np.savez(short, **{name: array[rows, :array.shape[1] - cut] for name, array in arrays.items()})
            self.judges.onnx.named(file=str(out), inputs=str(short), out=str(answer))
            self.distance(answer, rows=rows, cut=cut)
        return whole


def roads(judges: Judges) -> dict[str, list[Road]]:
    there, back = [], []
    theirs = hub.roads(judges, Encoder, hub.ENCODERS, judges.text, {"last_hidden_state"})
    for name in GGUF:
        encoder = Encoder(judges, name)
        there.append(Road(name, "gguf", functools.partial(encoder.road, "gguf")))
        back.append(Road(f"{name} and back", "gguf", functools.partial(encoder.back, "gguf")))
    for name in NAMES + DECODERS + LATER:
        encoder = Encoder(judges, name)
        there.append(Road(name, "run", encoder.run))
        there += [Road(name, format, functools.partial(encoder.road, format)) for format in FORMATS
                  if name not in RENAMED or format not in ("pytorch", "safetensors")]
        back += [Road(f"{name} and back", format, functools.partial(encoder.back, format))
                 for format in ("pytorch", "safetensors", "onnx", *(["gguf"] if name in RENAMED else []))]
    return {"Text encoders (distance of the outputs)": there, "Text encoders of KerasHub": theirs,
            "Text encoders, back by from_pretrained": back}
