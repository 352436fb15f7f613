"""Decoding at batch 1: Menagerie beside llama.cpp on the same file and threads, and beside the memory's speed."""
import json
import pathlib
import statistics
import subprocess
import sys

from measured import figures, measured, seconds

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = HERE.parent
TYPES = ["float32", "bfloat16", "float16", "q8_0", "q4_0", "q4_1", "q4_K"]
# SmolLM2-135M is what the fetched package has; the other is seeded noise, too large for any cache.
MODELS = ["smollm2", "llama-400m"]
SIZES = {"vocabulary": 32000, "hidden": 2048, "layers": 8, "heads": 32, "key_value_heads": 8, "inner": 5632}
SEED = 31


def output_of(script: str, *options) -> str:
    done = subprocess.run([SCRIPTS / script, *options], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip().splitlines()[-1]


class Decoding:
    def __init__(self, bench):
        self.bench = bench
        self.home = bench.home / "decoding"
        self.peer = None

    def source(self, model: str) -> pathlib.Path:
        if model == "smollm2":
            return next(pathlib.Path(output_of("fetch-models.sh", "smollm2")).glob("*.gguf"))
        target = self.home / f"{model}.float32.gguf"
        if not target.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            write_seeded(target)
        return target

    def file(self, model: str, dtype: str) -> pathlib.Path:
        """The model in that type; in Q4_1 SmolLM2 is as it was published."""
        source = self.source(model)
        if (model, dtype) in (("smollm2", "q4_1"), ("llama-400m", "float32")):
            return source
        target = self.home / f"{model}.{dtype}.gguf"
        if not target.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            measured([self.bench.menagerie, "convert", source, target, "--dtype", dtype, "--no-verify"])
        return target

    def row(self, model: str, dtype: str, threads: int) -> dict:
        """Milliseconds a token; `ofMemory` is how fast weights are read, as a part of what the memory gives meanwhile."""
        file = self.file(model, dtype)
        self.peer = self.peer or output_of("llama.sh")
        options = ["--threads", threads, "--seconds", 1.5]

        def ours():
            return json.loads(measured([self.bench.menagerie, "bench", file, *options, "--json"]).output)

        def llama():
            return json.loads(measured([self.peer, HERE / "llama_peer.py", file, *options]).output)

        mine, theirs = self.bench.in_turn(ours, llama)

        def middle(runs, *keys):
            def at(run):
                for key in keys:
                    run = run[key]
                return run
            return statistics.median(at(run) for run in runs)

        step, peer = middle(mine, "decode", "milliseconds", "median"), middle(theirs, "decode", "median")
        memory = middle(mine, "memoryBytesPerSecond", "median")
        rate = middle(mine, "decode", "bytesPerSecond")
        return figures("ms", step, {"llama.cpp": peer}) | {
            "min": round(min(m["decode"]["milliseconds"]["min"] for m in mine), 3),
            "llamaMin": round(min(t["decode"]["min"] for t in theirs), 3),
            "gigabytesPerSecond": round(rate / 1e9, 2), "memoryGigabytesPerSecond": round(memory / 1e9, 2),
            "ofMemory": round(rate / memory, 2),
            "promptMilliseconds": round(middle(mine, "prefill", "milliseconds", "median"), 1),
            "llamaPromptMilliseconds": round(middle(theirs, "prefill", "median"), 1), "threads": threads, "batch": 1}

    def memory(self) -> dict:
        """Anonymous memory of writing 64 tokens from a mapped Q4 file, in parts of the file; beside llama.cpp's way, a copy."""
        file = self.file("smollm2", "q4_1")
        watched = measured([self.bench.menagerie, "generate", file, "--prompt", "Once upon a time", "--max-tokens", 64,
                            "--temperature", 0], watch=True)
        size = file.stat().st_size
        return {"unit": "MB", "ours": round(watched.anonymous / 1e6, 1), "neighbours": {"the file": round(size / 1e6, 1)},
                "ratio": round(size / max(watched.anonymous, 1), 2), "peakMegabytes": round(watched.peak / 1e6, 1)}

    def first_token(self) -> dict:
        """From the shell to the first token of SmolLM2, beside the import of llama-cpp-python alone."""
        file = self.file("smollm2", "q4_1")
        self.peer = self.peer or output_of("llama.sh")
        ours, peer = self.bench.in_turn(
            lambda: measured([self.bench.menagerie, "generate", file, "--prompt", "The capital of France is",
                              "--max-tokens", 1, "--temperature", 0]),
            lambda: measured([self.peer, "-c", "import llama_cpp"]))
        return seconds(ours, {"import llama_cpp": peer})

    def cases(self) -> dict:
        table = {"generate-memory": self.memory, "first-token": self.first_token}
        for model in MODELS:
            for dtype in TYPES:
                for threads in (1, 2):
                    table[f"decode-{model}-{dtype}-threads{threads}"] = (
                        lambda m=model, d=dtype, t=threads: self.row(m, d, t))
        return table


def write_seeded(target: pathlib.Path) -> None:
    """A Llama of noise in float32, with no words. The same on every machine."""
    import gguf
    import numpy as np

    random = np.random.default_rng(SEED)
    sizes = SIZES
    size, inner, vocabulary = sizes["hidden"], sizes["inner"], sizes["vocabulary"]
    narrow = size // sizes["heads"] * sizes["key_value_heads"]
    partial = target.with_suffix(".part")
    writer = gguf.GGUFWriter(partial, "llama")
    writer.add_block_count(sizes["layers"])
    writer.add_context_length(2048)
    writer.add_embedding_length(size)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(sizes["heads"])
    writer.add_head_count_kv(sizes["key_value_heads"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(size // sizes["heads"])
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("no_vocab")

    def add(name: str, *shape: int) -> None:
        if len(shape) == 1:
            values = np.ones(shape, np.float32)
        else:
            values = random.standard_normal(shape, np.float32)
            values *= shape[1] ** -0.5
        writer.add_tensor(f"{name}.weight", values)

    add("token_embd", vocabulary, size)
    for layer in range(sizes["layers"]):
        name = f"blk.{layer}"
        add(f"{name}.attn_norm", size)
        add(f"{name}.attn_q", size, size)
        add(f"{name}.attn_k", narrow, size)
        add(f"{name}.attn_v", narrow, size)
        add(f"{name}.attn_output", size, size)
        add(f"{name}.ffn_norm", size)
        add(f"{name}.ffn_gate", inner, size)
        add(f"{name}.ffn_up", inner, size)
        add(f"{name}.ffn_down", size, inner)
    add("output_norm", size)
    add("output", vocabulary, size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(target)


if __name__ == "__main__":
    write_seeded(pathlib.Path(sys.argv[1]))
