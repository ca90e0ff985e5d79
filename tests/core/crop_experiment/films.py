"""Noise whose class a bright square in the upper left corner tells, and nothing else; and summaries by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.audit.protocol import Protocol
from core.crop_experiment.request import CropRequest
from core.datasets.study import Study
from core.utility.arms import Arm
from core.utility.presets import UtilityProtocol
from core.utility.result import ArmRecord, UsedSet, UtilitySummary
from core.utility.run_record import RunRecord, RunScore
from tests.images import write_png

CORNER = (0.0, 0.0, 0.25, 0.25)
TINY = UtilityProtocol(
    resolution=32, epochs=3, batch_size=8, repeats=2, feature_epochs=2, validation_share=0.25
)
REQUEST = CropRequest(
    region=CORNER, protocol=Protocol(extractors=("pixels",)), utility=TINY, kinds=("feature-extraction",)
)
CLASSES = ("a", "b")


def write_films(folder: Path, n: int, *, seed: int, marked: bool = True) -> Path:
    """Write n noisy squares, half of each class, the square on those of class b."""
    rng = np.random.default_rng(seed)
    for at in range(n):
        pixels = rng.normal(100, 15, (32, 32))
        if marked and at % 2:
            pixels[1:7, 1:7] = 250
        write_png(folder / CLASSES[at % 2] / f"{at:03d}.png", np.clip(pixels, 0, 255).astype(np.uint8))
    return folder


def write_study(folder: Path, *, n_real: int = 20) -> Study:
    """A real and a held-out set with the square, and a synthetic set that inherits it."""
    real = write_films(folder / "real", n_real, seed=1)
    heldout = write_films(folder / "heldout", 10, seed=2)
    synthetic = {"inherits": write_films(folder / "inherits", 12, seed=3)}
    labels = folder / "labels.csv"
    rows = [
        f"{path.relative_to(folder).as_posix()},{path.parent.name},{path.parts[-3]}-{path.stem}"
        for path in sorted(folder.rglob("*.png"))
    ]
    labels.write_text("\n".join(["file,label,patient", *rows]) + "\n", encoding="utf-8")
    return Study.from_folders(real=real, heldout=heldout, synthetic=synthetic, labels=labels)


def summarise(scores: Mapping[str, Sequence[float]], arms: Sequence[Arm]) -> UtilitySummary:
    """An experiment's summary with the accuracy of each arm in each repeat."""
    runs = tuple(
        RunRecord(
            key="k", arm=arm, repeat=repeat, n_real=8, n_synthetic=8, n_validation=4, best_epoch=1, seconds=1,
            curve=(), scores=(RunScore(score="accuracy", class_name=None, value=value, low=None, high=None),),
        )
        for arm, values in scores.items()
        for repeat, value in enumerate(values, 1)
    )  # fmt: skip
    return UtilitySummary(
        experiment="augmentation",
        protocol={},
        channels=1,
        classes=CLASSES,
        weights="",
        device="cpu",
        software={},
        sets=(UsedSet(role="test", name="heldout", folder="", n=50, classes={"a": 25, "b": 25}, digest=""),),
        arms=tuple(
            ArmRecord(**{name: getattr(arm, name) for name in ArmRecord.model_fields}) for arm in arms
        ),
        runs=runs,
        scores=(),
        comparisons=(),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=1.0,
    )
