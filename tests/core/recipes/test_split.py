"""Splits by patient: what must hold of every one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.recipes.parts import Part, parse_parts
from core.recipes.split import assign_parts

PARTS = parse_parts("70/20/10", ("train", "test", "val"))

# (patient, class) of each image; few patients, so that some are large.
COLLECTIONS = st.lists(
    st.tuples(st.integers(0, 12).map(str), st.sampled_from(["a", "b", None])), min_size=1, max_size=120
).filter(lambda images: len({patient for patient, _ in images}) >= 3)
SHARES = st.lists(st.integers(1, 9), min_size=2, max_size=3)


def assign(images: list[tuple[str, str | None]], parts: tuple[Part, ...] = PARTS, seed: int = 0) -> list[int]:
    return assign_parts(
        groups=[patient for patient, _ in images],
        labels=[label for _, label in images],
        parts=parts,
        seed=seed,
    )


@settings(max_examples=60, deadline=None)
@given(images=COLLECTIONS, shares=SHARES, seed=st.integers(0, 5))
def test_no_patient_is_in_two_parts_and_no_part_is_empty(
    images: list[tuple[str, str | None]], shares: list[int], seed: int
) -> None:
    parts = parse_parts("/".join(map(str, shares)), [f"p{at}" for at in range(len(shares))])
    places = assign(images, parts, seed)
    sides: dict[str, set[int]] = {}
    for (patient, _), place in zip(images, places, strict=True):
        sides.setdefault(patient, set()).add(place)
    assert all(len(own) == 1 for own in sides.values())
    assert set(places) == set(range(len(parts)))


@settings(max_examples=60, deadline=None)
@given(images=COLLECTIONS, shares=SHARES, seed=st.integers(0, 5))
def test_parts_are_within_one_patient_of_what_is_asked(
    images: list[tuple[str, str | None]], shares: list[int], seed: int
) -> None:
    parts = parse_parts("/".join(map(str, shares)), [f"p{at}" for at in range(len(shares))])
    largest = max(Counter(patient for patient, _ in images).values())
    if min(part.share for part in parts) * len(images) < largest:
        return  # a part asked for less than a patient, and gets one all the same
    counts = Counter(assign(images, parts, seed))
    for at, part in enumerate(parts):
        assert abs(counts[at] - part.share * len(images)) < largest


@settings(max_examples=60, deadline=None)
@given(images=COLLECTIONS, order=st.randoms(use_true_random=False), seed=st.integers(0, 5))
def test_neither_the_order_of_images_nor_the_run_counts(
    images: list[tuple[str, str | None]], order: object, seed: int
) -> None:
    rows = list(range(len(images)))
    order.shuffle(rows)  # type: ignore[attr-defined]
    places, shuffled = assign(images, seed=seed), assign([images[row] for row in rows], seed=seed)
    assert shuffled == [places[row] for row in rows]


def test_single_images_are_split_exactly_class_by_class() -> None:
    images: list[tuple[str, str | None]] = [(str(row), "a" if row < 20 else "b") for row in range(100)]
    counts = Counter(zip(assign(images), [label for _, label in images], strict=True))
    assert counts == {(0, "a"): 14, (0, "b"): 56, (1, "a"): 4, (1, "b"): 16, (2, "a"): 2, (2, "b"): 8}


def test_another_seed_gives_another_split() -> None:
    images: list[tuple[str, str | None]] = [(str(row), "a") for row in range(50)]
    assert assign(images, seed=0) == assign(images, seed=0) != assign(images, seed=1)


def test_parts_get_large_and_small_patients_alike() -> None:
    sizes = np.random.default_rng(0).geometric(0.25, 600)
    images: list[tuple[str, str | None]] = [
        (str(patient), "ab"[patient % 2]) for patient, size in enumerate(sizes) for _ in range(size)
    ]
    places = dict(zip([patient for patient, _ in images], assign(images), strict=True))
    means = [
        np.mean([size for patient, size in enumerate(sizes) if places[str(patient)] == at])
        for at in (0, 1, 2)
    ]
    assert np.ptp(means) < 0.15 * sizes.mean()


def test_fewer_patients_than_parts_are_refused() -> None:
    with pytest.raises(InputError, match="3 parts need at least 3 patients, but there are 2"):
        assign([("1", "a"), ("1", "a"), ("2", "b")])


@pytest.mark.parametrize(
    ("proportions", "names", "message"),
    [
        ("70", ("a",), "two or more numbers"),
        ("70/x", ("a", "b"), "two or more numbers"),
        ("70/0", ("a", "b"), "two or more numbers"),
        ("nan/1", ("a", "b"), "two or more numbers"),
        ("70/30", ("a", "b", "c"), "has 2 parts and --names has 3"),
        ("70/30", ("a", "../b"), "holds '../b'"),
        ("70/30", ("a", ".b"), "holds '.b'"),
        ("70/30", ("a", "A"), "a name twice"),
    ],
)
def test_proportions_and_names_that_do_not_go_together_are_refused(
    proportions: str, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parse_parts(proportions, names)


def test_only_the_ratio_of_proportions_counts() -> None:
    assert parse_parts("0.7/0.2/0.1", ("a", "b", "c"))[1].share == pytest.approx(0.2)
    assert parse_parts("3/1", ("a", "b")) == (Part("a", 0.75), Part("b", 0.25))
