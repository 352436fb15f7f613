"""Published models, run and converted by Menagerie and by the framework that they were made with."""
import json
import pathlib
import sys

import numpy as np
import skimage

from distances import distance, within
from menagerie import Failed, last_line
from roads import EXTENSIONS, TOLERANCE, Judges

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "fixtures"), str(HERE.parent / "models")]

import fetch  # noqa: E402
from common import channels_last, pictures  # noqa: E402

CATS = (281, 282, 283, 284, 285)  # ImageNet's tabby … Egyptian cat

# Model and file, the framework that judges it, and where it is taken besides being run.
MODELS = [("mobilenet", "mobilenet_v2-b0353104.pth", "torch", ("onnx", "keras", "keras-h5", "safetensors")),
          ("fer", "emotion_model.hdf5", "keras", ("onnx", "keras", "keras-h5")),
          ("sklesion", "model.keras", "keras", ()),
          ("ppocr", "ch_PP-OCRv4_det_infer.onnx", "onnx", ()),
          ("ppocr", "ch_ppocr_mobile_v2.0_cls_infer.onnx", "onnx", ())]
MODELS += [("onnx-light", f"light_{name}.onnx", "onnx", ()) for name in
           "bvlc_alexnet densenet121 inception_v1 inception_v2 resnet50 shufflenet squeezenet vgg19 zfnet512".split()]


def file_of(name: str, file: str) -> pathlib.Path:
    published = json.loads((HERE.parent / "models" / "published.json").read_text())
    return fetch.fetch(name, published[name]) / file


def inputs_of(file: str) -> dict[str, np.ndarray] | None:
    """Seeded inputs for the models whose own file does not tell its input's size."""
    if "mobilenet_v2-" in file:
        return {"input": pictures(1, 224)}
    if "ppocr_mobile" in file:
        return {"x": np.resize(pictures(2, 192), (2, 3, 48, 192))}
    if "det_infer" in file:
        page = skimage.data.page()[:160, :352].astype(np.float32) / 255
        return {"x": np.stack([(page - 0.45) / 0.22] * 3)[None]}
    return None


class Published:
    def __init__(self, judges: Judges, name: str, file: str, framework: str):
        self.judges, self.name, self.file, self.framework = judges, name, file, framework

    def answers(self, path: pathlib.Path, framework: str, inputs: pathlib.Path, out: pathlib.Path) -> list[np.ndarray]:
        """The framework's outputs for the inputs, which it makes up if there are none yet."""
        if framework == "torch":
            x, y = out.with_suffix(".x.npy"), out.with_suffix(".y.npy")
            np.save(x, np.load(inputs)["input"])
            self.judges.torch.strict_logits(name="torchvision:mobilenet_v2", file=str(path),
                                            format="safetensors" if path.suffix == ".safetensors" else "pytorch",
                                            images=str(x), out=str(y))
            return [np.load(y)]
        side = self.judges.keras if framework == "keras" else self.judges.onnx
        side.run_all(file=str(path), inputs=str(inputs), out=str(out))
        return arrays(out)

    def reference(self, scratch: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path, list[np.ndarray]]:
        path, inputs = file_of(self.name, self.file), scratch / "inputs.npz"
        if made := inputs_of(self.file):
            np.savez(inputs, **made)
        return path, inputs, self.answers(path, self.framework, inputs, scratch / "reference.npz")

    def run(self, scratch: pathlib.Path) -> str:
        path, inputs, theirs = self.reference(scratch)
        out = scratch / "ours.npz"
        done = self.judges.menagerie.run("run", path, "--inputs", inputs, "--outputs", out)
        if done.returncode:
            raise Failed(f"run ended with {done.returncode}: {last_line(done.stderr)}")
        return agreed(arrays(out), theirs)

    def convert(self, format: str, scratch: pathlib.Path) -> str:
        path, inputs, theirs = self.reference(scratch)
        out = scratch / f"out{EXTENSIONS[format]}"
        self.judges.menagerie.convert(path, out)
        judge = {"onnx": "onnx", "keras": "keras", "keras-h5": "keras"}.get(format, self.framework)
        if judge == "keras" and self.framework == "torch":
            with np.load(inputs) as given:
                turned = {name: channels_last(given[name]) for name in given.files}
            np.savez(inputs, **turned)
        return agreed(self.answers(out, judge, inputs, scratch / "answer.npz"), theirs)


def cat(judges: Judges, scratch: pathlib.Path) -> str:
    """The photograph of a cat is a cat."""
    model, photograph = file_of("mobilenet", "mobilenet_v2-b0353104.pth"), file_of("cat", "chelsea.png")
    done = judges.menagerie.run("run", model, photograph, "--json")
    if done.returncode:
        raise Failed(f"run ended with {done.returncode}: {last_line(done.stderr)}")
    best = json.loads(done.stdout)["results"][0]["classes"][0]
    if best["index"] not in CATS:
        raise Failed(f"says {best}")
    return f"{best['label']} {best['score']:.2f}"


def arrays(path: pathlib.Path) -> list[np.ndarray]:
    with np.load(path) as archive:
        return [archive[name] for name in archive.files]


def agreed(ours: list[np.ndarray], theirs: list[np.ndarray]) -> str:
    """The greatest distance as a part of the largest value; probabilities are compared as logarithms."""
    if [a.shape for a in ours] != [a.shape for a in theirs]:
        raise Failed(f"shapes {[a.shape for a in ours]}, the framework's are {[a.shape for a in theirs]}")
    worst = 0.0
    for left, right in zip(ours, theirs):
        if right.min() >= 0 and np.allclose(right.sum(-1), 1, atol=1e-3):
            left, right = (np.log(np.maximum(a, 1e-20)) for a in (left, right))
        worst = max(worst, distance(left, right))
    return within(worst, TOLERANCE)
