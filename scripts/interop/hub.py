"""Text models by KerasHub: its class takes our weights, and what it saves itself goes back to transformers."""
import functools
import pathlib

from roads import Judges, Road

ENCODERS = ["bert-tanh", "roberta", "xlm-roberta", "distilbert", "albert", "electra-tanh"]
DECODERS = ["llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2-hub", "gemma3-hub", "gpt2", "t5-hub",
            "t5-gated-hub"]
NAMELESS = ("gpt2", "t5-hub", "t5-gated-hub")  # not lined up with the names of a plain .h5
SAVED = {"kerashub": "saved", "keras": "saved.keras", "keras-h5": "saved.h5", "keras-weights": "saved.weights.h5"}


def road(case, side, only: set | None, format: str, scratch: pathlib.Path) -> str:
    """A preset, an archive, or weights for the class that the preset names; and the same saved by KerasHub, and back."""
    case.make()
    preset, answer = scratch / "preset", scratch / "answer.npz"
    convert = case.judges.menagerie.convert
    convert(case.model, f"{preset}/", "--to", "kerashub")
    asked = {"inputs": str(case.inputs), "out": str(answer)}
    file = preset if format == "kerashub" else scratch / SAVED[format].replace("saved", "out")
    if format != "kerashub":
        convert(case.model, file)
    saved = scratch / SAVED[format]
    case.judges.keras.hub_answer(preset=str(preset), file=str(file), save=str(saved), **asked)
    there = case.distance(answer, only=only)
    if format == "keras-weights":  # what such a file does not say is beside it
        (scratch / "beside").mkdir()
        (scratch / "beside" / "config.json").write_text((preset / "config.json").read_text())
        saved = saved.rename(scratch / "beside" / "model.weights.h5")
    convert(saved, f"{scratch / 'back'}/", "--to", "huggingface")
    lost = {"lost": "pooler"} if "roberta" in case.name else {}  # KerasHub's has none to give back
    side.pretrained(name=case.name, folder=str(scratch / "back"), **asked, **lost)
    case.distance(answer, only=only)
    return there


def roads(judges: Judges, case, names: list[str], side, only: set | None = None) -> list[Road]:
    cases = {name: case(judges, name) for name in names}
    return [Road(f"{name} by KerasHub", format, functools.partial(road, case, side, only, format))
            for name, case in cases.items() for format in SAVED if format != "keras-h5" or name not in NAMELESS]
