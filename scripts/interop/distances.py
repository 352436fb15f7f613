"""How far answers are from those that they should be."""
import math

import numpy as np

from menagerie import Failed


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The greatest difference as a part of the largest value; infinite where one is no number, as `max` passes over those."""
    if ours.shape != theirs.shape:
        raise Failed(f"the shape is {ours.shape}, not {theirs.shape}")
    off = float(np.abs(ours - theirs).max())
    return 0.0 if off == 0 else finite(off / float(np.abs(theirs).max() or 1))


def finite(off: float) -> float:
    return math.inf if math.isnan(off) else off


def within(off: float, tolerance: float, what: str = "outputs are") -> str:
    """The distance as a note; too far is a failure."""
    if not off <= tolerance:
        raise Failed(f"{what} off by {off:.1e} of the largest")
    return f"{off:.0e}"


def losses_within(ours: list[float], theirs: list[float], tolerance: float) -> str:
    """How far the losses of as many steps are from one another, each as a part of itself."""
    if len(ours) != len(theirs):
        raise Failed(f"there are {len(ours)} steps, not {len(theirs)}")
    off = [finite(abs(a - b) / abs(b)) for a, b in zip(ours, theirs)]
    if not max(off) <= tolerance:
        step = next(i for i, x in enumerate(off) if not x <= tolerance)
        raise Failed(f"the loss of step {step + 1} is {ours[step]:.7g}, not {theirs[step]:.7g}")
    return f"{max(off):.0e}"
