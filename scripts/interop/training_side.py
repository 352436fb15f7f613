"""What PyTorch is asked about learning: ten steps of its optimisers on tiny models, and the gradients of the first."""
import pathlib

import numpy as np
import timm
import torch
import torchvision
import transformers
from safetensors.torch import load_file
from torchvision.models.resnet import BasicBlock

import text_decoders
import text_encoders
import vision_side
from architectures_torch import TinyResNet
from common import pictures
from pretrained import complete
from seeded_torch import seeded as seeded_network
from steps_torch import loss_of, step_losses
from training_names import BATCH, OPTIMIZERS, STEPS, settings

torch.set_num_threads(2)
CLASSES, SIZE, LENGTH = 10, 45, 13
SIZES = text_encoders.BERT | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
QUIET = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


def bert() -> torch.nn.Module:
    return transformers.BertForSequenceClassification(transformers.BertConfig(**SIZES, **text_encoders.LABELS))


def gpt2() -> torch.nn.Module:
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=text_decoders.VOCABULARY, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=1,
        eos_token_id=2, **QUIET))


def llama(**more) -> torch.nn.Module:
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**text_decoders.SIZES, rms_norm_eps=1e-5, **more))


def vit() -> torch.nn.Module:
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40,
             "image_size": 24, "patch_size": 8, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return transformers.ViTForImageClassification(transformers.ViTConfig(**sizes, **vision_side.LABELS))


def mobilenet() -> torch.nn.Module:
    return torchvision.models.MobileNetV2(CLASSES, width_mult=0.1, dropout=0.0)


def timm_resnet() -> torch.nn.Module:
    return timm.models.resnet.ResNet(
        timm.models.resnet.BasicBlock, (1, 1, 2, 1), num_classes=CLASSES, channels=(8, 12, 16, 24))


LAYOUTS = (torch.contiguous_format, torch.channels_last)
# How each is made, seeded, and what its inputs are.
MODELS = {
    "resnet": (lambda: TinyResNet(BasicBlock, [1, 2, 1, 1], [8, 12, 16, 24]), "network", "pictures"),
    "timm-resnet": (timm_resnet, "network", "pictures"),
    "mobilenetv2": (mobilenet, "network", "pictures"),
    "vit": (vit, "vision", "patches"),
    "bert": (bert, "encoder", "pairs"),
    "gpt2": (gpt2, "decoder", "text"),
    "llama": (llama, "decoder", "text"),
    "llama-tied": (lambda: llama(tie_word_embeddings=True), "decoder", "text"),
}


def data(kind: str, seed: int) -> dict:
    """Ten batches, in the order in which they are learnt from."""
    random = np.random.default_rng(seed)
    count = BATCH * STEPS
    if kind in ("pictures", "patches"):
        size = SIZE if kind == "pictures" else 24
        name = "input" if kind == "pictures" else "pixel_values"
        return {name: pictures(seed, size, count), "labels": random.integers(0, CLASSES, count)}
    vocabulary = text_encoders.VOCABULARY if kind == "pairs" else text_decoders.VOCABULARY
    ids = random.integers(4, vocabulary, (count, LENGTH))
    mask = np.ones_like(ids)
    for row, length in enumerate(random.integers(LENGTH // 2, LENGTH + 1, count)):
        ids[row, length:], mask[row, length:] = 0, 0
    arrays = {"input_ids": ids, "attention_mask": mask}
    if kind == "pairs":
        arrays["token_type_ids"] = (np.arange(LENGTH) >= random.integers(3, 8, (count, 1))).astype(np.int64)
        return arrays | {"labels": random.integers(0, 3, count)}
    return arrays | {"labels": np.where(mask == 1, ids, -100)}


def seeded(model: torch.nn.Module, how: str, seed: int) -> torch.nn.Module:
    if how == "network":
        return seeded_network(model, seed, torch.from_numpy(pictures(seed, SIZE, 16)))
    return {"vision": vision_side, "encoder": text_encoders, "decoder": text_decoders}[how].seeded(model, seed)


def make(name: str, folder: str, seed: int) -> None:
    """A seeded model in its library's own file, and what it is to learn from.

    Where a number lies on the edge of a ReLU, single precision decides by chance, and PyTorch's leaves its double by
    percents, in one layout of its memory or in both: another seed is taken then.
    """
    for other in range(seed, seed + 10_000, 100):
        write(name, folder, other)
        if MODELS[name][1] != "network" or agrees_with_double(name, folder):
            return
    raise ValueError(f"no seed with which PyTorch's {name} agrees with itself")


def agrees_with_double(name: str, folder: str) -> bool:
    """Whether single precision gives the same in any order of its sums that PyTorch has."""
    exact = gradients_of(name, folder, torch.float64)
    steepest = max(g.abs().max().item() for g in exact.values())
    for layout in LAYOUTS:
        found = gradients_of(name, folder, layout=layout)
        if any((found[k] - g).abs().max().item() > 5e-5 * max(g.abs().max().item(), 0.01 * steepest)
               for k, g in exact.items()):
            return False
    for optimizer in OPTIMIZERS:
        double = steps(name, folder, optimizer, torch.float64)
        if any(abs(a - b) > 2e-5 * b for layout in LAYOUTS
               for a, b in zip(steps(name, folder, optimizer, layout=layout), double)):
            return False
    return True


def write(name: str, folder: str, seed: int) -> None:
    build, how, kind = MODELS[name]
    home = pathlib.Path(folder)
    model = seeded(build(), how, seed)
    if how == "network":
        torch.save(model.state_dict(), home / "model.pth")
    else:
        model.save_pretrained(home / "model")
    arrays = data(kind, seed)
    np.savez(home / "data.npz", **arrays)
    np.savez(home / "first.npz", **{k: v[:BATCH] for k, v in arrays.items()})


def opened(name: str, path: str) -> torch.nn.Module:
    """The model of a file or a directory, every weight found, attention as it is written down."""
    build, how, _ = MODELS[name]
    model = build()
    if how == "network":
        state = load_file(path) if path.endswith(".safetensors") else torch.load(path, weights_only=True)
        model.load_state_dict(state, strict=True)
        return model
    return complete(type(model), path, attn_implementation="eager")


def steps(name: str, folder: str, optimizer: str, type: torch.dtype = torch.float32,
          layout: torch.memory_format = torch.contiguous_format) -> list[float]:
    """The losses of ten steps."""
    model = opened(name, folder_of(name, folder)).to(type).to(memory_format=layout).train()
    return step_losses(model, optimizer, *settings(name, optimizer), batches(folder))


def batches(folder: str) -> list[dict]:
    with np.load(pathlib.Path(folder) / "data.npz") as archive:
        arrays = {k: archive[k] for k in archive.files}
    return [{k: v[step * BATCH:(step + 1) * BATCH] for k, v in arrays.items()} for step in range(STEPS)]


def dropped(name: str, folder: str, rates: dict, count: int) -> list[float]:
    """The first batch's loss again and again, each time with other numbers dropped."""
    path = folder_of(name, folder)
    model = opened(name, path)
    if MODELS[name][1] == "network":
        model.classifier[0].p = rates["classifier"]
    else:
        model = type(model).from_pretrained(path, attn_implementation="eager", **rates)
    torch.manual_seed(1)
    with np.load(pathlib.Path(folder) / "first.npz") as archive, torch.no_grad():
        arrays = {k: archive[k] for k in archive.files}
        return [loss_of(model.train(), arrays).item() for _ in range(count)]


def folder_of(name: str, folder: str) -> str:
    return str(pathlib.Path(folder) / ("model.pth" if MODELS[name][1] == "network" else "model"))


def gradients_of(name: str, folder: str, type: torch.dtype = torch.float32,
                 layout: torch.memory_format = torch.contiguous_format) -> dict:
    model = opened(name, folder_of(name, folder)).to(type).to(memory_format=layout).train()
    with np.load(pathlib.Path(folder) / "first.npz") as archive:
        loss_of(model, {k: archive[k] for k in archive.files}).backward()
    return {key: parameter.grad.double() for key, parameter in model.named_parameters()}


def gradients(name: str, folder: str, moved: str, rate: float) -> list[tuple[str, float, float]]:
    """For each parameter its name, its largest gradient, and how far ours is, from a file after one plain step."""
    before, after = (dict(opened(name, path).named_parameters()) for path in (folder_of(name, folder), moved))
    rows = []
    for key, gradient in gradients_of(name, folder).items():
        found = (before[key].detach().double() - after[key].detach().double()) / rate
        rows.append((key, gradient.abs().max().item(), (found - gradient).abs().max().item()))
    return rows
