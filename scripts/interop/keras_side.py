"""What Keras and KerasHub are asked. Arrays travel as .npy files."""
import pathlib

import common  # before Keras: it silences TensorFlow

import keras
import numpy as np

from seeded_keras import seeded


def architecture(name: str) -> keras.Model:
    """`keras:ResNet50`, which ends in logits, `keras:MobileNetV2:softmax`, or `kerashub:50`."""
    library, model, *rest = name.split(":")
    if library == "keras":
        activation = "softmax" if rest else None
        return getattr(keras.applications, model)(weights=None, classifier_activation=activation)
    import keras_hub
    deep = model == "50"
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[7], stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[3, 4, 6, 3] if deep else [2, 2, 2, 2], stackwise_num_strides=[1, 2, 2, 2],
        block_type="bottleneck_block" if deep else "basic_block", use_pre_activation=False,
        image_shape=(224, 224, 3))
    x = keras.layers.GlobalAveragePooling2D(name="pooler")(backbone.output)
    return keras.Model(backbone.input, keras.layers.Dense(1000, name="predictions")(x), name="resnet")


def answers(model: keras.Model, images: str) -> np.ndarray:
    return np.asarray(model(np.load(images), training=False))


def make(name: str, folder: str, seed: int, file: str) -> None:
    """A seeded network in Keras's own file, with two pictures and their logits."""
    home = pathlib.Path(folder)
    model = seeded(architecture(name), seed, common.channels_last(common.pictures(seed, 224, 4)))
    np.save(home / "input.npy", common.channels_last(common.pictures(seed + 1, 224)))
    np.save(home / "logits.npy", answers(model, home / "input.npy"))
    model.save(home / file)


def loaded_logits(file: str, images: str, out: str) -> None:
    np.save(out, answers(keras.models.load_model(file, compile=False), images))


def named_logits(name: str, file: str, images: str, out: str) -> None:
    """Our weights, taken by layer name into the library's own network."""
    model = architecture(name)
    model.load_weights(file, by_name=True)
    np.save(out, answers(model, images))


def count(file: str) -> int:
    """The number of weights in all variables of the model."""
    return keras.models.load_model(file, compile=False).count_params()


def run_all(file: str, inputs: str, out: str) -> None:
    """Every output for the inputs of an .npz, which is made first, under the model's names, if it is missing."""
    model = keras.models.load_model(file, compile=False)
    if not pathlib.Path(inputs).exists():
        random = np.random.default_rng(common.SEED)
        np.savez(inputs, **{i.name.split(":")[0]: random.uniform(-1, 1, (2, *i.shape[1:])).astype(np.float32)
                            for i in model.inputs})
    with np.load(inputs) as given:
        feed = [given[i.name.split(":")[0]] if len(model.inputs) > 1 else given[given.files[0]] for i in model.inputs]
    outputs = model(feed if len(feed) > 1 else feed[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    np.savez(out, **{f"output{index}": np.asarray(array) for index, array in enumerate(outputs)})
