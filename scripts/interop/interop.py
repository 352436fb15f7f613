"""Judges Menagerie's files by the frameworks that they are for. Run it through scripts/interop.sh.

Each source is a network with seeded weights; each road converts it, opens the output with the real framework
and compares the logits with the source's, within 1e-4 of the largest. The tables show the distance.
"""
import argparse
import fnmatch
import functools
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import adapters
import decoders
import distributed
import encoders
import killed
import learning
import learning_sources
import llama
import optimizers
import published
import published_text
import sight
import tokenizer_lines
import training
import vision
from menagerie import Failed, Menagerie
from roads import EXTENSIONS, FORMATS, IMPOSSIBLE, SOURCES, WEIGHTS, Judges, Road
from training_names import OPTIMIZERS

HERE = pathlib.Path(__file__).resolve().parent


def cache() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("MENAGERIE_CACHE") or pathlib.Path(base) / "menagerie") / "interop"


def all_roads(judges: Judges, asks_llama: bool, asks_learning: bool) -> dict[str, list[Road]]:
    """The roads by the table that they stand in."""
    named = {source.id: source for source in SOURCES}
    networks, dialects, kept = [], [], []

    def add(table, row, column, function, *arguments):
        table.append(Road(row, column, functools.partial(function, *arguments)))

    for source in SOURCES:
        if source.id in ("timm-mobilenetv2", "hub-resnet18"):
            continue
        for format in FORMATS:
            dialect = "huggingface" if source.library == "huggingface" and format in WEIGHTS else None
            add(networks, source.id, format, judges.road, source, format, dialect)
    for name, dialect, formats in [
            ("tv-resnet18", "huggingface", ("huggingface",)), ("tv-resnet50", "huggingface", ("huggingface",)),
            ("hf-resnet50", "torchvision", WEIGHTS), ("hf-resnet50", None, ("huggingface",)),
            ("tv-resnet50", "timm", WEIGHTS), ("tv-mobilenetv2", "timm", WEIGHTS),
            ("timm-mobilenetv2", "torchvision", WEIGHTS), ("timm-mobilenetv2", None, ("onnx", "keras")),
            ("tv-resnet18", "kerashub", ("keras-h5",)), ("tv-resnet50", "kerashub", ("keras-h5",)),
            ("hub-resnet18", "torchvision", WEIGHTS), ("hub-resnet18", None, ("onnx", "keras"))]:
        row = f"{name} as {dialect}" if dialect else name
        for format in formats:
            add(dialects, row, format, judges.road, named[name], format, dialect)
    refused = [Road(f"{name} as {dialect}", "refused", functools.partial(judges.refused, named[name], dialect, file))
               for name, dialect, file in IMPOSSIBLE]
    for name in ("tv-resnet18", "tv-resnext50", "tv-mobilenetv2"):
        for format in FORMATS:
            add(kept, f"{name} and back", format, judges.round_trip, named[name], format)
    for format in WEIGHTS:
        add(kept, "types and ties", format, judges.tied, format)
    for format in FORMATS:
        add(kept, "twice, same bytes", format, judges.same_bytes, named["tv-resnet18"], format)
    commands = [Road(f"{command}, {'changed' if change else 'converted'}", "answer",
                     functools.partial(judges.told_apart, named["tv-resnet18"], command, change))
                for command in ("verify", "diff") for change in (False, True)]
    real = []
    for name, file, framework, formats in published.MODELS:
        model, row = published.Published(judges, name, file, framework), f"{name}/{file}"
        add(real, row, "run", model.run)
        for format in formats:
            add(real, row, format, model.convert, format)
    add(real, "mobilenet, a photograph of a cat", "run", published.cat, judges)
    return {"Networks (distance of the logits)": networks, "Dialects (distance of the logits)": dialects,
            "Same name, another network": refused, "pytorch -> X -> pytorch, bit for bit": kept,
            "Commands": commands, **encoders.roads(judges), **decoders.roads(judges),
            **vision.roads(judges), **sight.roads(judges), **tokenizer_lines.roads(judges),
            **training.roads(judges), **adapters.roads(judges), **optimizers.roads(judges),
            **killed.roads(judges), **distributed.roads(judges),
            **learning_sources.roads(judges), **learning.roads(judges, asks_learning),
            **llama.roads(judges, asks_llama),
            **published_text.roads(judges), "Published models (distance of the outputs)": real}


def travel(road: Road, keep: bool) -> Road:
    """Judges one road in a folder of its own."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="interop-", dir=cache()))
    start = time.perf_counter()
    try:
        road.note = road.judge(scratch)
    except Failed as failure:
        road.failure = str(failure)
    except Exception as error:  # the framework refused the file, in its own words
        lines = [line for line in str(error).splitlines() if line.strip()]
        road.failure = f"{type(error).__name__}: {(lines or [traceback.format_exc(limit=1)])[0][:200]}"
    finally:
        if not keep:
            shutil.rmtree(scratch, ignore_errors=True)
    word = f"FAIL  {road.id}: {road.failure}" if road.failure else f"pass  {road.id}: {road.note}"
    print(f"{word}  [{time.perf_counter() - start:.1f} s]", flush=True)
    return road


def print_table(title: str, roads: list[Road]) -> None:
    known = ("run", *EXTENSIONS, "gguf", "meta", "refused", "answer", "gradients", *OPTIMIZERS, "recomputed", "dropout",
             "losses", "head", "full", "peft", "merged", "here", "there")
    used = dict.fromkeys(road.column for road in roads)
    columns = [*(c for c in known if c in used), *(c for c in used if c not in known)]
    rows = list(dict.fromkeys(road.row for road in roads))
    cells = {(road.row, road.column): "FAIL" if road.failure else road.note for road in roads}
    first = max(len(title), *map(len, rows))
    widths = [max(len(c), *(len(cells.get((row, c), "-")) for row in rows)) for c in columns]
    print(f"\n{title:{first}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(columns, widths)))
    for row in rows:
        print(f"{row:{first}}  " + "  ".join(f"{cells.get((row, c), '-'):>{w}}" for c, w in zip(columns, widths)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="interop.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--menagerie", required=True, help="the executable")
    parser.add_argument("--only", metavar="PATTERN", action="append",
                        help="only the roads like this, as 'tv-* -> keras*'; may be given again")
    parser.add_argument("--list", action="store_true", help="print the roads and end")
    parser.add_argument("--keep", action="store_true", help="keep the files that were made on the way")
    parser.add_argument("--llama", action="store_true", help="make llama.cpp's environment, if it is not there")
    parser.add_argument("--learning", action="store_true", help="let published models learn, too (minutes each)")
    options = parser.parse_args()
    cache().mkdir(parents=True, exist_ok=True)
    judges = Judges(Menagerie(options.menagerie), cache(), cache())
    tables = all_roads(judges, options.llama, options.learning)
    patterns = options.only or ["*"]
    chosen = [r for table in tables.values() for r in table if any(fnmatch.fnmatch(r.id, only) for only in patterns)]
    if not chosen:
        parser.error(f"no road is like {' or '.join(patterns)}")
    if options.list:
        print("\n".join(road.id for road in chosen))
        return 0
    start = time.perf_counter()
    for source in SOURCES:
        if any(road.row.split(" ")[0] == source.id for road in chosen) or source.id == "tv-resnet18":
            judges.make(source)
    print(f"The seeded networks are ready ({time.perf_counter() - start:.0f} s).", flush=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda road: travel(road, options.keep), chosen))
    judges.close()
    for title, roads in tables.items():
        if mine := [road for road in roads if road in chosen]:
            print_table(title, mine)
    failed = [road for road in chosen if road.failure]
    if failed:
        print("\nFailures")
    for road in failed:
        print(f"  {road.id}: {road.failure}")
    print(f"\nTook {time.perf_counter() - start:.0f} s; the frameworks' own words are in {cache()}/*.log")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
