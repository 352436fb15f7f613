"""Llama and Mistral as their authors' own programs compute them, from a directory of theirs: `params.json` and
`consolidated.*.pth`. Written after the papers and the published parameters; it shares nothing with transformers."""
import json
import math
import pathlib

import torch
from torch.nn.functional import silu


def hidden_size(parameters: dict) -> int:
    if "hidden_dim" in parameters:
        return parameters["hidden_dim"]
    inner = int(2 * 4 * parameters["dim"] / 3)
    if parameters.get("ffn_dim_multiplier") is not None:
        inner = int(parameters["ffn_dim_multiplier"] * inner)
    return parameters["multiple_of"] * -(-inner // parameters["multiple_of"])


def turned(x: torch.Tensor, theta: float) -> torch.Tensor:
    """Neighbouring pairs of `[batch, sequence, heads, size]` turned as complex numbers."""
    size = x.shape[-1]
    speeds = theta ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    angles = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * speeds
    pairs = torch.view_as_complex(x.double().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)[:, None]).flatten(3)


def logits(folder: str, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    home = pathlib.Path(folder)
    said = json.loads((home / "params.json").read_text())
    files = sorted(home.glob("consolidated.*.pth"))
    if len(files) != 1:
        raise ValueError(f"{len(files)} parts, not one")
    state = {k: v.double() for k, v in torch.load(files[0], weights_only=True).items()}
    width, heads, shared = said["dim"], said["n_heads"], said["n_kv_heads"]
    size, inner = said.get("head_dim", width // heads), hidden_size(said)
    shapes = {"tok_embeddings": (said["vocab_size"], width), "output": (said["vocab_size"], width), "norm": (width,)}
    for layer in range(said["n_layers"]):
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in {
            "attention.wq": (heads * size, width), "attention.wk": (shared * size, width),
            "attention.wv": (shared * size, width), "attention.wo": (width, heads * size),
            "feed_forward.w1": (inner, width), "feed_forward.w2": (width, inner), "feed_forward.w3": (inner, width),
            "attention_norm": (width,), "ffn_norm": (width,)}.items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if found != {f"{name}.weight": shape for name, shape in shapes.items()}:
        raise ValueError(f"not the tensors that params.json describes: {set(found) ^ {f'{n}.weight' for n in shapes}}")

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + said["norm_eps"]) * state[f"{name}.weight"]

    def product(x, name):
        return x @ state[f"{name}.weight"].T

    batch, length = ids.shape
    i, j = torch.arange(length)[:, None], torch.arange(length)
    seen = (j <= i) & (i - j < (said.get("sliding_window") or length)) & mask.bool()[:, None, None]
    x = state["tok_embeddings.weight"][ids]
    for layer in range(said["n_layers"]):
        name = f"layers.{layer}.attention"
        y = norm(x, f"{name}_norm")
        q, k, v = (product(y, f"{name}.w{part}").reshape(batch, length, -1, size) for part in "qkv")
        q, k = (turned(t, said["rope_theta"]).transpose(1, 2) for t in (q, k))
        k, v = (t.repeat_interleave(heads // shared, 1) for t in (k, v.transpose(1, 2)))
        scores = (q @ k.transpose(2, 3) / math.sqrt(size)).masked_fill(~seen, -1e30)
        x = x + product((scores.softmax(-1) @ v).transpose(1, 2).flatten(2), f"{name}.wo")
        name = f"layers.{layer}.feed_forward"
        y = norm(x, f"layers.{layer}.ffn_norm")
        x = x + product(silu(product(y, f"{name}.w1")) * product(y, f"{name}.w3"), f"{name}.w2")
    return product(norm(x, "norm"), "output").float()
