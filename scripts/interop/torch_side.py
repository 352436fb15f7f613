"""What PyTorch, torchvision, timm and transformers are asked. Arrays travel as .npy files."""
import hashlib
import pathlib
import shutil

import numpy as np
import timm
import torch
import torchvision
from safetensors.torch import load_file, save_file

from common import pictures
from seeded_torch import logits, seeded

torch.set_num_threads(2)


def architecture(name: str) -> torch.nn.Module:
    """`torchvision:resnet18`, `timm:mobilenetv2_100` or `huggingface:resnet50`."""
    library, model = name.split(":")
    if library == "torchvision":
        return getattr(torchvision.models, model)(weights=None)
    if library == "timm":
        return timm.create_model(model, pretrained=False)
    from transformers import ResNetConfig, ResNetForImageClassification
    return ResNetForImageClassification(ResNetConfig(num_labels=1000))


def make(name: str, folder: str, seed: int, legacy: bool) -> None:
    """A seeded network in its framework's own file, with two pictures and their logits."""
    home = pathlib.Path(folder)
    model = seeded(architecture(name), seed, torch.from_numpy(pictures(seed, 96, 8)))
    if name.startswith("huggingface"):
        model.save_pretrained(home / "model")
    else:
        torch.save(model.state_dict(), home / "model.pth", _use_new_zipfile_serialization=not legacy)
    images = pictures(seed + 1, 224)
    np.save(home / "input.npy", images)
    np.save(home / "logits.npy", logits(model, torch.from_numpy(images)))


def state(file: str, format: str) -> dict:
    """The file's tensors, by the reader that its users have."""
    if format == "pytorch":
        return torch.load(file, weights_only=True, map_location="cpu")
    if format == "safetensors":
        return load_file(file)
    with np.load(file, allow_pickle=False) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def strict_logits(name: str, file: str, format: str, images: str, out: str) -> None:
    model = architecture(name)
    model.load_state_dict(state(file, format), strict=True)
    np.save(out, logits(model.eval(), torch.from_numpy(np.load(images))))


def pretrained_logits(file: str, format: str, config: str, images: str, out: str, scratch: str) -> None:
    """from_pretrained of our directory, or of our weights beside the source's config.json."""
    from transformers import AutoModelForImageClassification
    home = pathlib.Path(file)
    if not home.is_dir():
        home = pathlib.Path(scratch)
        home.mkdir(parents=True)
        shutil.copy(config, home / "config.json")
        if format == "pytorch":
            shutil.copy(file, home / "pytorch_model.bin")
        elif format == "safetensors":
            shutil.copy(file, home / "model.safetensors")
        else:
            save_file(state(file, format), home / "model.safetensors", {"format": "pt"})
    model, notes = AutoModelForImageClassification.from_pretrained(home, output_loading_info=True)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if notes.get(kind):
            raise ValueError(f"from_pretrained: {kind} {sorted(notes[kind])[:3]}")
    np.save(out, logits(model.eval(), torch.from_numpy(np.load(images))))


def tensors(file: str, format: str) -> list:
    """Name, type, shape, SHA-256 of the bytes, and a number for the storage, in the file's order."""
    rows, storages = [], {}
    for name, tensor in state(file, format).items():
        flat = tensor.detach().contiguous().reshape(-1)
        data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
        place = storages.setdefault(tensor.untyped_storage().data_ptr(), len(storages))
        rows.append((name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape),
                     hashlib.sha256(data).hexdigest(), place))
    return rows


def make_tied(file: str, plain: bool) -> None:
    """Every type, views and ties; without the types that NumPy has no name for if `plain`."""
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(20, 12, generator=generator)
    names = "float64 float32 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64".split()
    names += [] if plain else ["bfloat16", "float8_e4m3fn", "float8_e5m2"]
    table = {f"types.{name}": (torch.rand(3, 5, generator=generator) * 90).to(getattr(torch, name)) for name in names}
    table |= {"transposed": base.t(), "window": base[2:7, 1::3], "scalar": torch.tensor(1.25),
              "nothing": torch.empty(0, 3), "first": base, "second": base}
    torch.save(table, file)


def changed(file: str, out: str, name: str) -> None:
    """A copy of the checkpoint in which one tensor is another."""
    table = torch.load(file, weights_only=True)
    table[name] = table[name] * 1.5 + 0.1
    torch.save(table, out)
