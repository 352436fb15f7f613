"""What transformers and timm say about photographs, with their own preparation of pictures by Pillow."""
import pathlib
import shutil

import numpy as np
import skimage
import timm
import torch
import transformers as t
from PIL import Image
from tokenizers.pre_tokenizers import ByteLevel

from sight_names import PHOTOGRAPHS, TEXTS
from vision_side import CLASSES, IMAGE, NETWORKS, PATCH, TOWER, seeded



def make(name: str, folder: str, seed: int) -> None:
    """A directory as from_pretrained takes it, the photographs, and what the library says about them."""
    home = pathlib.Path(folder)
    model_home, answers = home / "model", {}
    data = pathlib.Path(skimage.__file__).parent / "data"
    for photograph in PHOTOGRAPHS:
        shutil.copy(data / photograph, home)
    images = [Image.open(home / photograph).convert("RGB") for photograph in PHOTOGRAPHS]
    if name.startswith("timm"):
        model = seeded(NETWORKS["vit"]["timm"](), seed)
        cfg = {"architecture": name, "num_classes": CLASSES, "input_size": (3, IMAGE, IMAGE), "crop_pct": 0.9,
               "interpolation": "bicubic", "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.3),
               "label_names": [f"label {i}" for i in range(CLASSES)]}
        model.pretrained_cfg = model.default_cfg = cfg
        timm.models._hub.save_for_hf(model, model_home, safe_serialization=True)
        transform = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=cfg))
        with torch.inference_mode():
            answers["scores"] = model(torch.stack([transform(i) for i in images])).softmax(-1)
    elif name == "vit":
        model = seeded(NETWORKS["vit"]["huggingface"](), seed)
        processor = t.ViTImageProcessorPil(size={"height": IMAGE, "width": IMAGE})
        with torch.inference_mode():
            answers["scores"] = model(**processor(images, return_tensors="pt")).logits.softmax(-1)
    elif name == "dinov2":
        model = seeded(NETWORKS["dinov2"]["huggingface"](), seed)
        processor = t.BitImageProcessorPil(size={"shortest_edge": 77}, resample=3,
                                           crop_size={"height": IMAGE, "width": IMAGE})
        with torch.inference_mode():
            answers["embeddings"] = model(**processor(images, return_tensors="pt")).pooler_output
    else:
        model, processor, tokenizer = clip(seed)
        t.CLIPProcessor(processor, tokenizer).save_pretrained(model_home)
        given = tokenizer(TEXTS, padding=True, return_tensors="pt") | processor(images, return_tensors="pt")
        with torch.inference_mode():
            answer = model(**given)
        answers = {"scores": answer.logits_per_image.softmax(-1), "image_embeds": answer.image_embeds,
                   "text_embeds": answer.text_embeds}
    if not name.startswith("timm"):
        model.save_pretrained(model_home)
    if name in ("vit", "dinov2"):
        processor.save_pretrained(model_home)
    np.savez(home / "golden.npz", **{key: value.numpy() for key, value in answers.items()})


def clip(seed: int) -> tuple:
    """A CLIP with a tokenizer of single characters and a few merges."""
    alphabet = sorted(ByteLevel.alphabet())
    merges = [("a", "t</w>"), ("c", "at</w>"), ("o", "f</w>"), ("p", "h"), ("ph", "o"), ("t", "o</w>"),
              ("pho", "to</w>")]
    tokens = alphabet + [c + "</w>" for c in alphabet] + ["".join(m) for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = t.CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=merges,
                                model_max_length=64)
    end = len(tokens) - 1
    config = t.CLIPConfig(
        text_config={**TOWER, "vocab_size": end + 1, "max_position_embeddings": 64, "eos_token_id": end,
                     "bos_token_id": end - 1, "pad_token_id": end},
        vision_config={**TOWER, "image_size": IMAGE, "patch_size": PATCH}, projection_dim=64)
    processor = t.CLIPImageProcessorPil(size={"shortest_edge": IMAGE}, crop_size={"height": IMAGE, "width": IMAGE})
    return seeded(t.CLIPModel(config), seed), processor, tokenizer
