"""Makes what is measured, once: `python sources.py FOLDER`. In its own process, since it needs PyTorch."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "fixtures")]

MODELS = {"resnet50": 21, "resnet18": 22, "mobilenet_v2": 23}
BIG_MEGABYTES = 500


def made(home: pathlib.Path) -> bool:
    names = [f"{m}.{e}" for m in MODELS for e in ("pth", "onnx")] + ["big.pth", "picture.png"]
    return all((home / name).exists() for name in names)


def main(home: pathlib.Path) -> None:
    import skimage
    import torch
    import torchvision
    from PIL import Image

    from common import pictures
    from seeded_torch import seeded

    home.mkdir(parents=True, exist_ok=True)
    for name, seed in MODELS.items():
        model = seeded(getattr(torchvision.models, name)(weights=None), seed, torch.from_numpy(pictures(seed, 96, 8)))
        torch.save(model.state_dict(), home / f"{name}.pth")
        torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), home / f"{name}.onnx", dynamo=False, opset_version=17,
                          input_names=["input"], output_names=["logits"],
                          dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}})
    Image.fromarray(skimage.data.chelsea()).save(home / "picture.png")
    rows = BIG_MEGABYTES * 1_000_000 // 20 // 4 // 1000
    torch.save({f"layer{i}.weight": torch.randn(rows, 1000) for i in range(20)}, home / "big.pth")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
