"""Splits part patients, hold the share asked for, and are the repeat's alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.image_set import Item
from core.errors import TooFewImagesError
from core.images.decoded import ImageFacts
from core.utility.splits import draw_fraction, draw_synthetic, group_patients, split_patients

FACTS = ImageFacts("PNG", "L", 8, 8, 1, 8)


def items_of(*rows: tuple[str, str | None, str]) -> list[Item]:
    """(label, patient, pixels) of each image."""
    return [
        Item(f"{at}.png", Path(f"{at}.png"), f"{at}", pixels, label, patient, FACTS)
        for at, (label, patient, pixels) in enumerate(rows)
    ]


def many(n: int, per_patient: int, classes: str = "ab") -> list[Item]:
    return items_of(
        *((label, f"{label}{at // per_patient}", f"{label}-{at}") for label in classes for at in range(n))
    )


def test_groups_join_patients_and_equal_pixels() -> None:
    items = items_of(
        ("a", "1", "p"), ("a", "2", "q"), ("a", "1", "r"), ("a", None, "q"), ("a", None, "s"), ("b", "3", "r")
    )
    assert group_patients(items).tolist() == [0, 1, 0, 1, 4, 0]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(4, 40),
    per_patient=st.integers(1, 4),
    share=st.floats(0.1, 0.5),
    seed=st.integers(0, 9),
    repeat=st.integers(1, 5),
)
def test_splits_part_patients_and_hold_the_share(
    n: int, per_patient: int, share: float, seed: int, repeat: int
) -> None:
    items = many(n, per_patient)
    if n <= per_patient:
        with pytest.raises(TooFewImagesError):
            split_patients(items, validation_share=share, seed=seed, repeat=repeat)
        return
    split = split_patients(items, validation_share=share, seed=seed, repeat=repeat)
    assert sorted([*split.train, *split.validation]) == list(range(len(items)))
    sides = [{items[place].patient for place in places} for places in (split.train, split.validation)]
    assert not sides[0] & sides[1]
    for label in "ab":
        held = sum(items[place].label == label for place in split.validation)
        # Whole patients come as near as half a patient, unless one is the least on a side.
        assert (
            abs(held - share * n) <= per_patient / 2 + 1e-9
            or held in (per_patient, n - 1)
            or held <= per_patient
        )


def test_repeats_have_splits_of_their_own_and_the_same_one_twice() -> None:
    items = many(30, 1)

    def draw(repeat: int, seed: int = 0) -> list[int]:
        return split_patients(items, validation_share=0.2, seed=seed, repeat=repeat).validation.tolist()

    assert draw(1) == draw(1)
    assert len({tuple(draw(repeat)) for repeat in range(1, 6)} | {tuple(draw(1, seed=1))}) == 6


def test_too_few_patients_are_told() -> None:
    items = items_of(("a", "1", "p"), ("a", "1", "q"), ("b", "2", "r"), ("b", "3", "s"))
    with pytest.raises(TooFewImagesError, match="'a' has the images of one patient alone"):
        split_patients(items, validation_share=0.5, seed=0, repeat=1)
    # A class whose images all belong to patients of another class cannot be parted.
    mixed = items_of(
        *(("a", "1", f"{at}") for at in range(3)),
        ("b", "1", "x"),
        *(("a", f"{at + 2}", f"y{at}") for at in range(3)),
    )
    with pytest.raises(TooFewImagesError, match="'b' is left for"):
        split_patients(mixed, validation_share=0.5, seed=0, repeat=1)


def test_smaller_fractions_lie_within_larger_ones() -> None:
    items = many(40, 2)
    places = np.arange(10, 80)
    draws = [
        set(draw_fraction(items, places, fraction=fraction, seed=0, repeat=1).tolist())
        for fraction in (0.01, 0.1, 0.25, 0.5, 0.9, 1.0)
    ]
    for small, large in pairwise(draws):
        assert small < large
    assert draws[-1] == set(places.tolist())
    assert [len(draw) for draw in draws[2:4]] == [pytest.approx(70 / 4, abs=2), pytest.approx(35, abs=2)]
    assert {items[place].label for place in draws[0]} == {"a", "b"}
    halves = [items[place].patient for place in draws[3]]
    assert all(
        halves.count(patient) == sum(items[at].patient == patient for at in places) for patient in halves
    )


def test_synthetic_draws_follow_the_classes_and_grow() -> None:
    labels = np.array([0] * 30 + [1] * 10)
    allowed = np.ones(40, dtype=bool)
    allowed[:3] = False

    def draw(*wanted: int, name: str = "gan", repeat: int = 1) -> set[int]:
        return set(
            draw_synthetic(
                labels, allowed=allowed, wanted=np.array(wanted), name=name, seed=0, repeat=repeat
            ).tolist()
        )

    small, large = draw(5, 4), draw(20, 30)
    assert small < large
    assert not large & {0, 1, 2}
    assert np.bincount(labels[sorted(small)]).tolist() == [5, 4]
    assert np.bincount(labels[sorted(large)]).tolist() == [20, 10]
    assert draw(5, 4, repeat=2) != small != draw(5, 4, name="other")
