"""The executable under judgement."""
import json
import pathlib
import subprocess


class Failed(Exception):
    """A judgement that went against us, in one line."""


class Menagerie:
    def __init__(self, binary: str):
        self.binary = binary

    def run(self, *arguments, timeout: int = 300) -> subprocess.CompletedProcess:
        command = [self.binary, *map(str, arguments)]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{arguments[0]} took more than {timeout} s") from None

    def convert(self, source, target, *options) -> dict:
        """The certificate of a conversion that must go well."""
        done = self.run("convert", source, target, *options, "--json")
        if done.returncode:
            raise Failed(f"convert ended with {done.returncode}: {last_line(done.stderr)}")
        if not pathlib.Path(target).exists():
            raise Failed("convert ended with 0, but there is no output")
        try:
            certificate = json.loads(done.stdout)
        except ValueError as error:
            raise Failed(f"convert --json printed no JSON document: {error}") from None
        if certificate["verification"]["status"] == "failed" or certificate["unmatched"]:
            raise Failed(f"verification {certificate['verification']}, unmatched {certificate['unmatched'][:3]}")
        return certificate

    def refusal(self, source, target, *options) -> str:
        """The reason that is given for a conversion that must be refused with status 4."""
        target = pathlib.Path(target)
        target.write_text("untouched")
        done = self.run("convert", source, target, *options)
        if done.returncode != 4:
            raise Failed(f"convert ended with {done.returncode}, not with 4: {last_line(done.stderr)}")
        if target.read_text() != "untouched":
            raise Failed("the older output was touched")
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        if len(lines) != 1:
            raise Failed(f"the reason has {len(lines)} lines")
        return lines[0]


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "(nothing on stderr)"
