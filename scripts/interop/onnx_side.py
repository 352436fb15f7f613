"""What onnx and ONNX Runtime are asked."""
import numpy as np
import onnx
import onnxruntime


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


def opset(file: str) -> int:
    return max(i.version for i in onnx.load(file, load_external_data=False).opset_import if not i.domain)
