"""Image sets without files, and sessions drawn of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.datasets.image_set import ImageSet, Item, Role
from core.db.rating_record import StimulusRecord
from core.images.decoded import ImageFacts
from core.rating.design import SessionDesign, SetCount
from core.rating.sampling import draw_stimuli

__all__ = ["ALL_SETS", "design_of", "draw", "make_set"]

_FACTS = ImageFacts("PNG", "L", 64, 64, 1, 8)


def make_set(name: str, classes: Mapping[str | None, int], *, pixels: str = "") -> ImageSet:
    """A set of so many images a class; sets of the same `pixels` hold the same pictures."""
    role = {"real": Role.REAL, "heldout": Role.HELDOUT}.get(name, Role.SYNTHETIC)
    items = []
    for label, n in classes.items():
        for number in range(n):
            item_id = f"{label or ''}/{number:03}.png".lstrip("/")
            digest = hashlib.sha256(f"{name}{item_id}".encode()).hexdigest()
            pixel_digest = hashlib.sha256(f"{pixels or name}{item_id}".encode()).hexdigest()
            items.append(Item(item_id, Path(item_id), digest, pixel_digest, label, None, _FACTS))
    return ImageSet(role, name, Path(name), tuple(sorted(items, key=lambda item: item.id)))


ALL_SETS = (
    make_set("real", {"a": 40, "b": 40}),
    make_set("heldout", {"a": 40, "b": 40}),
    make_set("gan", {"a": 30, "b": 30}),
    make_set("ddpm", {"a": 30, "b": 30}),
)


def design_of(
    counts: Mapping[tuple[str | None, str | None], int] | None = None, **choices: Any
) -> SessionDesign:
    """A design of counts by set and class; by default 16 real and 16 synthetic images of two sets."""
    asked = counts or {
        (name, label): n for name, n in ((None, 8), ("gan", 4), ("ddpm", 4)) for label in ("a", "b")
    }
    return SessionDesign(
        counts=tuple(SetCount(synthetic=name, class_name=label, n=n) for (name, label), n in asked.items()),
        **choices,
    )


def draw(**choices: Any) -> tuple[SessionDesign, tuple[StimulusRecord, ...]]:
    """The default design with further choices, and its images."""
    design = design_of(**choices)
    return design, draw_stimuli(design, ALL_SETS)
