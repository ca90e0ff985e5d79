"""The area under the ROC against Mann-Whitney's statistic and DeLong's variance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.rating.confidence_roc import compute_area, compute_curve, grade_answers
from core.rating.rater_bootstrap import draw_raters


def test_answers_with_confidence_lie_on_one_scale() -> None:
    said = np.array([True, True, False, False])
    assert grade_answers(said, np.array([1.0, 5.0, 1.0, 5.0])).tolist() == [1, 5, -1, -5]
    assert np.isnan(grade_answers(said[:1], np.array([np.nan]))[0])


def test_one_raters_area_is_mann_whitneys_with_delongs_error() -> None:
    rng = np.random.default_rng(0)
    is_fake = np.arange(60) < 25
    grades = np.clip(np.rint(rng.normal(size=60) * 2 + is_fake * 1.5), -5, 5)
    found = compute_area(
        is_fake=is_fake, grades=grades, raters=np.zeros(60, dtype=np.intp), images=np.arange(60)
    )
    u = stats.mannwhitneyu(grades[is_fake], grades[~is_fake]).statistic
    assert found.value == pytest.approx(u / (25 * 35))
    above = [
        np.mean([1.0 if x > y else 0.5 if x == y else 0.0 for y in grades[~is_fake]]) for x in grades[is_fake]
    ]
    below = [
        np.mean([1.0 if x > y else 0.5 if x == y else 0.0 for x in grades[is_fake]]) for y in grades[~is_fake]
    ]
    error = np.sqrt(np.var(above, ddof=1) / 25 + np.var(below, ddof=1) / 35)
    logit = np.log(found.value / (1 - found.value))
    half = 1.959964 * error / (found.value * (1 - found.value))
    # Sums over answers divide by n, DeLong by n - 1 of each kind.
    assert found.low == pytest.approx(1 / (1 + np.exp(half - logit)), abs=0.004)
    assert found.high == pytest.approx(1 / (1 + np.exp(-half - logit)), abs=0.004)


def test_raters_scales_are_never_mixed() -> None:
    """Two perfect raters, one of whom is always surer of everything being fake."""
    is_fake = np.tile([True, True, False, False], 2)
    grades = np.array([5, 4, 3, 2, -2, -3, -4, -5], dtype=float)
    raters, images = np.repeat([0, 1], 4), np.tile(np.arange(4), 2)
    found = compute_area(is_fake=is_fake, grades=grades, raters=raters, images=images)
    assert found.value == 1.0 and found.low is None and "no interval" in found.note


def test_mean_over_raters_and_its_bootstrap() -> None:
    rng = np.random.default_rng(1)
    is_fake, raters = np.tile(np.arange(40) < 20, 4), np.repeat(np.arange(4), 40)
    grades = rng.normal(size=160) + is_fake * np.array([0.0, 1.0, 2.0, 3.0])[raters]
    data = {"is_fake": is_fake, "grades": grades, "raters": raters, "images": np.tile(np.arange(40), 4)}
    found = compute_area(**data, bootstrap=draw_raters(4, n_bootstrap=300, seed=0))
    alone = [
        compute_area(**{name: one[raters == rater] for name, one in data.items()}).value for rater in range(4)
    ]
    assert found.value == pytest.approx(np.mean(alone))
    assert "raters" in found.method and found.high - found.low > 0.2
    assert found.bootstrap[0] < found.value < found.bootstrap[1]


def test_guessing_is_one_half_and_swapped_answers_mirror() -> None:
    rng = np.random.default_rng(2)
    is_fake, nobody = np.arange(2000) < 1000, np.zeros(2000, dtype=np.intp)
    grades = rng.integers(-5, 6, 2000).astype(float)
    data = {"is_fake": is_fake, "raters": nobody, "images": np.arange(2000)}
    found = compute_area(**data, grades=grades)
    assert found.low < 0.5 < found.high
    assert compute_area(**data, grades=-grades).value == pytest.approx(1 - found.value)


def test_curve_runs_from_corner_to_corner() -> None:
    is_fake = np.array([True, True, False, False])
    curve = compute_curve(is_fake, np.array([5.0, -1.0, 1.0, -5.0]))
    assert curve.hits == (0.0, 0.5, 0.5, 1.0, 1.0)
    assert curve.false_alarms == (0.0, 0.0, 0.5, 0.5, 1.0)
    assert compute_curve(is_fake[:2], np.array([1.0, 2.0])) is None


def test_missing_confidence_is_left_out_and_said() -> None:
    is_fake = np.array([True, True, False, False, True])
    data = {"is_fake": is_fake, "raters": np.zeros(5, dtype=np.intp), "images": np.arange(5)}
    found = compute_area(**data, grades=np.array([2.0, -1.0, 1.0, -3.0, np.nan]))
    assert found.n == 4 and "1 answers without confidence" in found.note
    assert compute_area(**data, grades=np.full(5, np.nan)).value is None
    one_kind = compute_area(**data, grades=np.array([1.0, 2.0, np.nan, np.nan, 1.0]))
    assert one_kind.value is None and "on fake and on real" in one_kind.note
