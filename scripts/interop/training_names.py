"""What both sides of the judgement of learning know: a step's samples, steps, and the optimisers' rates and decays."""
BATCH, STEPS = 4, 10
OPTIMIZERS = ("sgd", "adamw")
USUAL = {"sgd": (0.02, 0.01), "adamw": (0.002, 0.05)}
# Deep, narrow and normalised by few samples, it doubles a difference at each step of a larger rate: PyTorch's own
# single precision leaves its double by far more than the tolerance there.
GENTLE = {"sgd": (2e-7, 0.01), "adamw": (2e-6, 0.05)}


def settings(name: str, optimizer: str) -> tuple[float, float]:
    return (GENTLE if name == "mobilenetv2" else USUAL)[optimizer]
