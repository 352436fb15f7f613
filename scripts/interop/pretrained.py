"""Models of transformers in directories, of which every weight must be there, and nothing besides."""


def complete(kind, folder: str, lost: str = "", **options):
    """`kind.from_pretrained`; `lost` is the part that lost its weights on the way."""
    model, info = kind.from_pretrained(folder, output_loading_info=True, **options)
    if lost:
        info["missing_keys"] = {k for k in info["missing_keys"] if not k.startswith(f"{lost}.")}
    if wrong := {k: sorted(map(str, v))[:3] for k, v in info.items() if v}:
        raise ValueError(f"from_pretrained found {wrong}")
    return model
