"""PyTorch's steps of training, eager and in float32: makes some whenever a line on stdin says for how many seconds.

Each answer is a line of JSON with the milliseconds of every step. The first, when it is ready, has the losses of the first
steps and the peak of the memory.
"""
import argparse
import json
import pathlib
import resource
import sys
import time

import torch

import training_models

STEPS = 3  # whose losses are compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=pathlib.Path)
    parser.add_argument("model", choices=list(training_models.MODELS))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = training_models.library_model(options.home, options.model)
    feeds = training_models.batch(options.model)
    targets = feeds.pop("targets").flatten()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01)

    def step() -> float:
        optimizer.zero_grad()
        result = model(**feeds) if "input_ids" in feeds else model(*feeds.values())
        scores = result if isinstance(result, torch.Tensor) else result.logits
        loss = torch.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    losses = [step() for _ in range(STEPS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"losses": losses, "peakResidentBytes": peak}), flush=True)
    for line in sys.stdin:
        times, end = [], time.perf_counter() + float(line)
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            step()
            times.append(1000 * (time.perf_counter() - start))
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
