"""Published models of texts, with their real weights, beside transformers: what SmolLM2 writes, and the vectors of MiniLM."""
import functools
import json
import pathlib

import numpy as np

import tokenizer_lines
from distances import distance, within
from menagerie import Failed, last_line
from published import file_of
from roads import Judges, Road

PROMPTS = ("The capital of France is", "Once upon a time", "Dear Sir,", "The three laws of motion are",
           "def fibonacci(n):", "Water boils at", "In 1969, people", "My favourite recipe begins with",
           "The quick brown fox", "Photosynthesis is")
TOKENS = 100
SENTENCES = 200
BLOCKS = 1e-3  # of the largest logit: blocks are multiplied with inputs of eight bits
VECTORS = 1e-5


def said(judges: Judges, *arguments) -> str:
    done = judges.menagerie.run(*arguments)
    if done.returncode:
        raise Failed(f"{arguments[0]} ended with {done.returncode}: {last_line(done.stderr)}")
    return done.stdout


class Smol:
    """A GGUF file of four-bit blocks, beside transformers with the blocks widened."""

    def __init__(self, judges: Judges):
        self.judges = judges

    def file(self) -> pathlib.Path:
        return file_of("smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")

    def written(self, prompt: str, count: int) -> dict:
        return json.loads(said(self.judges, "generate", self.file(), "--prompt", prompt, "--max-tokens", count,
                               "--temperature", 0, "--json"))

    def text(self, scratch: pathlib.Path) -> str:
        """The likeliest tokens, each after the ones before."""
        ours = [self.written(prompt, TOKENS) for prompt in PROMPTS]
        prompts = [one["promptIds"] for one in ours]
        theirs = self.judges.decoder.likeliest(file=str(self.file()), prompts=prompts, count=TOKENS)
        for prompt, one, other in zip(PROMPTS, ours, theirs, strict=True):
            if one["ids"] != other:
                place = next((i for i, (a, b) in enumerate(zip(one["ids"], other)) if a != b), "the end")
                raise Failed(f"'{prompt}' goes on otherwise at token {place}")
        return f"{sum(len(one['ids']) for one in ours)} tokens equal"

    def logits(self, scratch: pathlib.Path) -> str:
        prompts = {str(place): np.array([self.written(prompt, 1)["promptIds"]])
                   for place, prompt in enumerate(PROMPTS)}
        asked, theirs = scratch / "asked.npz", scratch / "theirs.npz"
        np.savez(asked, **prompts)
        self.judges.decoder.stored(file=str(self.file()), inputs=str(asked), out=str(theirs))
        worst = 0.0
        for place, ids in prompts.items():
            inputs, ours = scratch / "inputs.npz", scratch / "ours.npz"
            np.savez(inputs, input_ids=ids)
            said(self.judges, "run", self.file(), "--inputs", inputs, "--outputs", ours)
            with np.load(ours) as mine, np.load(theirs) as other:
                worst = max(worst, distance(mine["logits"], other[place]))
        return within(worst, BLOCKS)


def vectors(judges: Judges, scratch: pathlib.Path) -> str:
    """Of sentences in every script, as sentence-transformers makes them: the tokens' mean, of length 1."""
    folder = file_of("minilm", "config.json").parent
    texts = [text for line in tokenizer_lines.mixed(2 * SENTENCES) if (text := line.decode(errors="replace")).strip()]
    lines, ours, theirs = scratch / "lines.txt", scratch / "ours.npz", scratch / "theirs.npz"
    lines.write_text("".join(text + "\n" for text in texts[:SENTENCES]), newline="\n")
    said(judges, "run", folder, "--file", lines, "--outputs", ours)
    judges.text.vectors(folder=str(folder), texts=texts[:SENTENCES], out=str(theirs))
    with np.load(ours) as mine, np.load(theirs) as other:
        return within(distance(mine["embeddings"], other["embeddings"]), VECTORS)


def roads(judges: Judges) -> dict[str, list[Road]]:
    smol, row = Smol(judges), f"SmolLM2-135M (GGUF), {len(PROMPTS)} prompts"
    return {"Published models of texts": [
        Road(row, "logits", smol.logits), Road(row, "text", smol.text),
        Road(f"MiniLM, {SENTENCES} sentences", "vectors", functools.partial(vectors, judges))]}
