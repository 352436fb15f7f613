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


def hub_model(preset: str, file: str) -> keras.Model:
    """KerasHub's backbone: a preset, an archive, or the class of a preset with the weights of a file."""
    import keras_hub
    if file.endswith(".keras"):
        return keras.models.load_model(file, compile=False)
    model = keras_hub.models.Backbone.from_preset(preset, load_weights=file == preset)
    if file != preset:
        model.load_weights(file)
    return model


def hub_answer(preset: str, file: str, inputs: str, out: str, save: str) -> None:
    """The outputs of KerasHub's backbone under transformers' names, and the backbone saved anew."""
    import kerashub_models
    model = hub_model(preset, file)
    if save.endswith(".weights.h5"):
        model.save_weights(save)
    elif save.endswith((".h5", ".keras")):
        model.save(save)
    else:
        model.save_to_preset(save)
    with np.load(inputs) as given:
        feed = {"token_ids": given["input_ids"], "padding_mask": given["attention_mask"]}
        if "token_type_ids" in given.files:
            feed["segment_ids"] = given["token_type_ids"]
        if "decoder_input_ids" in given.files:
            written = given["decoder_input_ids"]
            feed = {f"encoder_{name}": array for name, array in feed.items()}
            feed |= {"decoder_token_ids": written, "decoder_padding_mask": np.ones_like(written)}
    names = {"sequence_output": "last_hidden_state", "pooled_output": "pooler_output", "logits": "logits"}
    np.savez(out, **{names[k]: np.asarray(v) for k, v in kerashub_models.outputs(model, feed).items()})


def resaved(file: str, out: str) -> None:
    keras.models.load_model(file, compile=False).save(out)


def small(file: str) -> None:
    """A network of no family, which ends in probabilities."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    keras.Sequential([
        keras.Input((32, 32, 3), name="pictures"), layers.Conv2D(8, 5, strides=2, activation="relu"), layers.BatchNormalization(),
        layers.SeparableConv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(24, 3), layers.LeakyReLU(),
        layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax", name="classes")]).save(file)


def learned(source: str, file: str, images: str, out: str) -> None:
    """The answers of a file whose weights have the names of another's, where that is of a family that is known."""
    before, after = (keras.models.load_model(path, compile=False) for path in (source, file))
    left, right = ([w.path for w in model.weights] for model in (before, after))
    if isinstance(before, keras.Sequential):
        left, right = (sorted(tuple(w.shape) for w in model.weights) for model in (before, after))
    if left != right:
        raise ValueError(f"the weights are called {[n for n in right if n not in left][:3]}, not {[n for n in left if n not in right][:3]}")
    np.save(out, answers(after, images))
