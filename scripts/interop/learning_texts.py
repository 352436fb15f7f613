"""Lets MiniLM learn to tell whose documentation a sentence is from, here and in PyTorch, and compares the accuracies.

  scripts/interop/learning_texts.py MENAGERIE     the program; prints one JSON line a comparison

The sentences are the first ones of docstrings of four installed libraries. Both sides take the same steps: AdamW, a
cosine, no dropout, the same batches. transformers opens and judges what menagerie wrote.
"""
import csv
import importlib
import inspect
import json
import math
import pathlib
import pkgutil
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
LIBRARIES = ("numpy", "scipy", "sklearn", "torch")
TRAIN, VAL = 250, 250  # sentences a class
EPOCHS, BATCH, RATE, DECAY, LENGTH, SEED = 3, 16, 1e-4, 0.01, 64, 7


def sentences(library: str) -> list[str]:
    found: dict[str, None] = {}
    package = importlib.import_module(library)
    names = [library] + sorted(m.name for m in pkgutil.walk_packages(package.__path__, library + ".", onerror=lambda _: None)
                               if m.name.count(".") < 3 and not re.search(r"test|\._|distributed|inductor|backends", m.name))
    for name in names:
        try:
            module = importlib.import_module(name)
        except BaseException:  # a module that wants what is not installed
            continue
        for _, thing in sorted(inspect.getmembers(module, lambda x: inspect.isfunction(x) or inspect.isclass(x))):
            if not (getattr(thing, "__module__", None) or "").startswith(library):
                continue
            text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
            if 30 <= len(text) <= 250 and not any(word in text.lower() for word in LIBRARIES):
                found[text] = None
        if len(found) > 4 * (TRAIN + VAL):
            break
    return list(found)


def data(folder: pathlib.Path) -> dict[str, list[tuple[str, str]]]:
    random.seed(SEED)
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "val": []}
    for library in LIBRARIES:
        own = sentences(library)
        random.shuffle(own)
        assert len(own) >= TRAIN + VAL, f"{library}: {len(own)} sentences"
        parts["train"] += [(text, library) for text in own[:TRAIN]]
        parts["val"] += [(text, library) for text in own[TRAIN:TRAIN + VAL]]
    folder.mkdir()
    for name, rows in parts.items():
        random.shuffle(rows)
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            writer.writerows(rows)
    return parts


def accuracy(model, tokenizer, rows) -> float:
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(rows), 50):
            part = rows[start:start + 50]
            batch = tokenizer([t for t, _ in part], padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
            answers = model(**batch).logits.argmax(1).tolist()
            right += sum(model.config.id2label[a] == label for a, (_, label) in zip(answers, part))
    return right / len(rows)


def recipe(model, tokenizer, rows, learning) -> None:
    model.eval()  # no dropout
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(learning(name))
    own = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    spared = lambda n, p: p.ndim < 2
    optimizer = torch.optim.AdamW([{"params": [p for n, p in own if not spared(n, p)], "weight_decay": DECAY},
                                   {"params": [p for n, p in own if spared(n, p)], "weight_decay": 0.0}], lr=RATE)
    steps = math.ceil(len(rows) / BATCH) * EPOCHS
    step = 0
    for _ in range(EPOCHS):
        for start in range(0, len(rows), BATCH):
            part = rows[start:start + BATCH]
            batch = tokenizer([t for t, _ in part], padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 + math.cos(math.pi * step / steps)) / 2
            labels = torch.tensor([LIBRARIES.index(label) for _, label in part])
            loss = model(**batch, labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1


def main() -> int:
    warnings.filterwarnings("ignore")
    binary = sys.argv[1]
    source = subprocess.run([HERE.parent / "fetch-models.sh", "minilm"], check=True, capture_output=True, text=True).stdout.split()[-1]
    labels = dict(enumerate(LIBRARIES))
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        rows = data(folder / "data")
        tokenizer = AutoTokenizer.from_pretrained(source)
        torch.manual_seed(SEED)
        model = AutoModelForSequenceClassification.from_pretrained(source, id2label=labels, label2id={v: k for k, v in labels.items()})
        model.save_pretrained(folder / "begun")
        tokenizer.save_pretrained(folder / "begun")
        began = time.time()
        recipe(model, tokenizer, rows["train"], lambda name: True)
        theirs, seconds = accuracy(model, tokenizer, rows["val"]), time.time() - began
        for name, start in (("from PyTorch's head", folder / "begun"), ("from its own head", source)):
            out = folder / f"out-{pathlib.Path(start).name}"
            began = time.time()
            subprocess.run([binary, "finetune", start, "--data", folder / "data", "-o", f"{out}/", "--method", "full", "--epochs", str(EPOCHS),
                            "--batch", str(BATCH), "--lr", str(RATE), "--weight-decay", str(DECAY), "--max-length", str(LENGTH), "--no-shuffle", "--dropout", "0"],
                           check=True, stdout=subprocess.DEVNULL)
            took = time.time() - began
            ours = accuracy(AutoModelForSequenceClassification.from_pretrained(out), AutoTokenizer.from_pretrained(out), rows["val"])
            # Another head begins elsewhere: its accuracy has that much chance in it
            bound = 0.01 if start == folder / "begun" else 0.03
            failed += ours < theirs - bound
            print(json.dumps({"case": f"MiniLM learns classes, {name}", "accuracy": round(ours, 4), "pytorch": round(theirs, 4),
                              "seconds": round(took, 1), "pytorchSeconds": round(seconds, 1)}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
