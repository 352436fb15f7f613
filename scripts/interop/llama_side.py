"""What llama.cpp is asked, in its own Python (scripts/llama.sh): tokens of texts, logits, vectors of tokens, scores of classes.

One question, as JSON on the standard input: file, texts, kind (tokens, vectors, classes, seq2seq), out, and the GELU
that the model means, if it has one: then each text is answered twice, as llama.cpp does (`table0` …) and with that
GELU (`answer0` …). Everything is float32, the past too, and attention is computed step by step.
"""
import ctypes
import json
import sys

import llama_cpp
import numpy as np

from llama_gelu import Gelu

POOLING_NONE, POOLING_RANK = 0, 4
FLASH_OFF = 0
F32 = 0


@llama_cpp.llama_log_callback
def log(level, text, data):
    if level >= 3:
        sys.stderr.write(text.decode(errors="replace"))


def tokens(vocabulary, text: str) -> list[int]:
    raw = text.encode()
    room = (llama_cpp.llama_token * (len(raw) + 16))()
    count = llama_cpp.llama_tokenize(vocabulary, raw, len(raw), room, len(room), True, True)
    if count < 0:
        raise ValueError(f"{text!r} has more than {len(room)} tokens")
    return list(room[:count])


def batch(ids: list[int]):
    made = llama_cpp.llama_batch_init(len(ids), 0, 1)
    made.n_tokens = len(ids)
    for place, token in enumerate(ids):
        made.token[place], made.pos[place] = token, place
        made.n_seq_id[place], made.seq_id[place][0], made.logits[place] = 1, 0, True
    return made


def rows(get, count: int, width: int) -> np.ndarray:
    return np.stack([np.ctypeslib.as_array(get(place), (width,)).copy() for place in range(count)])


def run(what, context, ids: list[int]) -> None:
    if code := what(context, batch(ids)):
        raise ValueError(f"llama.cpp ended with {code}")


def main() -> None:
    asked = json.load(sys.stdin)
    llama_cpp.llama_log_set(log, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    settings = llama_cpp.llama_model_default_params()
    settings.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(asked["file"].encode(), settings)
    if not model:
        raise ValueError("llama.cpp does not open it")
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    gelu = Gelu(asked["gelu"]) if asked.get("gelu") else None
    answers = {}
    for index, text in enumerate(asked["texts"]):
        ids = answers[f"ids{index}"] = tokens(vocabulary, text)
        if asked.get("ids"):
            ids = asked["ids"][index]
        answers[f"answer{index}"] = answer(model, asked, ids, gelu)
        if gelu:
            answers[f"table{index}"] = answer(model, asked, ids, None)
    if gelu:
        gelu.check_table()
        if not gelu.seen:
            raise ValueError("no GELU was seen")
    np.savez(asked["out"], **answers)


def answer(model, asked: dict, ids: list[int], gelu: Gelu | None) -> np.ndarray:
    kind = asked["kind"]
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    width = llama_cpp.llama_model_n_embd(model)
    context = llama_cpp.llama_context_default_params()
    context.n_ctx = context.n_batch = context.n_ubatch = max(len(ids), 64)
    context.n_threads = context.n_threads_batch = 2
    context.type_k = context.type_v = F32
    context.flash_attn_type = FLASH_OFF
    context.embeddings = kind in ("vectors", "classes")
    context.pooling_type = {"vectors": POOLING_NONE, "classes": POOLING_RANK}.get(kind, context.pooling_type)
    if gelu:
        context.cb_eval = gelu.hook
    made = llama_cpp.llama_init_from_model(model, context)
    if kind == "tokens":
        run(llama_cpp.llama_decode, made, ids)
        found = rows(lambda i: llama_cpp.llama_get_logits_ith(made, i), len(ids), size)
    elif kind == "vectors":
        run(llama_cpp.llama_encode, made, ids)
        found = rows(lambda i: llama_cpp.llama_get_embeddings_ith(made, i), len(ids), width)
    elif kind == "classes":
        run(llama_cpp.llama_encode, made, ids)
        found = rows(lambda i: llama_cpp.llama_get_embeddings_seq(made, 0), 1, asked["classes"])
    else:
        run(llama_cpp.llama_encode, made, ids)
        start = llama_cpp.llama_model_decoder_start_token(model)
        written = [start, *asked["written"]]
        run(llama_cpp.llama_decode, made, written)
        found = rows(lambda i: llama_cpp.llama_get_logits_ith(made, i), len(written), size)
    llama_cpp.llama_free(made)
    if gelu and gelu.failure:
        raise ValueError(gelu.failure)
    return found


if __name__ == "__main__":
    main()
