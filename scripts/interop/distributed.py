"""Runs that several processes share, by Open MPI's mpirun: they learn what one process with their batches together
learns, and a process that dies ends the run, which goes on from its last state on any number of processes."""
import functools
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import numpy as np
from safetensors.numpy import load_file

import killed
import tuning
from distances import finite, losses_within
from menagerie import Failed, last_line
from roads import Judges, Road
from training import Learner

# Together 12 at a time, so that the last batch of forty has four: fewer than there are processes for a third of each.
TOGETHER = 12
MODELS = ["vit", "bert", "gpt2", "llama"]
TOLERANCE = 1e-5
# What is dropped follows from a sample's place in the step, wherever it is learnt from.
DROPS = {"bert": 0.2}
DEATHS = 3
ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def needing_mpi(judge):
    return lambda scratch: judge(scratch) if shutil.which("mpirun") else "no mpirun"


def command(judges: Judges, processes: int, *arguments) -> list[str]:
    """The command line for so many processes; one needs no mpirun."""
    launch = ["mpirun", "-np", str(processes), "--oversubscribe", "--mca", "btl", "self,vader"] if processes > 1 else []
    return [*launch, judges.menagerie.binary, *map(str, arguments)]


def run(judges: Judges, processes: int, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(command(judges, processes, *arguments), capture_output=True, text=True, timeout=300,
                          env=os.environ | ROOT)


def curve(judges: Judges, name: str, scratch: pathlib.Path) -> str:
    """The losses of two and of three processes beside those of one with the same samples at a time."""
    learner = Learner(judges, name)
    learner.make()
    found = {}
    for processes in (1, 2, 3):
        log = scratch / f"{processes}.jsonl"
        done = run(judges, processes, "finetune", learner.model, "--data", learner.home / "data.npz", "-o",
                   f"{scratch}/out-{processes}/", "--method", "full", "--epochs", 3, "--batch", TOGETHER // processes,
                   "--lr", 1e-3, "--clip", 1, "--validation", 0, "--log", log, "--threads", 1, "--no-report",
                   "--dropout", DROPS.get(name, 0))
        if done.returncode:
            raise Failed(f"{processes} processes ended with {done.returncode}: {last_line(done.stderr)}")
        found[processes] = tuning.step_losses(log)
    return max((losses_within(found[several], found[1], TOLERANCE) for several in (2, 3)), key=float)


def digits(judges: Judges, scratch: pathlib.Path, processes: int, name: str, batch: int, *more) -> list[str]:
    return command(judges, processes, "finetune", killed.MODEL, "--data", scratch / "digits", "-o",
                   scratch / f"{name}.safetensors", "--method", "full", "--freeze", "*bn*", "--freeze",
                   "*downsample.1*", "--epochs", 30, "--batch", batch, "--lr", 1e-4, "--threads", 1, "--resume",
                   scratch / name, "--no-report", *more)


def child(parent: int, rank: int) -> int | None:
    """The process of a rank under a launcher."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            above = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if above == parent and f"OMPI_COMM_WORLD_RANK={rank}".encode() in variables:
            return int(entry.name)
    return None


def died(command: list[str], state: pathlib.Path, rank: int, delay: float) -> str:
    """What a run says in which the process of that rank is killed, so long after a state was written."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | ROOT)
    try:
        before, limit = state.stat().st_mtime if state.exists() else 0, time.monotonic() + 120
        while not (state.exists() and state.stat().st_mtime > before) and process.poll() is None:
            if time.monotonic() > limit:
                raise Failed("no state after two minutes")
            time.sleep(0.01)
        time.sleep(delay)
        if process.poll() is not None:
            raise Failed(f"it ended before it was killed: {last_line(process.communicate()[1])}")
        victim = child(process.pid, rank)
        if victim is None:
            raise Failed(f"there is no process of rank {rank}")
        os.kill(victim, signal.SIGKILL)
        try:
            _, words = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            raise Failed("the others hang when a process has died") from None
    finally:
        if process.poll() is None:
            process.terminate()  # by which mpirun ends its processes
            process.communicate()
    if process.returncode == 0:
        raise Failed("all ended with 0, though one had died")
    return words


def deaths(judges: Judges, scratch: pathlib.Path) -> str:
    """One of two processes dies, three times; each time all end, and the next two, or at last one, go on."""
    killed.draw(scratch / "digits", each=40)
    chance = random.Random(2)
    state = scratch / "parts/state.safetensors"
    for death in range(DEATHS):
        words = died(digits(judges, scratch, 2, "parts", 4), state, rank=death % 2, delay=chance.uniform(0, 0.3))
        if "signal 9" not in words:
            raise Failed(f"nobody says what happened: {last_line(words)}")
        if death % 2 == 1 and "goes on from" not in words:
            raise Failed(f"the first process does not say how to go on: {last_line(words)}")
        if judges.menagerie.run("inspect", state).returncode:
            raise Failed("the state is broken")
    one = subprocess.run(digits(judges, scratch, 1, "parts", 8), capture_output=True, text=True, timeout=300)
    whole = subprocess.run(digits(judges, scratch, 1, "whole", 8), capture_output=True, text=True, timeout=300)
    for done in (one, whole):
        if done.returncode:
            raise Failed(f"it ended with {done.returncode}: {last_line(done.stderr)}")
    ours, theirs = (load_file(scratch / f"{name}.safetensors") for name in ("parts", "whole"))
    off = max(finite(float(np.abs(ours[name] - theirs[name]).max())) for name in theirs)
    if not off <= 1e-3:
        raise Failed(f"weights are off by {off:.1e}")
    if left := [p.name for p in scratch.rglob("*partial*")]:
        raise Failed(f"{left} were left behind")
    return f"{DEATHS} deaths, {off:.0e}"


def broken(judges: Judges, scratch: pathlib.Path) -> str:
    """A picture that only one process reads is none: all end, and it is named."""
    killed.draw(scratch / "digits", each=20)
    for folder in (scratch / "digits").iterdir():
        (folder / "7.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    done = subprocess.run(digits(judges, scratch, 2, "out", 4), capture_output=True, text=True, timeout=120,
                          env=os.environ | ROOT)
    if done.returncode == 0:
        raise Failed("it ended with 0")
    lines = [line for line in done.stderr.splitlines() if line.startswith("menagerie: ") and "7.png" in line]
    if len(lines) != 1:
        raise Failed(f"{len(lines)} lines name the picture: {last_line(done.stderr)}")
    if (scratch / "out.safetensors").exists():
        raise Failed("a checkpoint was written")
    return "named"


def roads(judges: Judges) -> dict[str, list[Road]]:
    table = [Road(f"{name}, by 2 and 3 processes", "losses", needing_mpi(functools.partial(curve, judges, name)))
             for name in MODELS]
    table += [Road("a process that dies", "answer", needing_mpi(functools.partial(deaths, judges))),
              Road("a picture that is none", "answer", needing_mpi(functools.partial(broken, judges)))]
    return {"Runs that processes share (distance of losses from one process's)": table}
