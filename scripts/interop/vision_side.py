"""What transformers, timm and torchvision are asked about vision transformers and CLIP. Arrays travel as .npz files."""
import pathlib
import tempfile
from functools import partial

import numpy as np
import timm
import torch
import torchvision
import transformers as t
from safetensors.torch import load_file, save_file
from timm.layers import SwiGLUPacked
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import nn

import openai_clip
from common import pictures
from pretrained import complete

torch.set_num_threads(2)
WIDTH, LAYERS, HEADS, CLASSES, IMAGE, PATCH = 128, 3, 2, 10, 64, 16
GATED = 344  # what DINOv2 makes of 4 · 128: two thirds of it, up to a multiple of 8
SIZES = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "patch_size": PATCH,
         "image_size": IMAGE}
LABELS = {"id2label": {i: f"label {i}" for i in range(CLASSES)}, "label2id": {f"label {i}": i for i in range(CLASSES)}}
PLAIN = {**SIZES, "intermediate_size": 4 * WIDTH, "layer_norm_eps": 1e-12}
TIMM = {"img_size": IMAGE, "patch_size": PATCH, "embed_dim": WIDTH, "depth": LAYERS, "num_heads": HEADS}
TOWER = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": 4 * WIDTH}
CLIP = {"text_config": {**TOWER, "vocab_size": 90, "max_position_embeddings": 16, "eos_token_id": 89, "bos_token_id": 88,
                        "pad_token_id": 89},
        "vision_config": {**TOWER, "image_size": IMAGE, "patch_size": PATCH}, "projection_dim": 64}
CLIP_SIZES = (64, IMAGE, PATCH, WIDTH, LAYERS, 16, 90, WIDTH, LAYERS, HEADS)


def in_timm(**more) -> nn.Module:
    return VisionTransformer(**{**TIMM, "num_classes": 0, **more})


class Authors:
    """A model that timm runs, in the file of its authors: their names and axes, read by timm's own code for them."""

    def __init__(self, model: nn.Module, shapes: dict):
        self.model, self.num_classes = model.eval(), model.num_classes
        self.table = {name: nn.Parameter(torch.zeros(shape), requires_grad=False) for name, shape in shapes.items()}

    def named_parameters(self):
        return self.table.items()

    def state_dict(self) -> dict:
        return {name: tensor.data for name, tensor in self.table.items()}

    def load_state_dict(self, loaded: dict, strict: bool = True) -> None:
        ours, theirs = ({k: tuple(v.shape) for k, v in d.items()} for d in (loaded, self.table))
        if ours != theirs:
            raise ValueError(f"the file differs from the authors' in {sorted(ours.items() ^ theirs.items())[:4]}")
        self.table = {name: nn.Parameter(tensor, requires_grad=False) for name, tensor in loaded.items()}

    def eval(self) -> "Authors":
        return self


class OfMeta(Authors):
    """DINOv2 as in its `.pth` files."""

    def __init__(self, gated: bool = False, registers: int = 0):
        gates = {"mlp_ratio": 2 * GATED / WIDTH, "mlp_layer": SwiGLUPacked, "act_layer": nn.SiLU} if gated else {}
        model = in_timm(init_values=1.0, reg_tokens=registers, no_embed_class=registers > 0, **gates)
        shapes = {"mask_token": (1, WIDTH)}
        for name, tensor in model.state_dict().items():
            if gated:
                name = name.replace("fc1", "w12").replace("fc2", "w3")
            shape = list(tensor.shape)
            shape[1:2] = [shape[1] + 1] if registers and name == "pos_embed" else shape[1:2]
            shapes["register_tokens" if name == "reg_token" else name] = shape
        super().__init__(model, shapes)

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        self.model.load_state_dict(checkpoint_filter_fn(self.state_dict(), self.model), strict=True)
        return self.model.forward_features(images)


class OfGoogle(Authors):
    """ViT as in the `.npz` files of Google's JAX code."""

    def __init__(self):
        size = WIDTH // HEADS
        dense = {"MlpBlock_3/Dense_0": (WIDTH, 4 * WIDTH), "MlpBlock_3/Dense_1": (4 * WIDTH, WIDTH)}
        shapes = {"cls": (1, 1, WIDTH), "embedding/kernel": (PATCH, PATCH, 3, WIDTH), "embedding/bias": (WIDTH,),
                  "Transformer/posembed_input/pos_embedding": (1, (IMAGE // PATCH) ** 2 + 1, WIDTH),
                  "Transformer/encoder_norm/scale": (WIDTH,), "Transformer/encoder_norm/bias": (WIDTH,),
                  "head/kernel": (WIDTH, CLASSES), "head/bias": (CLASSES,)}
        for i in range(LAYERS):
            block = f"Transformer/encoderblock_{i}"
            for norm in ("LayerNorm_0", "LayerNorm_2"):
                shapes |= {f"{block}/{norm}/scale": (WIDTH,), f"{block}/{norm}/bias": (WIDTH,)}
            for layer, kernel in dense.items():
                shapes |= {f"{block}/{layer}/kernel": kernel, f"{block}/{layer}/bias": kernel[1:]}
            for part in ("query", "key", "value"):
                name = f"{block}/MultiHeadDotProductAttention_1/{part}"
                shapes |= {f"{name}/kernel": (WIDTH, HEADS, size), f"{name}/bias": (HEADS, size)}
            name = f"{block}/MultiHeadDotProductAttention_1/out"
            shapes |= {f"{name}/kernel": (HEADS, size, WIDTH), f"{name}/bias": (WIDTH,)}
        super().__init__(in_timm(num_classes=CLASSES), shapes)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        with tempfile.TemporaryDirectory() as scratch:
            self.save(pathlib.Path(scratch) / "model.npz")
            self.model.load_pretrained(f"{scratch}/model.npz")
        return self.model(images)

    def save(self, file: pathlib.Path) -> None:
        np.savez(file, **{name: tensor.numpy() for name, tensor in self.state_dict().items()})


NETWORKS = {
    "vit": {
        "huggingface": lambda: t.ViTForImageClassification(t.ViTConfig(**PLAIN, **LABELS)),
        "timm": lambda: in_timm(num_classes=CLASSES),
        "torchvision": lambda: torchvision.models.VisionTransformer(IMAGE, PATCH, LAYERS, HEADS, WIDTH, 4 * WIDTH,
                                                                    num_classes=CLASSES),
        "google": OfGoogle},
    "vit-bare": {"huggingface": lambda: t.ViTModel(t.ViTConfig(**PLAIN), add_pooling_layer=False), "timm": in_timm},
    "vit-pooled": {"huggingface": lambda: t.ViTModel(t.ViTConfig(**PLAIN))},
    "deit": {"huggingface": lambda: t.DeiTForImageClassification(t.DeiTConfig(**PLAIN, **LABELS))},
    "deit-distilled": {
        "huggingface": lambda: t.DeiTForImageClassificationWithTeacher(t.DeiTConfig(**PLAIN, **LABELS)),
        "timm": lambda: VisionTransformerDistilled(**TIMM, num_classes=CLASSES)},
    "dinov2": {"huggingface": lambda: t.Dinov2Model(t.Dinov2Config(**SIZES)), "timm": lambda: in_timm(init_values=1.0),
               "meta": OfMeta},
    "dinov2-gated": {
        "huggingface": lambda: t.Dinov2Model(t.Dinov2Config(**SIZES, use_swiglu_ffn=True)),
        "timm": lambda: in_timm(init_values=1.0, mlp_ratio=2 * GATED / WIDTH, mlp_layer=SwiGLUPacked, act_layer=nn.SiLU),
        "meta": lambda: OfMeta(gated=True)},
    "dinov2-classes": {
        "huggingface": lambda: t.Dinov2ForImageClassification(t.Dinov2Config(**SIZES, **LABELS))},
    "dinov2-registers": {
        "huggingface": lambda: t.Dinov2WithRegistersModel(t.Dinov2WithRegistersConfig(**SIZES)),
        "timm": lambda: in_timm(init_values=1.0, reg_tokens=4, no_embed_class=True),
        "meta": lambda: OfMeta(registers=4)},
    "dinov2-registers-classes": {
        "huggingface": lambda: t.Dinov2WithRegistersForImageClassification(
            t.Dinov2WithRegistersConfig(**SIZES, **LABELS, use_swiglu_ffn=True))},
    "clip-tower": {"timm": lambda: in_timm(num_classes=64, pre_norm=True, norm_layer=partial(nn.LayerNorm, eps=1e-5))},
    "clip-tower-quickgelu": {
        "timm": lambda: in_timm(num_classes=64, pre_norm=True, norm_layer=partial(nn.LayerNorm, eps=1e-5),
                                act_layer="quick_gelu")},
    "clip": {"huggingface": lambda: t.CLIPModel(t.CLIPConfig(**CLIP)),
             "openai": lambda: openai_clip.CLIP(*CLIP_SIZES)},
}


def seeded(model: nn.Module, seed: int) -> nn.Module:
    """Weights so large that heads, positions and scales show; normalisations that are not 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        is_gain = parameter.ndim == 1 and not name.endswith("bias")
        fan = parameter[0].numel() if parameter.ndim > 1 and "token" not in name and "pos" not in name else 1
        with torch.no_grad():
            parameter.copy_(1 + 0.3 * noise if is_gain else noise / fan ** 0.5 * (1 if parameter.ndim > 1 else 0.3))
    if hasattr(model, "logit_scale"):
        with torch.no_grad():
            model.logit_scale.fill_(1.5)
    return model.eval()


# What OpenAI's archives hold beside the weights
NOTES = {"input_resolution": IMAGE, "context_length": 16, "vocab_size": 90}


def save_archive(model: nn.Module, inputs: dict, file: pathlib.Path) -> None:
    """As OpenAI published its CLIP: a TorchScript archive, its large matrices in half precision."""
    halves = [name for name, p in model.named_parameters()
              if p.ndim > 1 and "embedding" not in name or ".attn." in name or ".mlp." in name]
    for name, parameter in model.named_parameters():
        if name in halves:
            parameter.data = parameter.data.half().float()
    copy = openai_clip.CLIP(*CLIP_SIZES).eval()
    copy.load_state_dict(model.state_dict())
    for name, value in NOTES.items():
        copy.register_buffer(name, torch.tensor(value))
    given = tuple(torch.as_tensor(inputs[name]) for name in ("pixel_values", "input_ids"))
    traced = torch.jit.trace(copy, given, strict=False, check_trace=False)
    for name, parameter in traced.named_parameters():
        if name in halves:
            parameter.data = parameter.data.half()
    traced.save(file)


def make(name: str, library: str, folder: str, seed: int) -> None:
    """A seeded model in its library's own files, with what goes in and what comes out."""
    home = pathlib.Path(folder)
    model = seeded(NETWORKS[name][library](), seed)
    if library == "huggingface":
        model.save_pretrained(home / "model")
    elif library == "timm":
        model.pretrained_cfg = model.default_cfg = {
            "architecture": name, "num_classes": getattr(model, "num_classes", 0), "input_size": (3, IMAGE, IMAGE),
            "crop_pct": 0.9, "interpolation": "bicubic", "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.3)}
        timm.models._hub.save_for_hf(model, home / "model", safe_serialization=True)
    elif library == "google":
        model.save(home / "model.npz")
    elif library != "openai":
        torch.save(model.state_dict(), home / "model.pth")
    inputs = {"pixel_values": pictures(seed, IMAGE, 3)}
    if name == "clip":
        ids = np.random.default_rng(seed).integers(0, 88, (3, 9))
        mask = np.ones_like(ids)
        for row, length in enumerate((9, 6, 4)):
            ids[row, length - 1:], mask[row, length:] = 89, 0
        inputs |= {"input_ids": ids, "attention_mask": mask}
    if library == "openai":
        save_archive(model, inputs, home / "model.pt")
    np.savez(home / "input.npz", **inputs)
    np.savez(home / "golden.npz", **answers(model, inputs))


def answers(model: nn.Module, given: dict) -> dict:
    """Every output under transformers' name for it."""
    inputs = {name: torch.as_tensor(array) for name, array in given.items()}
    with torch.inference_mode():
        if isinstance(model, (t.CLIPModel, openai_clip.CLIP)):
            found = model(**inputs)
            names = ("logits_per_image", "logits_per_text", "text_embeds", "image_embeds")
            found = {name: found[name] for name in names}
        elif isinstance(model, t.PreTrainedModel):
            found = dict(model(**inputs).items())
            found = {"logits": found["logits"]} if "logits" in found else found
        elif getattr(model, "num_classes", 0):
            found = {"logits": model(inputs["pixel_values"])}
        else:
            found = {"last_hidden_state": model.forward_features(inputs["pixel_values"])}
    return {name: tensor.numpy() for name, tensor in found.items()}


def answer(model: nn.Module, inputs: str, out: str) -> None:
    with np.load(inputs) as given:
        np.savez(out, **answers(model.eval(), dict(given)))


def pretrained(name: str, folder: str, inputs: str, out: str) -> None:
    """from_pretrained, which must find every weight and nothing besides."""
    made = NETWORKS[name]["huggingface"]()
    more = {"add_pooling_layer": False} if name == "vit-bare" else {}
    answer(complete(type(made), folder, dtype=torch.float32, **more), inputs, out)


def tensors(file: str, format: str) -> dict:
    """The file's tensors, by the reader that its users have."""
    if file.endswith(".pt"):
        return dict(torch.jit.load(file).state_dict())
    if format == "pytorch":
        return torch.load(file, weights_only=True)
    if format == "safetensors":
        return load_file(file)
    with np.load(file) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def state(name: str, library: str, file: str, format: str, inputs: str, out: str) -> None:
    """The library's own model with the weights of a file: names and shapes are the library's, none more, none less."""
    loaded = {k: v for k, v in tensors(file, format).items() if k not in NOTES}
    model = NETWORKS[name][library]()
    if library == "huggingface":  # names on disk are not those in memory: its own loader knows both
        home = pathlib.Path(out).parent / "beside"
        model.save_pretrained(home)
        (home / "model.safetensors").unlink()
        save_file({k: v.contiguous() for k, v in loaded.items()}, home / "model.safetensors", {"format": "pt"})
        return pretrained(name, str(home), inputs, out)
    model.load_state_dict(loaded, strict=True)
    answer(model, inputs, out)


def same_tensors(left: str, right: str) -> int:
    """How many tensors two files of the same model hold: names, types, shapes and bytes are alike."""
    formats = {".pth": "pytorch", ".pt": "pytorch", ".npz": "npz", ".safetensors": "safetensors"}
    a, b = ({k: v for k, v in tensors(f, formats[pathlib.Path(f).suffix]).items() if k not in NOTES}
            for f in (left, right))
    if a.keys() != b.keys():
        # A graph's weights have their names in the whole model (`vit.`), those of a bare one begin behind that
        prefix = next((k.removesuffix(next(iter(a))) for k in b if k.endswith("." + next(iter(a)))), "")
        b = {k.removeprefix(prefix): v for k, v in b.items()}
    if a.keys() != b.keys():
        raise ValueError(f"names lost {sorted(a.keys() - b.keys())[:3]}, invented {sorted(b.keys() - a.keys())[:3]}")
    for name, tensor in a.items():
        if tensor.dtype != b[name].dtype or not torch.equal(tensor, b[name]):
            raise ValueError(f"{name} is another tensor")
    return len(a)


def visual(file: str, inputs: str, out: str) -> None:
    """The tower for pictures of OpenAI's names, by timm's own filter for such files."""
    model = VisionTransformer(**TIMM, num_classes=64, pre_norm=True, act_layer=timm.layers.QuickGELU,
                              norm_layer=timm.layers.LayerNorm)
    model.load_state_dict(checkpoint_filter_fn(tensors(file, "pytorch"), model), strict=True)
    with np.load(inputs) as given, torch.inference_mode():
        vectors = model.eval()(torch.from_numpy(given["pixel_values"]))
    np.savez(out, image_embeds=nn.functional.normalize(vectors).numpy())
