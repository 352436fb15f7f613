"""What onnx and ONNX Runtime are asked."""
import pathlib

import numpy as np
import onnx
import onnxruntime

import common


def checked_logits(file: str, images: str, out: str) -> None:
    """Full check, then ONNX Runtime; one picture at a time if the batch is fixed."""
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise ValueError(f"{len(inputs)} inputs: {[i.name for i in inputs]}")
    name, batch, pictures = inputs[0].name, inputs[0].shape[0], np.load(images)
    parts = pictures.reshape(-1, 1, *pictures.shape[1:]) if batch == 1 else [pictures]
    np.save(out, np.concatenate([session.run(None, {name: part})[0] for part in parts]))


def run_all(file: str, inputs: str, out: str) -> None:
    """Every output for the inputs of an .npz, which is made first, under the graph's names, if it is missing."""
    weights = {tensor.name for tensor in onnx.load(file).graph.initializer}
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    wanted = [i for i in session.get_inputs() if i.name not in weights]
    if not pathlib.Path(inputs).exists():
        random = np.random.default_rng(common.SEED)
        np.savez(inputs, **{i.name: random.standard_normal(i.shape).astype(np.float32) for i in wanted})
    with np.load(inputs) as given:
        feed = {i.name: given[i.name if len(wanted) > 1 else given.files[0]] for i in wanted}
    outputs = session.run(None, feed)
    np.savez(out, **{f"output{index}": array for index, array in enumerate(outputs)})


def named(file: str, inputs: str, out: str) -> None:
    """Full check, then every output under its name, for the inputs that the graph takes."""
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    with np.load(inputs) as given:
        ones = np.ones_like(given["input_ids"])
        usual = {"attention_mask": ones, "token_type_ids": ones * 0}
        feed = {i.name: given[i.name] if i.name in given.files else usual[i.name] for i in session.get_inputs()}
    names = [output.name for output in session.get_outputs()]
    np.savez(out, **dict(zip(names, session.run(names, feed))))


def pictured(file: str, inputs: str, out: str) -> None:
    """Full check, then every output under its name, for pictures and perhaps texts; the batch is the caller's."""
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    wanted = session.get_inputs()
    if any(isinstance(i.shape[0], int) for i in wanted):
        raise ValueError(f"the batch is fixed: {[(i.name, i.shape) for i in wanted]}")
    with np.load(inputs) as given:
        feed = {i.name: given["pixel_values" if len(wanted) == 1 else i.name] for i in wanted}
    names = [output.name for output in session.get_outputs()]
    np.savez(out, **dict(zip(names, session.run(names, feed))))


def learned(source: str, file: str, images: str, out: str) -> None:
    """The answers of a graph whose inputs, outputs and weights have the names of another's."""
    before, after = (onnx.load(path).graph for path in (source, file))
    for kind in ("input", "output", "initializer"):
        left, right = ({each.name for each in getattr(graph, kind)} for graph in (before, after))
        if left != right:
            raise ValueError(f"{kind}s lost {sorted(left - right)[:3]}, invented {sorted(right - left)[:3]}")
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    pictures = np.ascontiguousarray(np.load(images).transpose(0, 3, 1, 2))
    np.save(out, session.run(None, {session.get_inputs()[0].name: pictures})[0])
