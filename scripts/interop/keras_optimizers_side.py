"""What Keras is asked about states of optimisers: steps before and after, of its own or on our files."""
import json
import pathlib

import common  # before Keras: it silences TensorFlow

import h5py
import keras
import numpy as np

from optimizer_names import FIRST, LATER
from seeded_keras import seeded
from training_names import BATCH

CLASSES, SIZE, SEED = 10, 17, 1800
OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(2e-3, beta_1=0.8, epsilon=1e-5, amsgrad=True),
    "adamw": lambda: keras.optimizers.AdamW(2e-3, weight_decay=0.05),
    "sgd": lambda: keras.optimizers.SGD(0.02, momentum=0.8, nesterov=True),
    "lion": lambda: keras.optimizers.Lion(3e-4, weight_decay=0.1),
}


def kind(name: str) -> tuple[str, str]:
    optimizer, extension = name.split("-")
    return optimizer, extension


def pictures(seed: int, size: int, count: int) -> np.ndarray:
    return common.channels_last(common.pictures(seed, size, count))


def network() -> keras.Model:
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, use_bias=False, name="first")(inputs)
    x = keras.layers.BatchNormalization(momentum=0.9, name="norm")(x)
    x = keras.layers.ReLU()(x)
    y = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="deep")(x)
    y = keras.layers.BatchNormalization(scale=False, name="plain")(y)
    x = keras.layers.Add()([x, y])
    x = keras.layers.GlobalAveragePooling2D()(x)
    return seeded(keras.Model(inputs, keras.layers.Dense(CLASSES, name="last")(x)), SEED, pictures(SEED, SIZE, 16))


def data() -> dict:
    count = BATCH * (FIRST + LATER)
    return {"input": pictures(SEED + 1, SIZE, count), "labels": np.arange(count) * 7 % CLASSES}


def part(start: int, stop: int) -> dict:
    return {key: value[start * BATCH:stop * BATCH] for key, value in data().items()}


def steps(model: keras.Model, arrays: dict) -> list[float]:
    losses = []
    for start in range(0, len(arrays["labels"]), BATCH):
        stop = start + BATCH
        losses.append(float(model.train_on_batch(arrays["input"][start:stop], arrays["labels"][start:stop])))
        model.reset_metrics()
    return losses


def opened(path) -> keras.Model:
    """A model with its optimiser. Keras 3.15 builds that of an .h5 for no variables at all, so it is taken from there by
    hand, in the file's order."""
    if not str(path).endswith(".h5"):
        return keras.models.load_model(path)
    model = keras.models.load_model(path, compile=False)
    with h5py.File(path) as file:
        training = json.loads(file.attrs["training_config"])
        optimizer = keras.optimizers.deserialize(training["optimizer_config"])
        model.compile(optimizer, keras.losses.deserialize(training["loss"]))
        optimizer.build(model.trainable_variables)
        group = file["optimizer_weights"]
        for variable, key in zip(optimizer.variables, group.attrs["weight_names"], strict=True):
            variable.assign(group[key][()])
    return model


def make(name: str, folder: str) -> None:
    home = pathlib.Path(folder)
    optimizer, extension = kind(name)
    model = network()
    model.compile(OPTIMIZERS[optimizer](), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    steps(model, part(0, FIRST))
    (home / "begun").mkdir()
    model.save(home / "begun" / f"begun.{extension}")
    np.savez(home / "later.npz", **part(FIRST, FIRST + LATER))
    np.save(home / "losses.npy", steps(model, part(FIRST, FIRST + LATER)))
    model.save(home / f"whole.{extension}")


def farthest(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max())


def distances(name: str, folder: str, model: keras.Model) -> dict:
    """How far weights and what is remembered are from the uninterrupted run's, as a part of what moved most."""
    home = pathlib.Path(folder)
    extension = kind(name)[1]
    begun, whole = (opened(path) for path in (
        home / "begun" / f"begun.{extension}", home / f"whole.{extension}"))
    if [w.shape for w in model.weights] != [w.shape for w in whole.weights]:
        raise ValueError("the weights came back in another order")
    found = {}
    for group in ("trainable_weights", "non_trainable_weights"):  # statistics of batches move more than what learns
        ours, theirs, before = ([np.asarray(w) for w in getattr(m, group)] for m in (model, whole, begun))
        moved = max(farthest(a, b) for a, b in zip(theirs, before, strict=True))
        found |= {w.path: farthest(a, b) / moved for w, a, b in zip(getattr(whole, group), ours, theirs, strict=True)}
    mine, theirs = model.optimizer.variables, whole.optimizer.variables
    if len(mine) != len(theirs) or model.optimizer.get_config() != whole.optimizer.get_config():
        raise ValueError(f"the optimizer came back as {model.optimizer.get_config()}")
    for place, (a, b) in enumerate(zip(mine, theirs)):
        a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
        found[f"{theirs[place].path} ({place})"] = farthest(a, b) / float(np.abs(b).max())
    return found


def goes_on(name: str, folder: str, file: str, done: int) -> dict:
    """From our file after so many steps through the others, and how far that is from the uninterrupted run."""
    model = opened(file)
    steps(model, part(done, FIRST + LATER))
    return distances(name, folder, model)
