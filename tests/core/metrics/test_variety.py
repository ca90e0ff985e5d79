from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.variety import compute_variety


def test_closed_form() -> None:
    assert compute_variety({"flat": 100, "between": 150, "detailed": 300}) == {
        "flat": 1.0,
        "between": 0.75,
        "detailed": 0.0,
    }


@pytest.mark.parametrize("sizes", [{}, {"alone": 10}, {"a": 10, "b": 10, "c": 10}])
def test_undefined_without_a_difference(sizes: dict[str, int]) -> None:
    assert compute_variety(sizes) == dict.fromkeys(sizes)


def test_order_of_names_is_kept() -> None:
    assert list(compute_variety({"b": 2, "a": 1, "c": 3})) == ["b", "a", "c"]


@given(
    st.dictionaries(st.text(min_size=1), st.integers(1, 10**9), min_size=2).filter(
        lambda d: len(set(d.values())) > 1
    )
)
def test_smaller_files_are_never_less_varied(sizes: dict[str, int]) -> None:
    variety = compute_variety(sizes)
    scores = [score for score in variety.values() if score is not None]
    assert len(scores) == len(sizes)
    assert min(scores) == 0.0
    assert max(scores) == 1.0
    for first in sizes:
        for second in sizes:
            if sizes[first] < sizes[second]:
                assert variety[first] >= variety[second]  # type: ignore[operator]


@given(st.integers(1, 50), st.integers(0, 10**6))
def test_scale_and_offset_of_sizes_do_not_matter(factor: int, offset: int) -> None:
    sizes = {"a": 120, "b": 700, "c": 400}
    moved = {name: factor * size + offset for name, size in sizes.items()}
    assert compute_variety(moved) == pytest.approx(compute_variety(sizes))
