"""What is learnt from: data that installed packages carry. Each is a folder with a table to learn from and one to judge by."""
import ast
import csv
import importlib.util
import pathlib
import random
import re
import warnings

import numpy as np
from PIL import Image

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
# Photographs whose left halves are learnt from, and whose right halves are judged.
PHOTOGRAPHS = ["astronaut.png", "brick.png", "coffee.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png",
               "moon.png", "page.png", "retina.jpg"]
LIBRARIES = ["numpy", "scipy", "sklearn", "torch"]
SEED = 7


def write(folder: pathlib.Path, part: str, rows: list[tuple[str, str]], first: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{part}.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([first, "label"])
        writer.writerows(rows)


def read(folder: str | pathlib.Path, part: str) -> list[tuple[str, str]]:
    with open(pathlib.Path(folder) / f"{part}.csv", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def batch(folder: pathlib.Path, source: pathlib.Path, count: int) -> pathlib.Path:
    """So many of the pictures that `source` has to learn from, every label among them, to learn from and to judge by."""
    rows = read(source, "train")
    firsts = {label: index for index, (_, label) in reversed(list(enumerate(rows)))}
    chosen = sorted(firsts.values())
    chosen += [index for index in range(len(rows)) if index not in chosen][:count - len(chosen)]
    for part in ("train", "val"):
        write(folder, part, [(str(source / rows[index][0]), rows[index][1]) for index in sorted(chosen)], "path")
    return folder


def pictures(folder: pathlib.Path, parts: dict[str, list[tuple[Image.Image, str]]]) -> pathlib.Path:
    """Each picture as a file, and the tables, in an order by chance."""
    shuffle = random.Random(SEED).shuffle
    for part, own in parts.items():
        shuffle(own)
        rows = []
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        for index, (picture, label) in enumerate(own):
            rows.append((f"pictures/{part}-{index:04}.png", label))
            picture.save(folder / rows[-1][0], compress_level=1)
        write(folder, part, rows, "path")
    return folder


def digits(folder: pathlib.Path, size: int, learn: int, judge: int, classes: int = 10, turned: bool = False) -> pathlib.Path:
    """Scikit-learn's handwritten digits, so many of each class; dark on light and lying on their side if `turned`."""
    from sklearn.datasets import load_digits
    data = load_digits()
    parts = {"train": [], "val": []}
    for label in range(classes):
        for place, index in enumerate(np.flatnonzero(data.target == label)[:learn + judge]):
            grey = (data.images[index] * 255 / 16).astype(np.uint8)
            grey = np.rot90(255 - grey) if turned else grey
            picture = Image.fromarray(np.ascontiguousarray(grey)).resize((size, size), Image.Resampling.BICUBIC)
            parts["train" if place < learn else "val"].append((picture.convert("RGB"), DIGITS[label]))
    return pictures(folder, parts)


def photographs(folder: pathlib.Path, size: int, learn: int, judge: int, window: int = 96) -> pathlib.Path:
    """Crops of scikit-image's photographs: of which one is it?"""
    import skimage
    home = pathlib.Path(skimage.__file__).parent / "data"
    chance = random.Random(SEED)
    parts = {"train": [], "val": []}
    for name in PHOTOGRAPHS:
        whole = Image.open(home / name).convert("RGB")
        half = whole.width // 2
        for part, left, right, count in (("train", 0, half, learn), ("val", half, whole.width, judge)):
            for _ in range(count):
                edge = min(window, right - left, whole.height)
                x, y = chance.randrange(left, right - edge + 1), chance.randrange(whole.height - edge + 1)
                picture = whole.crop((x, y, x + edge, y + edge)).resize((size, size), Image.Resampling.BICUBIC)
                parts[part].append((picture, name.split(".")[0]))
    return pictures(folder, parts)


def sentences(library: str, count: int) -> list[str]:
    """The first sentences of docstrings, none of which names a library."""
    home = pathlib.Path(importlib.util.find_spec(library).origin).parent
    files = sorted(f for f in home.rglob("*.py") if not re.search(r"test|distributed|inductor", str(f.relative_to(home))))
    random.Random(SEED).shuffle(files)
    found: dict[str, None] = {}
    for file in files:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            text = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
            if 30 <= len(text) <= 250 and not any(word in text.lower() for word in LIBRARIES):
                found[text] = None
        if len(found) > 2 * count:
            break
    if len(found) < count:
        raise ValueError(f"{library} has {len(found)} sentences, not {count}")
    own = list(found)
    random.Random(SEED).shuffle(own)
    return own[:count]


def documentation(folder: pathlib.Path, learn: int, judge: int) -> pathlib.Path:
    """Whose documentation is a sentence from?"""
    parts = {"train": [], "val": []}
    for library in LIBRARIES:
        own = sentences(library, learn + judge)
        parts["train"] += [(text, library) for text in own[:learn]]
        parts["val"] += [(text, library) for text in own[learn:]]
    for part, rows in parts.items():
        random.Random(SEED).shuffle(rows)
        write(folder, part, rows, "text")
    return folder


def prose(folder: pathlib.Path, judge: int = 4, characters: int | None = None) -> pathlib.Path:
    """Scikit-learn's descriptions of data sets; the last ones are judged."""
    import sklearn
    files = sorted((pathlib.Path(sklearn.__file__).parent / "datasets/descr").glob("*.rst"))
    folder.mkdir(parents=True)
    for part, own in (("train", files[:-judge]), ("val", files[-judge:])):
        text = "\n".join(file.read_text() for file in own)
        (folder / f"{part}.txt").write_text(text[:characters])
    return folder
