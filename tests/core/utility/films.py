"""Small sets of squares whose classes are known, for experiments that take seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.labels import load_labels
from core.datasets.scan import scan_image_set
from core.utility.presets import UtilityProtocol
from core.utility.sets import UtilitySets, prepare_sets
from tests.images import write_png

__all__ = ["CLASSES", "TINY", "make_sets", "scan", "write_set"]

CLASSES = ("dark", "light")
TINY = UtilityProtocol(
    resolution=32, epochs=2, batch_size=8, repeats=2, feature_epochs=3, validation_share=0.25
)


def write_set(
    folder: Path, n: int, *, seed: int, contrast: float = 60.0, shuffled: bool = False, per_patient: int = 1
) -> Path:
    """Write n noisy squares, half of each class, which differ by the brightness of one corner.

    Args:
        folder: where.
        n: images.
        seed: decides them.
        contrast: how far classes differ.
        shuffled: whether the class says nothing of the image.
        per_patient: images of each patient; `labels.csv` beside the folder names them.
    """
    rng = np.random.default_rng(seed)
    lines = ["file,label,patient"]
    for at in range(n):
        label = at % 2
        shown = int(rng.integers(0, 2)) if shuffled else label
        pixels = rng.normal(110, 25, (32, 32))
        pixels[4:16, 4:16] += contrast * shown
        path = folder / CLASSES[label] / f"{at:03d}.png"
        write_png(path, np.clip(pixels, 0, 255).astype(np.uint8))
        lines.append(
            f"{path.relative_to(folder).as_posix()},{CLASSES[label]},{seed}-{label}-{at // 2 // per_patient}"
        )
    (folder.parent / f"{folder.name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def scan(folder: Path, role: Role, name: str, *, patients: bool = True) -> ImageSet:
    """Read what `write_set` wrote."""
    labels = load_labels(folder.parent / f"{folder.name}.csv") if patients else None
    return scan_image_set(folder, role=role, name=name, labels=labels, settings=get_settings())


def make_sets(
    folder: Path, *, n_real: int = 32, n_test: int = 24, n_synthetic: int = 24, shuffled: bool = False
) -> UtilitySets:
    """Sets of one process: real, test and one synthetic."""
    real = write_set(folder / "real", n_real, seed=1, shuffled=shuffled, per_patient=2)
    test = write_set(folder / "test", n_test, seed=2, shuffled=shuffled)
    drawn = write_set(folder / "gan", n_synthetic, seed=3, shuffled=shuffled)
    return prepare_sets(
        scan(real, Role.REAL, "real"),
        scan(test, Role.HELDOUT, "heldout"),
        [scan(drawn, Role.SYNTHETIC, "gan", patients=False)],
    )
