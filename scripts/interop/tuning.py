"""Steps of `menagerie finetune` on batches as they lie, at a rate that stays, and what its log says of them."""
import json
import pathlib

from menagerie import Failed, Menagerie, last_line
from training_names import BATCH


def step_losses(log: pathlib.Path) -> list[float]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["loss"] for line in lines if line["event"] == "step"]


def steps(menagerie: Menagerie, model, data, out, scratch: pathlib.Path, *options, says: str = "") -> list[float]:
    """Their losses; `options` say the method, the optimiser and its rates, and the run must say `says` of itself."""
    log = scratch / "log.jsonl"
    done = menagerie.run("finetune", model, "--data", data, "-o", out, "--batch", BATCH, "--schedule", "constant",
                         "--validation", 0, "--no-shuffle", "--log", log, *options)
    if done.returncode:
        raise Failed(f"finetune ended with {done.returncode}: {last_line(done.stderr)}")
    if says not in done.stderr:
        raise Failed(f"finetune does not say '{says}'")
    return step_losses(log)
