"""The models whose training is measured, and one batch each: `python training_models.py FOLDER MODEL`. Needs PyTorch.

`MODEL` 'head' makes what a last layer learns from.
"""
import pathlib
import sys

MODELS = {"resnet18": 8, "resnet50": 8, "bert-base": 8, "gpt2": 4}  # and their batches
SEQUENCE = 128
# By which the last scale of every residual block begins (Goyal et al. 2017, section 5.1, begin with nothing). With 1, a
# seeded ResNet-50 turns rounding into other gradients: PyTorch's own third loss, from beginnings a millionth apart, is off
# by 2.6 %, and says nothing about ours. With a fifth it is within 3e-5, and every layer learns
BLOCK_SCALE = 0.2
HEAD_SAMPLES = 64  # from which a last layer learns


def files(home: pathlib.Path, name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """What we load, and the batch with its labels as 'targets'."""
    model = home / (f"train-{name}.pth" if name.startswith("resnet") else f"train-{name}")
    return model, home / f"train-{name}.npz"


def pretrained(home: pathlib.Path, name: str) -> pathlib.Path:
    """The residual network whose last layer alone learns."""
    return home / f"{name}.pth"


def head_data(home: pathlib.Path) -> pathlib.Path:
    """Pictures and their classes."""
    return home / "train-head.npz"


def made(home: pathlib.Path, name: str) -> bool:
    return all(file.exists() for file in files(home, name))


def residual_network(name: str, weights: pathlib.Path):
    """One of torchvision's, with the weights of a file."""
    import torch
    import torchvision
    model = getattr(torchvision.models, name)(weights=None)
    model.load_state_dict(torch.load(weights))
    return model


def with_small_blocks(model):
    """The same network, whose residual blocks add little at first."""
    import torch
    from torchvision.models.resnet import BasicBlock, Bottleneck
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (BasicBlock, Bottleneck)):
                (module.bn3 if isinstance(module, Bottleneck) else module.bn2).weight.mul_(BLOCK_SCALE)
    return model


def library_model(home: pathlib.Path, name: str, is_new: bool = False):
    """In training mode, without dropout, so that two libraries do the same work."""
    import torch
    torch.manual_seed(11)
    if name.startswith("resnet"):
        if is_new:
            return with_small_blocks(residual_network(name, pretrained(home, name)))
        return residual_network(name, files(home, name)[0]).train()
    from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel
    if name == "gpt2":
        kind, config = GPT2LMHeadModel, GPT2Config(resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, use_cache=False)
    else:
        kind = BertForSequenceClassification
        config = BertConfig(hidden_dropout_prob=0, attention_probs_dropout_prob=0, num_labels=2)
    return (kind(config) if is_new else kind.from_pretrained(files(home, name)[0])).train()


def batch(name: str) -> dict:
    import torch
    chance = torch.Generator().manual_seed(5)
    count = MODELS[name]
    if name.startswith("resnet"):
        return {"input": torch.randn(count, 3, 224, 224, generator=chance),
                "targets": torch.randint(0, 1000, (count,), generator=chance)}
    tokens = torch.randint(1000, 5000, (count, SEQUENCE), generator=chance)
    mask = torch.ones(count, SEQUENCE, dtype=torch.long)
    if name == "gpt2":
        return {"input_ids": tokens, "attention_mask": mask,
                "targets": torch.randint(1000, 5000, (count, SEQUENCE), generator=chance)}
    return {"input_ids": tokens, "attention_mask": mask,
            "token_type_ids": torch.zeros(count, SEQUENCE, dtype=torch.long),
            "targets": torch.randint(0, 2, (count,), generator=chance)}


def main(home: pathlib.Path, name: str) -> None:
    import numpy as np
    if name == "head":
        chance = np.random.default_rng(7)
        pictures = chance.standard_normal((HEAD_SAMPLES, 3, 224, 224), dtype=np.float32)
        np.savez(head_data(home), input=pictures, labels=chance.integers(0, 1000, HEAD_SAMPLES))
        return
    model, feeds = files(home, name)
    network = library_model(home, name, is_new=True)
    if name.startswith("resnet"):
        import torch
        torch.save(network.state_dict(), model)
    else:
        network.save_pretrained(model)
    np.savez(feeds, **{key: value.numpy() for key, value in batch(name).items()})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
