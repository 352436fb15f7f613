"""Seeded models that a framework makes once, and the cache keeps."""
import pathlib
import shutil
import threading

from menagerie import Failed
from roads import EXTENSIONS, Judges


class Seeded:
    """A model under `home`, made by `create` when it is first asked for."""
    making = threading.Lock()

    def __init__(self, judges: Judges, home: pathlib.Path):
        self.judges, self.home = judges, home

    def create(self) -> None:
        raise NotImplementedError

    def make(self) -> None:
        with Seeded.making:
            if (self.home / ".complete").exists():
                return
            shutil.rmtree(self.home, ignore_errors=True)
            self.home.mkdir(parents=True)
            self.create()
            (self.home / ".complete").touch()


class SeededText(Seeded):
    """A text model of transformers with its inputs and golden outputs; `side` is the process that makes and judges it."""

    def __init__(self, judges: Judges, side, name: str, seed: int, home: pathlib.Path):
        super().__init__(judges, home)
        self.side, self.name, self.seed = side, name, seed
        self.model, self.inputs = home / "model", home / "input.npz"

    def create(self) -> None:
        self.side.make(name=self.name, folder=str(self.home), seed=self.seed)

    def distance(self, answer: pathlib.Path, only: set | None = None) -> str:
        """How far the outputs are from the golden ones, as a part of the largest; too far is a failure."""
        raise NotImplementedError

    def run(self, scratch: pathlib.Path) -> str:
        self.make()
        out = scratch / "answer.npz"
        done = self.judges.menagerie.run("run", self.model, "--inputs", self.inputs, "--outputs", out)
        if done.returncode:
            raise Failed(f"run ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        return self.distance(out)

    def converted(self, format: str, scratch: pathlib.Path) -> pathlib.Path:
        """The model as a file, or a directory, of that format."""
        out = scratch / f"out{EXTENSIONS.get(format, '.' + format)}"
        self.judges.menagerie.convert(self.model, f"{out}/" if format == "huggingface" else out, "--to", format)
        return out

    def back(self, format: str, scratch: pathlib.Path) -> str:
        """Through a format and back to a directory: the library finds every weight again."""
        self.make()
        back, answer = scratch / "back", scratch / "answer.npz"
        self.judges.menagerie.convert(self.converted(format, scratch), f"{back}/", "--to", "huggingface")
        self.side.pretrained(name=self.name, folder=str(back), inputs=str(self.inputs), out=str(answer))
        return self.distance(answer)
