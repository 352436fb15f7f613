"""Runs a command and measures it: seconds, peak resident memory, and peak memory that no file stands behind."""
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

MEGABYTE = 1e6


@dataclass(frozen=True)
class Measured:
    seconds: float
    peak: int
    anonymous: int
    output: str


def anonymous_bytes(process: int) -> int:
    try:
        for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def measured(command: list, watch: bool = False) -> Measured:
    """Raises RuntimeError with the last line of stderr if the command fails.

    `watch` samples the anonymous memory every 2 ms; without it nothing disturbs the timing.
    """
    command = [str(part) for part in command]
    read, write = os.pipe()
    highest, done = [0], threading.Event()
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=write, stderr=log)
        os.close(write)

        def sample():
            while not done.wait(0.002):
                highest[0] = max(highest[0], anonymous_bytes(process.pid))

        if watch:
            threading.Thread(target=sample, daemon=True).start()
        with os.fdopen(read, "rb") as stdout:
            output = stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        done.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        words = log.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        raise RuntimeError(f"{pathlib.Path(command[0]).name} {command[1]} ended with {process.returncode}: "
                           f"{words[-1] if words else ''}")
    return Measured(seconds, usage.ru_maxrss * 1024, highest[0], output)


def figures(unit: str, ours: float, neighbours: dict[str, float]) -> dict:
    rounded = {name: round(value, 4) for name, value in neighbours.items()}
    return {"unit": unit, "ours": round(ours, 4), "neighbours": rounded,
            "ratio": round(min(neighbours.values()) / ours, 2)}


def best_figures(unit: str, ours: tuple[float, float], neighbours: dict[str, tuple[float, float]]) -> dict:
    """Medians, and the best of all runs beside them."""
    bests = {name: round(best, 4) for name, (_, best) in neighbours.items()}
    return figures(unit, ours[0], {name: median for name, (median, _) in neighbours.items()}) | {
        "best": round(ours[1], 4), "neighboursBest": bests, "ratioOfBest": round(min(bests.values()) / ours[1], 2)}


def seconds(ours: list[Measured], neighbours: dict[str, list[Measured]]) -> dict:
    def middle(runs):
        return statistics.median(run.seconds for run in runs)
    return figures("s", middle(ours), {name: middle(runs) for name, runs in neighbours.items()})
