"""Seeded models of transformers that llama.cpp has, each with a tokenizer, and what transformers answers to a few texts."""
import json
import pathlib

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer

import text_decoders
import text_encoders

HERE = pathlib.Path(__file__).resolve().parent
TOKENIZERS = HERE.parent.parent / "Tests" / "Fixtures" / "tokenizers"
TEXTS = ["hello world, this is one text", "größe 123 and more 重み!", "a b c d e f g"]
SIZES = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=128)
PLAIN = {k: v for k, v in SIZES.items() if k != "num_key_value_heads"}
GPT2 = dict(n_positions=128, n_embd=64, n_layer=2, n_head=4)
T5 = dict(d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4, relative_attention_num_buckets=16,
          decoder_start_token_id=0, eos_token_id=1)
T5_ENCODER = dict(d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4)
LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 16}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}
LABELS = {"id2label": {0: "no", 1: "yes", 2: "perhaps"}}

# Class, configuration, tokenizer, what llama.cpp is asked. All have what published models have, and llama.cpp keys for.
CASES = {
    "llama": ("LlamaForCausalLM", transformers.LlamaConfig(**SIZES, rms_norm_eps=1e-5), "llama2", "tokens"),
    "llama3": ("LlamaForCausalLM", transformers.LlamaConfig(
        **SIZES, rope_parameters=LLAMA3, tie_word_embeddings=True), "llama3", "tokens"),
    "llama-yarn": ("LlamaForCausalLM", transformers.LlamaConfig(**SIZES, rope_parameters=YARN), "llama2", "tokens"),
    "mistral": ("MistralForCausalLM", transformers.MistralConfig(**SIZES, sliding_window=None), "llama2", "tokens"),
    "qwen2": ("Qwen2ForCausalLM", transformers.Qwen2Config(**SIZES, tie_word_embeddings=True), "qwen2", "tokens"),
    "qwen3": ("Qwen3ForCausalLM", transformers.Qwen3Config(**SIZES, head_dim=32), "qwen2", "tokens"),
    "gemma": ("GemmaForCausalLM", transformers.GemmaConfig(**SIZES, head_dim=32), "llama2", "tokens"),
    "gemma2": ("Gemma2ForCausalLM", transformers.Gemma2Config(
        **SIZES, head_dim=32, sliding_window=4, query_pre_attn_scalar=32), "llama2", "tokens"),
    "gemma3": ("Gemma3ForCausalLM", transformers.Gemma3TextConfig(
        **{**SIZES, "num_hidden_layers": 3}, head_dim=32, sliding_window=4, query_pre_attn_scalar=32,
        sliding_window_pattern=3), "llama2", "tokens"),
    "gpt2": ("GPT2LMHeadModel", transformers.GPT2Config(**GPT2), "gpt2", "tokens"),
    "t5": ("T5ForConditionalGeneration", transformers.T5Config(**T5), "unigram", "seq2seq"),
    "t5-gated": ("T5ForConditionalGeneration", transformers.T5Config(
        **T5, feed_forward_proj="gated-gelu", tie_word_embeddings=False), "unigram", "seq2seq"),
    "t5-encoder": ("T5EncoderModel", transformers.T5Config(**T5_ENCODER), "unigram", "vectors"),
    "t5-encoder-gated": ("T5EncoderModel", transformers.T5Config(
        **T5_ENCODER, feed_forward_proj="gated-gelu"), "unigram", "vectors"),
    "nomic": ("NomicBertModel", transformers.NomicBertConfig(**PLAIN), "bert", "vectors"),
    "bert": ("BertModel", transformers.BertConfig(**PLAIN), "bert", "vectors"),
    "bert-text": ("BertForSequenceClassification", transformers.BertConfig(**PLAIN, **LABELS), "bert", "classes"),
    "roberta": ("RobertaModel", transformers.RobertaConfig(
        **PLAIN, pad_token_id=1, type_vocab_size=1, layer_norm_eps=1e-5), "roberta", "vectors"),
    "roberta-text": ("RobertaForSequenceClassification", transformers.RobertaConfig(
        **PLAIN, **LABELS, pad_token_id=1, type_vocab_size=1), "roberta", "classes"),
    "xlm-roberta": ("XLMRobertaModel", transformers.XLMRobertaConfig(
        **PLAIN, pad_token_id=0, type_vocab_size=1), "unigram", "vectors"),
    "distilbert": ("DistilBertModel", transformers.DistilBertConfig(
        dim=64, n_layers=2, n_heads=4, hidden_dim=96, max_position_embeddings=128), "bert", "vectors"),
    "modernbert": ("ModernBertModel", transformers.ModernBertConfig(
        **{**PLAIN, "num_hidden_layers": 4}, local_attention=8, pad_token_id=0, cls_token_id=0, sep_token_id=0,
        bos_token_id=0, eos_token_id=0), "gpt2", "vectors"),
    "modernbert-text": ("ModernBertForSequenceClassification", transformers.ModernBertConfig(
        **{**PLAIN, "num_hidden_layers": 4}, **LABELS, local_attention=8, classifier_pooling="mean", pad_token_id=0,
        cls_token_id=0, sep_token_id=0, bos_token_id=0, eos_token_id=0), "gpt2", "classes"),
}
WRITTEN = [5, 9, 11, 4]


def make(name: str, folder: str, seed: int) -> None:
    """The directory as the library writes it, the texts' ids, and its answers."""
    kind, config, tokenizer, what = CASES[name]
    home = pathlib.Path(folder)
    # llama.cpp puts no space before a text of byte-level tokens
    text = (TOKENIZERS / f"{tokenizer}.json").read_text()
    if tokenizer == "roberta":
        described = json.loads(text)
        described["pre_tokenizer"]["add_prefix_space"] = described["post_processor"]["add_prefix_space"] = False
        text = json.dumps(described)
    read = Tokenizer.from_str(text)
    read.no_padding(), read.no_truncation()
    config.vocab_size = read.get_vocab_size()
    config._attn_implementation = "eager"
    specials = {"bos_token_id": "<s>", "eos_token_id": "</s>"} if tokenizer == "llama2" else {}
    for key, token in specials.items():
        setattr(config, key, read.token_to_id(token))
    seed_it = text_encoders.seeded if what in ("vectors", "classes") else text_decoders.seeded
    model = seed_it(getattr(transformers, kind)(config), seed)
    model.save_pretrained(home / "model")
    (home / "model" / "tokenizer.json").write_text(text)
    ids = [read.encode(text).ids for text in TEXTS]
    answers = {}
    for index, one in enumerate(ids):
        given = {"input_ids": torch.tensor([one])}
        if what == "seq2seq":
            given["decoder_input_ids"] = torch.tensor([[0, *WRITTEN]])
        with torch.inference_mode():
            answered = model(**given)
        array = (answered.last_hidden_state if what == "vectors" else answered.logits)[0].float().numpy()
        if what == "seq2seq" and getattr(config, "scale_decoder_outputs", config.tie_word_embeddings):
            # llama.cpp leaves out the scale before a tied head
            array = array * config.d_model ** 0.5
        answers[f"answer{index}"] = array
    np.savez(home / "golden.npz", **answers)
    (home / "ids.json").write_text(json.dumps(ids))
