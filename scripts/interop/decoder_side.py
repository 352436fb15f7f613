"""What transformers and ONNX Runtime are asked about decoders. Arrays travel as .npz files."""
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

import meta_llama
import text_decoders
from pretrained import complete

torch.set_num_threads(2)
NAMES = {"ids": "input_ids", "mask": "attention_mask", "decoder_ids": "decoder_input_ids"}


def models() -> dict:
    """Those of the fixtures, and some that differ where KerasHub leaves no choice."""
    sizes = text_decoders.SIZES
    t5 = {k: v for k, v in text_decoders.T5_SIZES.items() if not k.startswith("relative")}
    return text_decoders.models() | {
        "gemma2-hub": transformers.Gemma2ForCausalLM(transformers.Gemma2Config(
            **sizes, head_dim=12, sliding_window=4, query_pre_attn_scalar=12, attn_logit_softcapping=2.0,
            final_logit_softcapping=5.0)),
        "gemma3-hub": transformers.Gemma3ForCausalLM(transformers.Gemma3TextConfig(
            **{**sizes, "num_hidden_layers": 7, "num_key_value_heads": 1}, head_dim=12, sliding_window=4,
            query_pre_attn_scalar=12, sliding_window_pattern=6)),
        "t5-hub": transformers.T5ForConditionalGeneration(transformers.T5Config(**t5)),
        "t5-gated-hub": transformers.T5ForConditionalGeneration(transformers.T5Config(
            **t5, feed_forward_proj="gated-gelu")),
    }


def make(name: str, folder: str, seed: int) -> None:
    """A seeded decoder in the library's own directory, with inputs and logits."""
    model = text_decoders.seeded(models()[name], seed)
    home = pathlib.Path(folder)
    model.save_pretrained(home / "model")
    golden = text_decoders.arrays(model, name, seed)
    np.savez(home / "golden.npz", logits=golden["logits"], mask=golden["mask"])
    np.savez(home / "input.npz", **{theirs: golden[ours] for ours, theirs in NAMES.items() if ours in golden})


def kind(name: str):
    return AutoModelForSeq2SeqLM if name.startswith("t5") else AutoModelForCausalLM


def answer(model: torch.nn.Module, inputs: str, out: str) -> None:
    with np.load(inputs) as given, torch.inference_mode():
        logits = model.eval()(**{k: torch.tensor(given[k]) for k in given.files}).logits
    np.savez(out, logits=logits.float().numpy())


def pretrained(name: str, folder: str, inputs: str, out: str) -> None:
    """from_pretrained, which must find every weight and nothing besides."""
    answer(complete(kind(name), folder, attn_implementation="eager"), inputs, out)


def gguf(name: str, file: str, config: str, inputs: str, out: str) -> None:
    """The tensors of a GGUF file under transformers' names, by llama.cpp's own table and its converter's rules."""
    import gguf as library
    from gguf.quants import dequantize
    reader = library.GGUFReader(file)
    said = bytes(reader.fields["general.architecture"].parts[-1]).decode()
    architecture = next(a for a, text in library.MODEL_ARCH_NAMES.items() if text == said)
    model = kind(name).from_config(AutoConfig.from_pretrained(config), attn_implementation="eager")
    table = library.get_tensor_name_map(architecture, model.config.num_hidden_layers)
    tensors = {t.name: torch.tensor(dequantize(t.data, t.tensor_type).reshape(tuple(int(n) for n in reversed(t.shape))))
               for t in reader.tensors}
    tensors.pop("rope_freqs.weight", None)  # no weight: what the configuration's scaling comes to
    state, lost = {}, []
    for key, value in model.state_dict().items():
        found = table.get_name(key, try_suffixes=(".weight", ".bias"))
        if found not in tensors:
            if key != "lm_head.weight":
                lost.append(key)
            continue
        tensor = tensors.pop(found)
        if said == "llama" and text_decoders.heads_of(key):  # rows in pairs
            heads = text_decoders.heads_of(key)
            tensor = tensor.reshape(heads, -1, 2, *tensor.shape[1:]).transpose(1, 2).reshape(tensor.shape)
        if said.startswith("gemma") and key.endswith("norm.weight"):
            tensor = tensor - 1
        if said == "gpt2" and key.split(".")[-2] in ("c_attn", "c_fc", "c_proj") and tensor.dim() == 2:
            tensor = tensor.T
        state[key] = tensor.reshape(value.shape)
    if tensors or lost:
        raise ValueError(f"tensors that nobody knows {sorted(tensors)[:3]}, missing {lost[:3]}")
    model.load_state_dict(state, strict=False)
    model.tie_weights()
    answer(model, inputs, out)


def meta(folder: str, inputs: str, out: str) -> None:
    """What the authors' own program makes of a directory of theirs."""
    with np.load(inputs) as given, torch.inference_mode():
        answers = meta_llama.logits(folder, *(torch.tensor(given[k]) for k in ("input_ids", "attention_mask")))
    np.savez(out, logits=answers.numpy())


def state(name: str, file: str, format: str, config: str, inputs: str, out: str) -> None:
    """A model made of the configuration, with the weights of a file: none may be unexpected, only tied ones missing."""
    loaded = load_file(file) if format == "safetensors" else torch.load(file, weights_only=True)
    model = kind(name).from_config(AutoConfig.from_pretrained(config), attn_implementation="eager")
    # What a file has apart stays apart, whatever the configuration ties: from_pretrained does so, too
    head = loaded.get("lm_head.weight")
    if head is not None:
        model.get_output_embeddings().weight = torch.nn.Parameter(torch.empty_like(head))
    missing, unexpected = model.load_state_dict(loaded, strict=False)
    if head is None:
        model.tie_weights()
    tied = {k for k in missing if k.endswith(("lm_head.weight", "embed_tokens.weight"))}
    if unexpected or set(missing) - tied:
        raise ValueError(f"unexpected {unexpected[:3]}, missing {sorted(set(missing) - tied)[:3]}")
    answer(model, inputs, out)


def onnx_logits(file: str, inputs: str, out: str, pieces: list) -> None:
    """Full check, then the logits of a text in pieces, each with the past that the piece before gave.

    An encoder is given its text with the first piece, and an empty one with all others.
    """
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    with np.load(inputs) as archive:
        given = dict(archive)
    past = {i.name: np.zeros([len(given["input_ids"]), i.shape[1], 0, i.shape[3]], np.float32)
            for i in session.get_inputs() if i.name.startswith("past_key_values.")}
    if not past:
        raise ValueError("the graph takes no past")
    names = [o.name for o in session.get_outputs()]
    grows = "decoder_input_ids" if "decoder_input_ids" in given else "input_ids"
    parts, end = [], 0
    for piece in pieces:
        begin, end = end, end + piece
        feed = {"attention_mask": given["attention_mask"][:, :end], grows: given[grows][:, begin:end]}
        if grows != "input_ids":
            read = given["input_ids"]
            feed |= {"attention_mask": given["attention_mask"], "input_ids": read if begin == 0 else read[:, :0]}
        answers = dict(zip(names, session.run(names, feed | past)))
        past = {name: answers[name.replace("past_key_values", "present")] for name in past}
        parts.append(answers["logits"])
    if end != given[grows].shape[1]:
        raise ValueError(f"the pieces have {end} tokens, and the text {given[grows].shape[1]}")
    np.savez(out, logits=np.concatenate(parts, axis=1))


def widened(file: str) -> torch.nn.Module:
    """The model of a GGUF file, its blocks as floats."""
    path = pathlib.Path(file)
    return AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()


def stored(file: str, inputs: str, out: str) -> None:
    """The logits of several texts, under their names."""
    model = widened(file)
    with np.load(inputs) as given, torch.inference_mode():
        np.savez(out, **{name: model(torch.tensor(given[name])).logits.numpy() for name in given.files})


def likeliest(file: str, prompts: list[list[int]], count: int) -> list[list[int]]:
    """What follows each prompt, up to the token that ends a text."""
    model = widened(file)
    end = model.config.eos_token_id
    return [model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=count, eos_token_id=end,
                           pad_token_id=end)[0, len(ids):].tolist() for ids in prompts]
