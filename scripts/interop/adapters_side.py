"""What peft is asked: adapters to begin with, ten steps of its own, and what it makes of an adapter of ours."""
import pathlib

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import ModulesToSaveWrapper

import training_side
from steps_torch import step_losses
from training_names import settings

CLASSIFIER = {"modules_to_save": ["classifier"]}
CASES = {
    "bert": ("bert", dict(r=4, lora_alpha=8, target_modules=["query", "value"], task_type="SEQ_CLS")),
    "bert-dora": ("bert", dict(r=4, lora_alpha=8, target_modules="all-linear", use_dora=True, **CLASSIFIER)),
    "gpt2": ("gpt2", dict(r=4, lora_alpha=8, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")),
    "llama": ("llama", dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")),
    "llama-dora": ("llama", dict(r=4, lora_alpha=8, target_modules="all-linear", use_dora=True, task_type="CAUSAL_LM")),
    "resnet": ("resnet", dict(r=2, lora_alpha=2, target_modules=["conv1", "conv2"], modules_to_save=["fc"])),
}


def make(name: str, folder: str, seed: int) -> None:
    base, given = CASES[name]
    training_side.make(base, folder, seed)
    home = pathlib.Path(folder)
    torch.manual_seed(seed)
    model = get_peft_model(opened(name, folder), LoraConfig(**given))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.normal_(0, 0.1)
    model.save_pretrained(home / "adapter")
    with np.load(home / "first.npz") as archive:
        np.savez(home / "input.npz", **{k: archive[k] for k in archive.files if k != "labels"})


def opened(name: str, folder: str) -> torch.nn.Module:
    base = CASES[name][0]
    return training_side.opened(base, training_side.folder_of(base, folder))


def steps(name: str, folder: str, optimizer: str) -> list[float]:
    """The losses of ten steps; batch normalisations of a frozen network keep what they know."""
    model = PeftModel.from_pretrained(opened(name, folder), pathlib.Path(folder) / "adapter", is_trainable=True).eval()
    return step_losses(model, optimizer, *settings(CASES[name][0], optimizer), training_side.batches(folder))


def logits(model: torch.nn.Module, folder: str) -> np.ndarray:
    with np.load(pathlib.Path(folder) / "input.npz") as archive:
        given = {k: torch.from_numpy(archive[k]) for k in archive.files}
    with torch.inference_mode():
        answer = model(given["input"]) if "input" in given else model(**given)
    return (answer if isinstance(answer, torch.Tensor) else answer.logits).numpy()


def answers(name: str, folder: str, adapter: str) -> tuple[np.ndarray, np.ndarray]:
    """With an adapter of ours beside the weights, and merged; every weight of it must find its place."""
    wanted = PeftModel.from_pretrained(opened(name, folder), pathlib.Path(folder) / "adapter")
    model = PeftModel.from_pretrained(opened(name, folder), adapter)
    ours = {k for k in model.state_dict() if "lora_" in k or "modules_to_save" in k}
    theirs = {k for k in wanted.state_dict() if "lora_" in k or "modules_to_save" in k}
    if ours != theirs:
        raise ValueError(f"peft finds other modules: {sorted(ours ^ theirs)[:3]}")
    if not any(isinstance(m, ModulesToSaveWrapper) for m in model.modules()) and CASES[name][1].get("modules_to_save"):
        raise ValueError("peft finds no saved module")
    beside = logits(model.eval(), folder)
    return beside, logits(model.merge_and_unload().eval(), folder)


def plain(name: str, folder: str, file: str) -> np.ndarray:
    """The base's library on a file in which ours merged an adapter."""
    return logits(training_side.opened(CASES[name][0], file).eval(), folder)
