"""What PyTorch is asked about states of optimisers: steps before and after, of its own or on our files."""
import pathlib

import numpy as np
import torch
from timm.optim import Lion
from torchvision.models.resnet import BasicBlock

import steps_torch
import training_side
from architectures_torch import TinyResNet
from common import pictures
from optimizer_names import FIRST, LATER
from seeded_torch import seeded
from training_names import BATCH

torch.set_num_threads(2)
SIZE, CLASSES, SEED = 45, 10, 1700
EPOCH = 3  # of the file that is gone on with
MODELS = {"bert": "bert", "gpt2": "gpt2"}


def groups(model):
    return steps_torch.groups(model, 0.05)


OPTIMIZERS = {
    "adamw": lambda m: torch.optim.AdamW(m.parameters(), lr=2e-3, weight_decay=0.05, betas=(0.8, 0.95), eps=1e-6),
    "adamw-groups": lambda m: torch.optim.AdamW(groups(m), lr=2e-3),
    "adam": lambda m: torch.optim.Adam(m.parameters(), lr=2e-3, weight_decay=0.01, amsgrad=True),
    "sgd": lambda m: torch.optim.SGD(m.parameters(), lr=0.02, momentum=0.8, nesterov=True, weight_decay=0.01),
    "rmsprop": lambda m: torch.optim.RMSprop(m.parameters(), lr=1e-3, momentum=0.5, centered=True),
    "adafactor": lambda m: torch.optim.Adafactor(m.parameters(), lr=5e-3),
    "lion": lambda m: Lion(m.parameters(), lr=3e-4, weight_decay=0.1),
    "lightning": lambda m: torch.optim.AdamW(m.parameters(), lr=2e-3),
    "bert": lambda m: torch.optim.AdamW(groups(m), lr=2e-3),
    "gpt2": lambda m: torch.optim.AdamW(m.parameters(), lr=2e-3),
}


def network(name: str) -> torch.nn.Module:
    if name in MODELS:
        build, how, _ = training_side.MODELS[name]
        return training_side.seeded(build(), how, SEED)
    model = TinyResNet(BasicBlock, [1, 2, 1, 1], [8, 12, 16, 24])
    return seeded(model, SEED, torch.from_numpy(pictures(SEED, SIZE, 16)))


def data(name: str) -> dict:
    kind = training_side.MODELS[MODELS[name]][2] if name in MODELS else "pictures"
    arrays = training_side.data(kind, SEED + 1)
    more = training_side.data(kind, SEED + 2)
    return {key: np.concatenate([arrays[key], more[key]])[:BATCH * (FIRST + LATER)] for key in arrays}


def steps(model, optimizer, arrays: dict) -> list[float]:
    losses = []
    model.train()
    count = len(arrays["labels"])
    for start in range(0, count, BATCH):
        optimizer.zero_grad()
        loss = steps_torch.loss_of(model, {k: v[start:start + BATCH] for k, v in arrays.items()})
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def places(name: str) -> tuple[str, str]:
    """Where a file has the weights, and where what the optimiser remembers."""
    return ("state_dict", "optimizer_states") if name == "lightning" else ("model_state_dict", "optimizer_state_dict")


def beside(name: str, epoch: int, step: int) -> dict:
    """What else a file of so many epochs and steps has."""
    if name != "lightning":
        return {"epoch": epoch, "args": {"lr": 2e-3, "names": ["a", None]}}
    return {
        "epoch": epoch, "global_step": step, "pytorch-lightning_version": "2.5.0",
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 1}}}},
        "lr_schedulers": [{"last_epoch": EPOCH, "base_lrs": [2e-3]}], "hyper_parameters": {"width": 8}}


def save(name: str, model, optimizer, path: pathlib.Path, epoch: int, step: int) -> None:
    weights, memory = model.state_dict(), optimizer.state_dict()
    if name == "lightning":
        weights, memory = {f"model.{k}": v for k, v in weights.items()}, [memory]
    torch.save(beside(name, epoch, step) | dict(zip(places(name), (weights, memory))), path)


def opened(name: str, path):
    """A model and its optimiser as a file has them, and what else is in it."""
    file = torch.load(path, weights_only=True)
    weights, memory = (file.pop(place) for place in places(name))
    if name == "lightning":
        weights, (memory,) = {k.removeprefix("model."): v for k, v in weights.items()}, memory
    model = network(name)
    model.load_state_dict(weights)
    optimizer = OPTIMIZERS[name](model)
    optimizer.load_state_dict(memory)
    return model, optimizer, file


def part(name: str, start: int, stop: int) -> dict:
    return {k: v[start * BATCH:stop * BATCH] for k, v in data(name).items()}


def begun_of(name: str, folder: str) -> pathlib.Path:
    """Alone in its folder, so that a configuration there is its own."""
    return pathlib.Path(folder) / "begun" / ("begun.ckpt" if name == "lightning" else "begun.pt")


def make(name: str, folder: str) -> None:
    home = pathlib.Path(folder)
    model = network(name)
    (home / "begun").mkdir()
    if name in MODELS:
        model.config.save_pretrained(home / "begun")  # numbers of heads do not show in weights
    optimizer = OPTIMIZERS[name](model)
    steps(model, optimizer, part(name, 0, FIRST))
    save(name, model, optimizer, begun_of(name, folder), EPOCH, FIRST)
    np.savez(home / "later.npz", **part(name, FIRST, FIRST + LATER))
    losses = steps(model, optimizer, part(name, FIRST, FIRST + LATER))
    np.save(home / "losses.npy", losses)
    save(name, model, optimizer, home / "whole.pt", EPOCH + 1, FIRST + LATER)


def numbered(model, optimizer) -> list:
    """The parameters with their names, in the order in which the state counts them."""
    names = {id(p): k for k, p in model.named_parameters()}
    return [(names[id(p)], p) for group in optimizer.param_groups for p in group["params"]]


def decided(name: str, values: torch.Tensor) -> torch.Tensor:
    """Of a parameter's numbers, or of what is remembered of them, those that learning decides.

    A key's bias changes no answer: its gradient is rounding, which these optimisers make large.
    """
    if name.endswith("key.bias"):
        return values[:0]
    if name.endswith("c_attn.bias"):  # of queries, keys and values
        query, _, value = values.chunk(3)
        return torch.cat([query, value])
    return values


def expect(found: dict, wanted: dict, of: str = "") -> None:
    """The first of the values that are others is told."""
    for key in found | wanted:
        if found.get(key, "nowhere") != wanted.get(key, "nowhere"):
            raise ValueError(f"{of}{key} is {found.get(key, 'nowhere')}, not {wanted.get(key, 'nowhere')}")


def farthest(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """0 of no numbers at all."""
    return (ours.double() - theirs.double()).abs().max().item() if theirs.numel() else 0.0


def distances(name: str, folder: str, model, optimizer) -> dict:
    """How far weights and what is remembered are from the uninterrupted run's, as a part of what moved most."""
    home = pathlib.Path(folder)
    begun, _, _ = opened(name, begun_of(name, folder))
    whole, state, _ = opened(name, home / "whole.pt")
    before, after = begun.state_dict(), whole.state_dict()
    moved = max(farthest(p, before[k]) for k, p in whole.named_parameters())
    named = numbered(model, optimizer)
    found = {k: farthest(decided(k, p), decided(k, after[k])) / moved for k, p in named}
    found |= {k: farthest(v, after[k]) / after[k].abs().max().item()
              for k, v in model.named_buffers() if k.endswith(("running_mean", "running_var"))}
    for index, memory in state.state_dict()["state"].items():
        own = optimizer.state_dict()["state"][index]
        if own.keys() != memory.keys():
            raise ValueError(f"of {named[index][0]} is remembered {sorted(own)}, not {sorted(memory)}")
        for slot, wanted in memory.items():
            mine, theirs = (decided(named[index][0], x) if x.dim() else x for x in (own[slot], wanted))
            if theirs.numel():
                found[f"{slot} of {named[index][0]}"] = farthest(mine, theirs) / theirs.abs().max().item()
    a, b = optimizer.state_dict()["param_groups"], state.state_dict()["param_groups"]
    for mine, theirs in zip(a, b, strict=True):
        expect(mine, theirs, "the group's ")
    return found


def goes_on(name: str, folder: str, file: str, done: int) -> dict:
    """From our file after so many steps through the others, and how far that is from the uninterrupted run."""
    model, optimizer, found = opened(name, file)
    expect(found, beside(name, EPOCH + 1, done))
    steps(model, optimizer, part(name, done, FIRST + LATER))
    return distances(name, folder, model, optimizer)
