"""Agreement among raters against statsmodels, and what it says where it is not defined."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from core.rating.agreement import Agreement, compute_agreement
from core.rating.answer_table import tabulate_answers
from core.rating.kappas import compute_cohen


def agree(codes: NDArray[np.int64]) -> Agreement:
    """(images, raters) 1 for fake, 0 for real, -1 for no answer; every second image is fake."""
    rows = [
        (
            f"R{rater}",
            image,
            f"{image:02d}",
            "a" if image % 2 else "",
            "fake" if image % 2 else "real",
            answer,
        )
        for image, answers in enumerate(codes.tolist())
        for rater, answer in enumerate(answers)
        if answer >= 0
    ]
    frame = pd.DataFrame(rows, columns=["rater", "trial", "item", "synthetic", "truth", "answer"])
    frame["answer"] = np.where(frame["answer"] == 1, "fake", "real")
    return compute_agreement(tabulate_answers(frame).test, n_bootstrap=300, seed=0)


def draw(n_raters: int, *, seed: int = 0) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    lean = np.where(np.arange(40) % 2, 0.75, 0.25)[:, np.newaxis]
    return (rng.random((40, n_raters)) < lean).astype(np.int64)


def test_many_raters_are_statsmodels_numbers() -> None:
    codes = draw(4)
    found = agree(codes)
    counts = np.stack([(codes == 0).sum(axis=1), (codes == 1).sum(axis=1)], axis=1)
    assert found.fleiss_kappa.value == pytest.approx(fleiss_kappa(counts))
    kappas = []
    for a, b in combinations(range(4), 2):
        table = np.histogram2d(codes[:, a], codes[:, b], bins=2)[0]
        kappas.append(cohens_kappa(table).kappa)
    assert found.cohen_kappa.value == pytest.approx(np.mean(kappas))
    assert [one.kappa.value for one in found.pairs] == pytest.approx(kappas)
    same = [np.mean(codes[:, a] == codes[:, b]) for a, b in combinations(range(4), 2)]
    assert found.same.value == pytest.approx(np.mean(same))
    for one in (found.same, found.cohen_kappa, found.fleiss_kappa, found.krippendorff_alpha):
        assert one.low < one.value < one.high
        assert one.n == 40


def test_two_raters_have_the_large_sample_interval() -> None:
    codes = draw(2)
    reference = cohens_kappa(np.histogram2d(codes[:, 0], codes[:, 1], bins=2)[0])
    found = agree(codes).cohen_kappa
    assert (found.value, found.low, found.high) == pytest.approx(
        (reference.kappa, reference.kappa_low, reference.kappa_upp)
    )


def test_answers_that_are_missing_leave_fleiss_the_rest() -> None:
    codes = draw(3)
    codes[:5, 0] = -1
    found = agree(codes)
    counts = np.stack([(codes == 0).sum(axis=1), (codes == 1).sum(axis=1)], axis=1)
    assert found.fleiss_kappa.value == pytest.approx(fleiss_kappa(counts[5:]))
    assert found.fleiss_kappa.n == 35 and "5 images" in found.fleiss_kappa.note
    assert found.krippendorff_alpha.n == 40
    apart = np.where(np.eye(2, dtype=bool)[np.arange(40) % 2], draw(2), -1)
    assert agree(apart).fleiss_kappa.value is None
    assert agree(apart).krippendorff_alpha.value is None
    assert agree(apart).pairs == ()


def test_more_agreement_is_a_higher_number() -> None:
    guess, truth = draw(3), np.repeat(np.arange(40) % 2, 3).reshape(40, 3)
    low, high = agree(guess), agree(truth)
    assert high.krippendorff_alpha.value == high.fleiss_kappa.value == high.cohen_kappa.value == 1
    assert high.krippendorff_alpha.low is None and high.krippendorff_alpha.note
    assert low.krippendorff_alpha.value < 0.6


def test_undefined_agreement_has_no_value_and_says_why() -> None:
    alone = agree(draw(1))
    for one in (alone.same, alone.cohen_kappa, alone.fleiss_kappa, alone.krippendorff_alpha):
        assert one.value is None and "two raters" in one.note
    constant = agree(np.ones((20, 3), dtype=np.int64))
    for one in (constant.cohen_kappa, constant.fleiss_kappa, constant.krippendorff_alpha):
        assert one.value is None and "undefined" in one.note
    assert constant.same.value == 1


@pytest.mark.parametrize(
    ("counts", "value", "says"),
    [
        ([[1, 0], [0, 0]], None, "at least two images"),
        ([[0, 0], [0, 9]], None, "undefined"),
        ([[5, 4], [0, 0]], 0.0, "same of all images"),
        ([[5, 0], [0, 4]], 1.0, "agree on all"),
        ([[0, 5], [5, 0]], -1.0, "differ on all"),
    ],
)
def test_degenerate_tables(counts: list[list[int]], value: float | None, says: str) -> None:
    found = compute_cohen(np.array(counts))
    assert found.value == value and found.low is None
    assert says in found.note
