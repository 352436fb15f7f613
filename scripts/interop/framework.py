"""A real framework in its own process: PyTorch and TensorFlow cannot share one."""
import importlib
import multiprocessing
import os
import pathlib
import sys
from concurrent.futures import ProcessPoolExecutor

THREADS = 2


def prepare(log: str) -> None:
    """In the new process: its chatter into a log, no GPU, few threads."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1",
                   "OMP_NUM_THREADS": str(THREADS), "TF_NUM_INTRAOP_THREADS": str(THREADS)}
    here = pathlib.Path(__file__).resolve().parent
    sys.path[:0] = [str(here), str(here.parent / "fixtures")]


def answer(module: str, function: str, arguments: dict):
    return getattr(importlib.import_module(module), function)(**arguments)


class Framework:
    """`Framework("torch_side").logits(file=…)` calls the function in the module's own process."""

    def __init__(self, module: str, logs: pathlib.Path):
        self.module = module
        self.pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), prepare,
                                        (str(logs / f"{module}.log"),))

    def __getattr__(self, function: str):
        return lambda **arguments: self.pool.submit(answer, self.module, function, arguments).result()

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
