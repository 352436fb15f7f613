"""What PyTorch is asked about whole runs of learning: the same recipe as ours, and how good a model is."""
import math
import pathlib
import time

import gguf
import numpy as np
import torch
import torchvision
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import pre_tokenizers
from torch.nn.functional import cross_entropy, log_softmax

import learning_data
import text_decoders
import text_encoders
import training_side
import vision_side
from digits import WIDTHS
from llama_models import PLAIN, SIZES, TOKENIZERS
from pretrained import complete
from steps_torch import groups
from train_digits_torch import SmallResNet

torch.set_num_threads(2)
HEADS = {"mobilenet": "classifier.1", "resnet": "fc"}


def network(kind: str, classes: int) -> torch.nn.Module:
    if kind == "mobilenet":
        return torchvision.models.mobilenet_v2(num_classes=classes, dropout=0.0)
    return SmallResNet(WIDTHS, classes)


def opened(kind: str, file: str) -> torch.nn.Module:
    state = load_file(file) if file.endswith(".safetensors") else torch.load(file, weights_only=True)
    model = network(kind, len(state[HEADS[kind] + ".bias"]))
    model.load_state_dict(state, strict=True)
    return model


def begin(kind: str, file: str, out: str, classes: int) -> None:
    """The checkpoint with a new last layer."""
    torch.manual_seed(learning_data.SEED)
    model = opened(kind, file)
    last = model.get_submodule(HEADS[kind])
    *outer, name = HEADS[kind].split(".")
    owner = model.get_submodule(".".join(outer))
    setattr(owner, name, torch.nn.Linear(last.in_features, classes))
    torch.save(model.state_dict(), out)


def batches(data: str, part: str, labels: list[str], size: int, mean: list, std: list) -> tuple[torch.Tensor, torch.Tensor]:
    """All pictures of a part, cut out of their middle."""
    rows = learning_data.read(data, part)
    arrays = []
    for path, _ in rows:
        picture = np.asarray(Image.open(pathlib.Path(data) / path), dtype=np.float32) / 255
        edge = (len(picture) - size) // 2
        arrays.append((picture[edge:edge + size, edge:edge + size] - np.float32(mean)) / np.float32(std))
    given = torch.from_numpy(np.stack(arrays).transpose(0, 3, 1, 2).copy())
    return given, torch.tensor([labels.index(label) for _, label in rows])


def steps(count: int, epochs: int, batch: int, rate: float, optimizer: torch.optim.Optimizer, loss) -> None:
    """A cosine over all epochs, in the order in which samples lie."""
    total, step = math.ceil(count / batch) * epochs, 0
    for _ in range(epochs):
        for start in range(0, count, batch):
            for group in optimizer.param_groups:
                group["lr"] = rate * (1 + math.cos(math.pi * step / total)) / 2
            optimizer.zero_grad()
            loss(slice(start, min(start + batch, count))).backward()
            optimizer.step()
            step += 1


def scores(logits: torch.Tensor, targets: torch.Tensor) -> dict:
    return {"accuracy": (logits.argmax(1) == targets).float().mean().item(), "loss": cross_entropy(logits, targets).item()}


def answers(model: torch.nn.Module, given: torch.Tensor) -> torch.Tensor:
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(part) for part in given.split(50)])


def moved(file: str, out: str, seed: int) -> None:
    """The checkpoint with each number moved by about a millionth of itself."""
    chance = torch.Generator().manual_seed(seed)
    torch.save({name: value * (1 + 1e-6 * torch.randn(value.shape, generator=chance)) if value.is_floating_point() else value
                for name, value in torch.load(file).items()}, out)


def pictures(kind: str, file: str, data: str, labels: list[str], spec: dict, method: str, epochs: int, batch: int, rate: float,
             decay: float) -> dict:
    """The recipe from a checkpoint; how good it gets, and how long it takes."""
    torch.manual_seed(learning_data.SEED)
    model = opened(kind, file)
    given, targets = batches(data, "train", labels, **spec)
    began = time.perf_counter()
    if method == "head":
        last = model.get_submodule(HEADS[kind])
        features = []
        hook = last.register_forward_hook(lambda _, inputs, __: features.append(inputs[0]))
        answers(model, given)
        hook.remove()
        known = torch.cat(features).clone()
        steps(len(known), epochs, batch, rate, torch.optim.AdamW(groups(last, decay), lr=rate),
              lambda part: cross_entropy(last(known[part]), targets[part]))
    else:
        model.train()
        steps(len(given), epochs, batch, rate, torch.optim.AdamW(groups(model, decay), lr=rate),
              lambda part: cross_entropy(model(given[part]), targets[part]))
    seconds = time.perf_counter() - began
    given, targets = batches(data, "val", labels, **spec)
    return scores(answers(model, given), targets) | {"seconds": seconds}


def judged(kind: str, file: str, data: str, labels: list[str], spec: dict) -> dict:
    given, targets = batches(data, "val", labels, **spec)
    return scores(answers(opened(kind, file), given), targets)


def stepped(kind: str, file: str, out: str, data: str, labels: list[str], spec: dict, rate: float) -> dict:
    """How far a plain step over all pictures ends from one in double precision: as `out` has it, and as PyTorch takes it in
    single precision. `statistics`: the worst running one, as a part of its tensor's largest; `gradients`: the same for
    parameters, the median of all."""
    given, targets = batches(data, "train", labels, **spec)

    def step(precision: torch.dtype) -> tuple[dict, dict]:
        model = opened(kind, file).to(precision).train()
        cross_entropy(model(given.to(precision)), targets).backward()
        return ({name: value.double() for name, value in model.named_buffers() if value.is_floating_point()},
                {name: value.grad.double() for name, value in model.named_parameters()})

    def far(found: dict, exact: dict) -> list[float]:
        return sorted(((found[name] - value).abs().max() / value.abs().max()).item() for name, value in exact.items())

    before, after = (torch.load(path, weights_only=True) for path in (file, out))
    exact = step(torch.float64)
    ours = ({name: after[name].double() for name in exact[0]},
            {name: (before[name].double() - after[name].double()) / rate for name in exact[1]})
    result = {}
    for whose, (statistics, gradients) in (("ours", ours), ("theirs", step(torch.float32))):
        away = far(gradients, exact[1])
        result[whose] = {"statistics": far(statistics, exact[0])[-1], "gradients": away[len(away) // 2]}
    return result


# -------- texts

def encoded(tokenizer, texts: list[str], length: int) -> dict:
    return tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")


def classifier(source: str, labels: list[str] | None = None):
    """With a new head for `labels`, or as it is."""
    kind = transformers.AutoModelForSequenceClassification
    if labels is None:
        model = complete(kind, source)
    else:
        torch.manual_seed(learning_data.SEED)
        numbers = {label: number for number, label in enumerate(labels)}
        model = kind.from_pretrained(source, id2label=dict(enumerate(labels)), label2id=numbers)
    return model.eval(), transformers.AutoTokenizer.from_pretrained(source)


def begin_texts(source: str, out: str, labels: list[str]) -> None:
    for part in classifier(source, labels):
        part.save_pretrained(out)


def text_scores(model, tokenizer, data: str, length: int) -> dict:
    rows = learning_data.read(data, "val")
    with torch.inference_mode():
        logits = torch.cat([model(**encoded(tokenizer, [text for text, _ in rows[at:at + 50]], length)).logits
                            for at in range(0, len(rows), 50)])
    return scores(logits, torch.tensor([model.config.label2id[label] for _, label in rows]))


def text_judged(folder: str, data: str, length: int) -> dict:
    return text_scores(*classifier(folder), data, length)


def texts(folder: str, data: str, length: int, method: str, epochs: int, batch: int, rate: float, decay: float) -> dict:
    """The recipe for a classifier of texts, without dropout."""
    model, tokenizer = classifier(folder)
    rows = learning_data.read(data, "train")
    targets = torch.tensor([model.config.label2id[label] for _, label in rows])
    began = time.perf_counter()
    if method == "head":
        last, features = model.classifier, []
        hook = last.register_forward_hook(lambda _, inputs, __: features.append(inputs[0]))
        with torch.inference_mode():
            for at in range(0, len(rows), 50):
                model(**encoded(tokenizer, [text for text, _ in rows[at:at + 50]], length))
        hook.remove()
        known = torch.cat(features).clone()
        steps(len(rows), epochs, batch, rate, torch.optim.AdamW(groups(last, decay), lr=rate),
              lambda part: cross_entropy(last(known[part]), targets[part]))
    else:
        steps(len(rows), epochs, batch, rate, torch.optim.AdamW(groups(model, decay), lr=rate),
              lambda part: cross_entropy(
                  model(**encoded(tokenizer, [text for text, _ in rows[part]], length)).logits, targets[part]))
    return text_scores(model, tokenizer, data, length) | {"seconds": time.perf_counter() - began}


def cut_as_said(tokenizer, source: str) -> None:
    """What transformers does not take from a GGUF file: how a text is cut before its parts are merged."""
    kind = gguf.GGUFReader(source).get_field("tokenizer.ggml.pre")
    if kind and kind.contents() == "smollm":  # as in the tokenizer.json that SmolLM2 is published with
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])


def perplexity(source: str, file: str, length: int, adapter: str | None = None, words: str | None = None) -> float:
    """Of a text in blocks, by a model of a directory or a GGUF file, with an adapter of peft's kind or without.

    `words` is a directory with the tokenizer, if it is not the model's own.
    """
    path = pathlib.Path(source)
    place = {"gguf_file": path.name} if path.suffix == ".gguf" else {}
    home = str(path.parent) if place else source
    model = transformers.AutoModelForCausalLM.from_pretrained(home, dtype=torch.float32, **place).eval()
    if adapter:
        from peft import PeftModel
        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    tokenizer = transformers.AutoTokenizer.from_pretrained(words or home, **({} if words else place))
    if place and not words:
        cut_as_said(tokenizer, source)
    ids = tokenizer.encode(pathlib.Path(file).read_text(), add_special_tokens=False)
    total, count = 0.0, 0
    with torch.inference_mode():
        for at in range(0, len(ids) - length + 1, length):
            block = torch.tensor([ids[at:at + length]])
            logits = log_softmax(model(block).logits[0, :-1].double(), -1)
            total -= logits.gather(1, block[0, 1:, None]).sum().item()
            count += block.shape[1] - 1
    return math.exp(total / count)


# -------- small models, to learn in each format

def small_network(state: str, file: str) -> None:
    """The network of a PyTorch file in another file of its frameworks."""
    if file.endswith(".pth"):
        torch.save(torch.load(state, weights_only=True), file)
    elif file.endswith(".safetensors"):
        save_file(torch.load(state, weights_only=True), file)
    else:
        torch.onnx.export(opened("resnet", state).eval(), (torch.zeros(2, 3, 32, 32),), file, dynamo=True,
                          external_data=False, input_names=["pictures"], output_names=["logits"],
                          dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False)


def small_vit(folder: str) -> None:
    vision_side.seeded(training_side.vit(), learning_data.SEED).save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 24, "width": 24}).save_pretrained(folder)


def learned(source: str, file: str, images: str, out: str) -> None:
    given = torch.from_numpy(np.load(images).transpose(0, 3, 1, 2).copy())
    np.save(out, answers(opened("resnet", file), given).numpy())


def learned_vit(source: str, file: str, images: str, out: str) -> None:
    model = complete(transformers.AutoModelForImageClassification, file)
    given = torch.from_numpy(np.load(images).transpose(0, 3, 1, 2).copy())
    with torch.inference_mode():
        np.save(out, model.eval()(given).logits.numpy())


def small_texts(kind: str, folder: str) -> None:
    """A small model of transformers, with its tokenizer."""
    words = {"bert": ("bert", {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"})}.get(
        kind, ("llama2", {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZERS / f"{words[0]}.json"), **words[1])
    count = len(tokenizer)
    if kind == "bert":
        model = text_encoders.seeded(transformers.BertModel(transformers.BertConfig(
            **PLAIN, vocab_size=count, pad_token_id=tokenizer.pad_token_id)), learning_data.SEED)
    else:
        model = text_decoders.seeded(transformers.LlamaForCausalLM(transformers.LlamaConfig(
            **SIZES, vocab_size=count, rms_norm_eps=1e-5, bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id)), learning_data.SEED)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def same_blocks(source: str, file: str) -> None:
    """Whether two GGUF files have the same tensors, of the same types, and the same facts about the model."""
    left, right = (gguf.GGUFReader(path) for path in (source, file))
    before, after = ({t.name: (t.tensor_type, tuple(t.shape)) for t in reader.tensors} for reader in (left, right))
    if before != after:
        wrong = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        raise ValueError(f"tensors differ: {[(n, before.get(n), after.get(n)) for n in wrong[:2]]}")
    if lost := set(left.fields) - set(right.fields):
        raise ValueError(f"lost {sorted(lost)[:3]}")
