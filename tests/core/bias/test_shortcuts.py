"""Each property tells the class where it was planted, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.bias.shortcuts import SHORTCUTS, Shortcut, compute_shortcuts
from core.errors import TooFewImagesError
from core.images.decoded import ImageFacts
from tests.core.bias.planted import plant

PNG = ImageFacts("PNG", "L", 64, 64, 1, 8)


def ask(**options: Any) -> dict[str, Shortcut]:
    return {one.name: one for one in compute_shortcuts(plant(**options), n_permutations=99)}


def brighten(pixels: Any, codes: Any, rng: np.random.Generator) -> None:
    pixels[codes == 1] += 20


def frame(pixels: Any, codes: Any, rng: np.random.Generator) -> None:
    """Black strips at left and right of class b; the rest is evened out."""
    pixels[codes == 1, :, :2] = 0
    pixels[codes == 1, :, -2:] = 0


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        ({}, set()),
        ({"sign": brighten}, {"intensity", "border"}),
        ({"sign": frame}, {"intensity", "border"}),
        ({"facts": lambda code: ImageFacts("PNG", "L", 64, 64 + 16 * code, 1, 8)}, {"aspect", "resolution"}),
        ({"facts": lambda code: ImageFacts("PNG", "L", 64 << code, 64 << code, 1, 8)}, {"resolution"}),
        ({"facts": lambda code: ImageFacts("JPEG" if code else "PNG", "L", 64, 64, 1, 8)}, {"format"}),
        ({"facts": lambda code: ImageFacts("PNG", "I;16" if code else "L", 64, 64, 1, 8)}, {"format"}),
    ],
)
def test_only_what_differs_tells_the_class(options: dict[str, Any], telling: set[str]) -> None:
    found = ask(**options)
    assert list(found) == list(SHORTCUTS)
    for name, one in found.items():
        assert one.low <= one.auroc <= one.high
        assert one.n == 80
        if name in telling:
            assert one.auroc > 0.95
            assert one.p_value == 0.01
        else:
            assert one.p_value > 0.05
    same = {name for name, one in found.items() if one.note}
    assert same == {"aspect", "resolution", "format"} - telling
    assert all(found[name].auroc == 0.5 for name in same)


def test_a_class_in_the_middle_is_told_too() -> None:
    widths = {0: 50, 1: 64, 2: 80}
    found = ask(n=90, n_classes=3, facts=lambda code: ImageFacts("PNG", "L", widths[code], 64, 1, 8))
    assert found["aspect"].auroc > 0.99


def test_too_few_images_are_refused() -> None:
    with pytest.raises(TooFewImagesError):
        ask(n=12)
