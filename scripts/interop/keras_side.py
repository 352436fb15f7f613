"""What Keras and KerasHub are asked. Arrays travel as .npy files."""
import json
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


def hub_encoder(name: str, config: str) -> keras.Model:
    """The backbone of KerasHub that has the sizes of a configuration of transformers."""
    import keras_hub
    said = json.loads(pathlib.Path(config, "config.json").read_text())
    sizes = {"vocabulary_size": said["vocab_size"], "max_sequence_length": said["max_position_embeddings"], "dropout": 0}
    if name.startswith("distilbert"):
        return keras_hub.models.DistilBertBackbone(
            num_layers=said["n_layers"], num_heads=said["n_heads"], hidden_dim=said["dim"],
            intermediate_dim=said["hidden_dim"], **sizes)
    sizes |= {"num_layers": said["num_hidden_layers"], "num_heads": said["num_attention_heads"],
              "hidden_dim": said["hidden_size"], "intermediate_dim": said["intermediate_size"]}
    if name.startswith("albert"):
        return keras_hub.models.AlbertBackbone(
            embedding_dim=said["embedding_size"], num_groups=said["num_hidden_groups"], num_inner_repetitions=1, **sizes)
    return keras_hub.models.BertBackbone(**sizes)


def hub_answer(name: str, config: str, file: str, inputs: str, out: str, save: str | None = None) -> None:
    """KerasHub's backbone with the weights of a file: its outputs under transformers' names, and perhaps saved anew."""
    model = hub_encoder(name, config)
    model.load_weights(file)
    if save:
        (model.save_weights if save.endswith(".weights.h5") else model.save)(save)
    with np.load(inputs) as given:
        feed = {"token_ids": given["input_ids"], "padding_mask": given["attention_mask"]}
        if "token_type_ids" in given.files:
            feed["segment_ids"] = given["token_type_ids"]
        answer = model({k: v.astype("int32") for k, v in feed.items()}, training=False)
    if not isinstance(answer, dict):
        answer = {"sequence_output": answer}
    names = {"sequence_output": "last_hidden_state", "pooled_output": "pooler_output"}
    np.savez(out, **{names[k]: np.asarray(v) for k, v in answer.items()})
