"""The models whose training is measured, and one batch each: `python training_models.py FOLDER MODEL`. Needs PyTorch.

`MODEL` 'head' makes what a last layer learns from.
"""
import pathlib
import sys

MODELS = {"resnet18": 8, "resnet50": 8, "bert-base": 8, "gpt2": 4}  # and their batches
SEQUENCE = 128
HEAD_SAMPLES = 64  # from which a last layer learns


def files(home: pathlib.Path, name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """What we load, and the batch with its labels as 'targets'."""
    model = home / (f"{name}.pth" if name.startswith("resnet") else f"train-{name}")
    return model, home / f"train-{name}.npz"


def head_data(home: pathlib.Path) -> pathlib.Path:
    """Pictures and their classes."""
    return home / "train-head.npz"


def made(home: pathlib.Path, name: str) -> bool:
    return all(file.exists() for file in files(home, name))


def library_model(home: pathlib.Path, name: str, is_new: bool = False):
    """In training mode, without dropout, so that two libraries do the same work."""
    import torch
    torch.manual_seed(11)
    if name.startswith("resnet"):
        import torchvision
        model = getattr(torchvision.models, name)(weights=None)
        model.load_state_dict(torch.load(files(home, name)[0]))
        return model.train()
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
    if not name.startswith("resnet"):
        library_model(home, name, is_new=True).save_pretrained(model)
    np.savez(feeds, **{key: value.numpy() for key, value in batch(name).items()})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
