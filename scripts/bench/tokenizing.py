"""Tokenizing beside the `tokenizers` library on one thread: the packages' own descriptions, some megabytes of prose,
code and tables, by tokenizers trained on them, once, in the cache.

Run by itself with a tokenizer and a text, it prints the library's seconds: with offsets, as ours gives them, and without.
"""
import json
import os
import pathlib
import subprocess
import sys
import sysconfig
import time

from measured import figures

KINDS = ("byte-level-bpe", "byte-fallback-bpe", "wordpiece", "unigram")


def text(home: pathlib.Path) -> pathlib.Path:
    path = home / "prose.txt"
    if not path.exists():
        parts = [x.read_text(errors="replace")
                 for x in sorted(pathlib.Path(sysconfig.get_path("purelib")).glob("*.dist-info/METADATA"))]
        path.write_text("\n".join(parts).replace("\r", " "))
    return path


def trained(home: pathlib.Path, kind: str) -> pathlib.Path:
    path = home / f"tokenizer-{kind}.json"
    if path.exists():
        return path
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    if kind == "byte-level-bpe":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=16000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    elif kind == "byte-fallback-bpe":
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.BpeTrainer(vocab_size=16000, special_tokens=["<unk>"] + [f"<0x{x:02X}>" for x in range(256)])
    elif kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=16000, special_tokens=["[UNK]"])
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=8000, unk_token="<unk>", special_tokens=["<unk>"])
    tokenizer.train([str(text(home))], trainer)
    tokenizer.save(str(path))
    return path


def cases(bench) -> dict:
    def beside(kind: str) -> dict:
        lines, tokenizer = text(bench.home), trained(bench.home, kind)

        def ours():
            answer = subprocess.run([bench.menagerie, "tokenize", tokenizer, "--file", lines, "--count", "--json"],
                                    capture_output=True, check=True)
            return json.loads(answer.stdout)

        def library():
            answer = subprocess.run([sys.executable, __file__, tokenizer, lines], capture_output=True, check=True,
                                    env=os.environ | {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"})
            return json.loads(answer.stdout)

        mine, theirs = bench.in_turn(ours, library)
        if mine[0]["tokens"] != theirs[0]["tokens"]:
            raise ValueError(f"{mine[0]['tokens']} tokens, the library has {theirs[0]['tokens']}")
        return figures("s", middle(mine, "seconds"), {
            "tokenizers": middle(theirs, "seconds"), "without offsets": middle(theirs, "fast")
        }) | {"megabytesPerSecond": round(lines.stat().st_size / 1e6 / middle(mine, "seconds"), 1)}

    return {f"tokenize-{kind}": lambda kind=kind: beside(kind) for kind in KINDS}


def middle(runs: list[dict], key: str) -> float:
    return sorted(run[key] for run in runs)[len(runs) // 2]


def main() -> None:
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(sys.argv[1])
    lines = pathlib.Path(sys.argv[2]).read_text().split("\n")
    if not lines[-1]:
        lines.pop()
    start = time.perf_counter()
    tokens = sum(len(x.ids) for x in tokenizer.encode_batch(lines))
    middle = time.perf_counter()
    tokenizer.encode_batch_fast(lines)
    print(json.dumps({"tokens": tokens, "seconds": middle - start, "fast": time.perf_counter() - middle}))


if __name__ == "__main__":
    main()
