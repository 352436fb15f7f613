"""llama.cpp in its own process: reading a prompt and writing after it, from a GGUF file, as JSON on stdout.

Run by the Python of scripts/llama.sh. The same work as `menagerie bench`: a prompt, then one token after the other,
any tokens, and no sampling; the cache and the kernels are llama.cpp's own choice.
"""
import argparse
import json
import statistics
import time

import llama_cpp as llama

RUN = 32


class Model:
    def __init__(self, file: str, threads: int, prompt: int):
        llama.llama_backend_init()
        llama.llama_log_set(silent, None)
        self.model = llama.llama_model_load_from_file(file.encode(), llama.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"error: llama.cpp does not load {file}")
        options = llama.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = prompt + RUN, prompt, prompt
        options.n_threads = options.n_threads_batch = threads
        self.context = llama.llama_init_from_model(self.model, options)
        self.vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self.model))

    def read(self, first: int, count: int) -> float:
        """Seconds for `count` tokens after `first` ones."""
        tokens = (llama.llama_token * count)(*(7919 * (first + i) % self.vocabulary for i in range(count)))
        start = time.perf_counter()
        if llama.llama_decode(self.context, llama.llama_batch_get_one(tokens, count)):
            raise SystemExit("error: llama.cpp does not read the tokens")
        llama.llama_synchronize(self.context)
        return time.perf_counter() - start

    def forget(self) -> None:
        llama.llama_memory_clear(llama.llama_get_memory(self.context), False)


@llama.llama_log_callback
def silent(level, text, data):
    pass


def spread(seconds: list[float]) -> dict:
    return {"median": 1000 * statistics.median(seconds), "min": 1000 * min(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prompt-tokens", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=2, help="how long to measure (default 2)")
    options = parser.parse_args()
    model = Model(options.file, options.threads, options.prompt_tokens)
    prompts, steps, end = [], [], None
    while end is None or time.perf_counter() < end or len(prompts) < 3:
        model.forget()
        prompt = model.read(0, options.prompt_tokens)
        written = [model.read(options.prompt_tokens + i, 1) for i in range(RUN)]
        if end is None:  # the first round does not count
            end = time.perf_counter() + options.seconds
            continue
        prompts.append(prompt)
        steps += written
    print(json.dumps({"prefill": spread(prompts), "decode": spread(steps), "version": llama.__version__}))


if __name__ == "__main__":
    main()
