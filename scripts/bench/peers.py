"""Neighbours that stay loaded, and are asked in turn with ours."""
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Peer:
    """A script that says a line when it is ready, and the milliseconds of each run whenever it is told for how many seconds."""

    def __init__(self, name: str, script: str, *arguments):
        self.name = name
        command = [sys.executable, "-W", "ignore", HERE / script, *arguments]
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.first = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        return json.loads(line)

    def times(self, seconds: float) -> list[float]:
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def spread(turns: list[list[float]]) -> tuple[float, float]:
    """The median of the turns' medians, and the best run of all."""
    return statistics.median(map(statistics.median, turns)), min(map(min, turns))


def own_spread(turns: list[dict]) -> tuple[float, float]:
    """The same of what `menagerie bench --json` says, turn by turn."""
    own = [turn["latencyMilliseconds"] for turn in turns]
    return statistics.median(each["median"] for each in own), min(each["min"] for each in own)
