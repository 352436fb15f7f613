"""Makes the models that attend and their inputs, once: `python attention_sources.py FOLDER MODEL`. Needs PyTorch.

Each model is a directory by its library and an ONNX file that it exports, with attention written out, which is what ONNX
Runtime's optimizer fuses; where it can, there is a fused file too.
"""
import pathlib
import subprocess
import sys

SEQUENCE = 128
BATCHES = (1, 8)
MODELS = ("minilm", "bert-base", "gpt2", "vit-base")
SCRIPTS = pathlib.Path(__file__).resolve().parent.parent


def files(home: pathlib.Path, name: str) -> list[pathlib.Path]:
    """What is fed and what is run: directory, plain graph, and the fused one where the optimizer knows the family."""
    graphs = [name, f"{name}.onnx"] + ([f"{name}-fused.onnx"] if name in ("minilm", "bert-base") else [])
    return [home / graph for graph in graphs]


def feeds(home: pathlib.Path, name: str, batch: int) -> pathlib.Path:
    return home / f"{name}-{batch}.npz"


def made(home: pathlib.Path, name: str) -> bool:
    return all(file.exists() for file in files(home, name) + [feeds(home, name, batch) for batch in BATCHES])


def library_model(name: str):
    """The model with seeded weights; MiniLM has its published ones."""
    import torch
    from transformers import (AutoModel, BertConfig, BertModel, GPT2Config, GPT2LMHeadModel, ViTConfig,
                              ViTForImageClassification)
    torch.manual_seed(7)
    eager = {"attn_implementation": "eager"}
    if name == "minilm":
        folder = subprocess.run([SCRIPTS / "fetch-models.sh", "minilm"], check=True, capture_output=True, text=True)
        return AutoModel.from_pretrained(folder.stdout.strip().splitlines()[-1], **eager).eval()
    if name == "bert-base":
        return BertModel(BertConfig(**eager)).eval()
    if name == "gpt2":
        return GPT2LMHeadModel(GPT2Config(**eager)).eval()
    model = ViTForImageClassification(ViTConfig(num_labels=1000, **eager))
    # The library begins with a head of zeros, which any graph agrees with.
    torch.nn.init.normal_(model.classifier.weight, std=0.02)
    return model.eval()


def inputs(name: str, batch: int) -> dict:
    import torch
    chance = torch.Generator().manual_seed(batch)
    if name == "vit-base":
        return {"pixel_values": torch.randn(batch, 3, 224, 224, generator=chance)}
    tokens = {"input_ids": torch.randint(1000, 5000, (batch, SEQUENCE), generator=chance),
              "attention_mask": torch.ones(batch, SEQUENCE, dtype=torch.long)}
    if name != "gpt2":
        tokens["token_type_ids"] = torch.zeros(batch, SEQUENCE, dtype=torch.long)
    return tokens


def export(model, file: pathlib.Path, feed: dict, outputs: list[str]) -> None:
    import torch

    class ByName(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *values):
            more = {"use_cache": False} if hasattr(model.config, "n_head") else {}
            results = self.model(**dict(zip(feed, values)), **more)
            return tuple(results[name] for name in outputs)

    with torch.no_grad():
        torch.onnx.export(ByName(), tuple(feed.values()), file, dynamo=False, opset_version=17,
                          input_names=list(feed), output_names=outputs,
                          dynamic_axes={value: {0: "batch"} for value in [*feed, *outputs]})


def main(home: pathlib.Path, name: str) -> None:
    import numpy as np
    home.mkdir(parents=True, exist_ok=True)
    model = library_model(name)
    for batch in BATCHES:
        np.savez(feeds(home, name, batch), **{key: value.numpy() for key, value in inputs(name, batch).items()})
    folder, graph, *fused = files(home, name)
    model.save_pretrained(folder)
    export(model, graph, inputs(name, 2), ["logits"] if name in ("gpt2", "vit-base")
           else ["last_hidden_state", "pooler_output"])
    if fused:
        from onnxruntime.transformers import optimizer
        optimized = optimizer.optimize_model(str(graph), model_type="bert", opt_level=0, use_gpu=False,
                                             num_heads=model.config.num_attention_heads,
                                             hidden_size=model.config.hidden_size)
        count = optimized.get_fused_operator_statistics()["Attention"]
        if count != model.config.num_hidden_layers:
            raise RuntimeError(f"{name}: the optimizer fused the attention of {count} layers only")
        optimized.save_model_to_file(str(fused[0]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
