"""The plain recipe for a last layer in PyTorch: frozen layers under no_grad in every epoch, AdamW on the last.

Prints a line of JSON: the seconds of each epoch, the loss of every step, the peak of the memory.
"""
import argparse
import json
import pathlib
import resource
import time

import numpy as np
import torch

import training_models


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=pathlib.Path)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    weights = training_models.pretrained(options.home, options.model)
    model = training_models.residual_network(options.model, weights).eval()
    last, model.fc = model.fc, torch.nn.Identity()
    arrays = np.load(training_models.head_data(options.home))
    pictures, labels = torch.from_numpy(arrays["input"]), torch.from_numpy(arrays["labels"])
    # Norms and biases do not decay, as in our recipe
    optimizer = torch.optim.AdamW([{"params": [last.weight]}, {"params": [last.bias], "weight_decay": 0}], lr=options.rate,
                                  weight_decay=0.01)
    epochs, losses = [], []
    for _ in range(options.epochs):
        start = time.perf_counter()
        for first in range(0, len(pictures), options.batch):
            with torch.no_grad():
                features = model(pictures[first:first + options.batch])
            loss = torch.nn.functional.cross_entropy(last(features), labels[first:first + options.batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        epochs.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"epochs": epochs, "losses": losses, "peakResidentBytes": peak}))


if __name__ == "__main__":
    main()
