"""The arms of an experiment: what each is trained on, and which arms it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.utility.presets import UtilityProtocol

__all__ = ["KIND_TITLES", "Arm", "ExperimentKind", "plan_arms"]

ExperimentKind = Literal["augmentation", "feature-extraction"]

KIND_TITLES: Final[Mapping[str, str]] = {
    "augmentation": "Augmentation",
    "feature-extraction": "Feature extraction",
}
"""What readers call each kind of experiment."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to train the classifier.

    Attributes:
        id: unique in its experiment.
        title: what readers call it.
        real: share of the real training images that the network is trained on; 0 for none.
        synthetic: set that joins them, or None.
        ratio: synthetic images for each real training image of the repeat, class by class; None takes all.
        traditional: whether training images are flipped, turned and changed in contrast.
        last_layer: whether afterwards the last layer alone is trained anew on a share of the real images.
        trained: whether the network is trained at all before that.
        baselines: ids of the arms that it is held against.
    """

    id: str
    title: str
    real: float = 1.0
    synthetic: str | None = None
    ratio: float | None = None
    traditional: bool = False
    last_layer: bool = False
    trained: bool = True
    baselines: tuple[str, ...] = ()


def plan_arms(kind: ExperimentKind, protocol: UtilityProtocol, synthetic: Sequence[str]) -> tuple[Arm, ...]:
    """List the arms of an experiment, baselines first.

    Args:
        kind: `augmentation` adds synthetic images to the real ones; `feature-extraction` trains the network
            on synthetic images alone and its last layer on real ones.
        protocol: ratios, fractions, and whether arms without real images are wanted.
        synthetic: names of the synthetic sets.
    """
    if kind == "feature-extraction":
        return _plan_features(synthetic)
    return _plan_augmentation(protocol, synthetic)


def _plan_augmentation(protocol: UtilityProtocol, synthetic: Sequence[str]) -> tuple[Arm, ...]:
    arms = [
        Arm("none", "Real images alone"),
        Arm("traditional", "Traditional augmentation", traditional=True, baselines=("none",)),
    ]
    for name in synthetic:
        for ratio in protocol.ratios:
            added = f"{name} × {ratio:g}"
            arms += [
                Arm(
                    f"synthetic:{name}:{ratio:g}",
                    added,
                    synthetic=name,
                    ratio=ratio,
                    baselines=("none", "traditional"),
                ),
                Arm(
                    f"both:{name}:{ratio:g}",
                    f"{added} and traditional augmentation",
                    synthetic=name,
                    ratio=ratio,
                    traditional=True,
                    baselines=("none", "traditional"),
                ),
            ]
        if protocol.train_on_synthetic:
            arms.append(
                Arm(
                    f"alone:{name}",
                    f"{name} without real images",
                    real=0.0,
                    synthetic=name,
                    ratio=1.0,
                    baselines=("none",),
                )
            )
    for fraction in protocol.label_fractions:
        share = f"{100 * fraction:g}% of the real images"
        reduced = Arm(f"real:{fraction:g}", share, real=fraction)
        arms.append(reduced)
        # The synthetic images stay as many as beside all real ones: only labels of real images are saved.
        arms += [
            Arm(
                f"fraction:{name}:{fraction:g}",
                f"{share} and {name} × 1",
                real=fraction,
                synthetic=name,
                ratio=1.0,
                baselines=(reduced.id, "none"),
            )
            for name in synthetic
        ]
    return tuple(arms)


def _plan_features(synthetic: Sequence[str]) -> tuple[Arm, ...]:
    return (
        Arm("pretrained-real", "Pretrained on real images", last_layer=True),
        Arm(
            "untrained",
            "Not pretrained",
            real=0.0,
            last_layer=True,
            trained=False,
            baselines=("pretrained-real",),
        ),
        *(
            Arm(
                f"pretrained:{name}",
                f"Pretrained on {name}",
                real=0.0,
                synthetic=name,
                last_layer=True,
                baselines=("pretrained-real", "untrained"),
            )
            for name in synthetic
        ),
    )
