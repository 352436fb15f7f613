"""What transformers is asked about text encoders. Arrays travel as .npz files."""
import pathlib

import numpy as np
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoConfig

import text_encoders
from pretrained import complete

torch.set_num_threads(2)
CASES = text_encoders.CASES | {
    "bert-tanh": ("BertModel", transformers.BertConfig(**text_encoders.BERT, hidden_act="gelu_new")),
    "electra-tanh": ("ElectraModel", transformers.ElectraConfig(**text_encoders.ELECTRA, hidden_act="gelu_new")),
    "xlm-roberta": ("XLMRobertaModel", transformers.XLMRobertaConfig(**text_encoders.ROBERTA))}
# Heads on decoders, which are used as those of encoders are.
DECODER = text_encoders.SIZES | dict(num_key_value_heads=2, max_position_embeddings=32, pad_token_id=1,
                                     use_cache=False)
GPT2 = dict(vocab_size=text_encoders.VOCABULARY, n_positions=32, n_embd=24, n_layer=2, n_head=4, pad_token_id=1,
            use_cache=False)
CASES |= {
    "llama-text": ("LlamaForSequenceClassification", transformers.LlamaConfig(**DECODER, **text_encoders.LABELS)),
    "llama-tokens": ("LlamaForTokenClassification", transformers.LlamaConfig(**DECODER, **text_encoders.LABELS)),
    "llama-answers": ("LlamaForQuestionAnswering", transformers.LlamaConfig(**DECODER)),
    "mistral-answers": ("MistralForQuestionAnswering", transformers.MistralConfig(**DECODER, sliding_window=4)),
    "qwen2-answers": ("Qwen2ForQuestionAnswering", transformers.Qwen2Config(**DECODER)),
    "qwen3-tokens": ("Qwen3ForTokenClassification", transformers.Qwen3Config(**DECODER, head_dim=8, num_labels=5)),
    "gemma2-tokens": ("Gemma2ForTokenClassification", transformers.Gemma2Config(
        **DECODER, head_dim=8, query_pre_attn_scalar=8, sliding_window=4, num_labels=5)),
    "gpt2-text": ("GPT2ForSequenceClassification", transformers.GPT2Config(**GPT2, **text_encoders.LABELS)),
    "gpt2-tokens": ("GPT2ForTokenClassification", transformers.GPT2Config(**GPT2, num_labels=4)),
    "gpt2-answers": ("GPT2ForQuestionAnswering", transformers.GPT2Config(**GPT2))}
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def make(name: str, folder: str, seed: int) -> None:
    """A seeded encoder in the library's own directory, with inputs and outputs."""
    kind, config = CASES[name]
    config._attn_implementation = "eager"
    model = text_encoders.seeded(getattr(transformers, kind)(config), seed)
    home = pathlib.Path(folder)
    model.save_pretrained(home / "model")
    golden = text_encoders.arrays(model, seed)
    np.savez(home / "golden.npz", **{k: v for k, v in golden.items() if not k.startswith("hidden_")})
    np.savez(home / "input.npz", **{k: v for k, v in golden.items() if k in INPUTS})


def answer(model: torch.nn.Module, inputs: str, out: str) -> None:
    with np.load(inputs) as given, torch.inference_mode():
        answers = model.eval()(**{k: torch.tensor(given[k]) for k in given.files})
    np.savez(out, **{k: v.numpy() for k, v in answers.items() if isinstance(v, torch.Tensor)})  # and no past


def pretrained(name: str, folder: str, inputs: str, out: str, lost: str = "") -> None:
    """from_pretrained, which must find every weight, but those of the part that was lost on the way, and nothing besides."""
    kind = getattr(transformers, CASES[name][0])
    answer(complete(kind, folder, lost, attn_implementation="eager"), inputs, out)


def state(name: str, file: str, format: str, config: str, inputs: str, out: str) -> None:
    """A model made of the configuration, with the weights of a file: none may be unexpected, only tied ones missing."""
    loaded = load_file(file) if format == "safetensors" else torch.load(file, weights_only=True)
    made = getattr(transformers, CASES[name][0])
    model = made(AutoConfig.from_pretrained(config, attn_implementation="eager"))
    missing, unexpected = model.load_state_dict(loaded, strict=False)
    model.tie_weights()
    tied = {k for k in missing if k.endswith(("decoder.weight", "decoder.bias", "lm_head.weight", "projector.weight",
                                                   "encoder.embed_tokens.weight"))}
    if unexpected or set(missing) - tied:
        raise ValueError(f"unexpected {unexpected[:3]}, missing {sorted(set(missing) - tied)[:3]}")
    answer(model, inputs, out)


def gguf(name: str, file: str, config: str, inputs: str, out: str) -> None:
    """The tensors of a GGUF file under transformers' names, by llama.cpp's own table."""
    from gguf import GGUFReader, MODEL_ARCH_NAMES, get_tensor_name_map
    from gguf.quants import dequantize
    reader = GGUFReader(file)
    said = bytes(reader.fields["general.architecture"].parts[-1]).decode()
    arch = next(a for a, text in MODEL_ARCH_NAMES.items() if text == said)
    made = getattr(transformers, CASES[name][0])
    model = made(AutoConfig.from_pretrained(config, attn_implementation="eager"))
    table = get_tensor_name_map(arch, model.config.num_hidden_layers)
    tensors = {t.name: dequantize(t.data, t.tensor_type).reshape(tuple(int(n) for n in reversed(t.shape)))
               for t in reader.tensors}
    state, lost = {}, []
    for key, value in model.state_dict().items():
        short = key.removeprefix("bert.").removeprefix("roberta.").removeprefix("model.")
        found = table.get_name(short, try_suffixes=(".weight", ".bias")) or table.get_name(
            key, try_suffixes=(".weight", ".bias"))
        # Its converter's rules: the one layer of a classifier is the last of two, and a pooler's is the first
        part, _, kind = key.rpartition(".")
        rule = {"pooler.dense": "cls", "classifier.out_proj": "cls.output", "classifier": "cls.output",
                "classifier.dense": "cls", "head.dense": "cls", "head.norm": "cls.norm"}
        if part.removeprefix("bert.") in rule:
            found = f"{rule[part.removeprefix('bert.')]}.{kind}"
        if found in tensors:
            array = tensors.pop(found)
            if array.size != value.numel():  # llama.cpp leaves out the rows before the first position
                whole = value.numpy().copy()
                whole[-len(array):] = array
                array = whole
            state[key] = torch.tensor(array.reshape(value.shape))
        elif not any(part in key for part in ("pooler", "position_ids", "encoder.embed_tokens")):
            lost.append(key)
    if tensors or lost:
        raise ValueError(f"tensors that nobody knows {sorted(tensors)[:3]}, missing {lost[:3]}")
    model.load_state_dict(state, strict=False)
    model.tie_weights()
    answer(model, inputs, out)


def vectors(folder: str, texts: list[str], out: str) -> None:
    """The mean of each text's tokens, with length 1."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in texts:
        given = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            mean = model(**given).last_hidden_state[0].mean(0)
        rows.append((mean / mean.norm()).numpy())
    np.savez(out, embeddings=np.stack(rows))
