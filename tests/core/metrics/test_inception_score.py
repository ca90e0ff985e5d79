"""Inception score: its two extremes, a naive reference, and errors."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputError, TooFewImagesError
from core.metrics.inception_score import compute_inception_score


def test_equal_answers_score_one() -> None:
    estimate = compute_inception_score(logits=np.zeros((50, 7)))
    assert estimate.value == pytest.approx(1.0)
    assert estimate.low <= estimate.value <= estimate.high
    assert (estimate.n_real, estimate.n_synthetic) == (0, 50)


def test_sure_and_evenly_spread_answers_score_the_number_of_classes() -> None:
    logits = 1e4 * np.eye(5, dtype=np.float32)[np.arange(40) % 5]
    assert compute_inception_score(logits=logits, n_splits=1).value == pytest.approx(5.0)


def test_a_collapsed_set_scores_one_however_sure() -> None:
    assert compute_inception_score(logits=1e4 * np.eye(5)[np.zeros(40, int)]).value == pytest.approx(1.0)


def test_naive_reference() -> None:
    logits = 3 * np.random.default_rng(0).standard_normal((47, 6))
    order = np.random.RandomState(9).permutation(47)
    probability = np.exp(logits[order]) / np.exp(logits[order]).sum(axis=1, keepdims=True)
    scores = []
    for split in range(4):
        part = probability[split * 47 // 4 : (split + 1) * 47 // 4]
        scores.append(np.exp((part * np.log(part / part.mean(axis=0))).sum(axis=1).mean()))
    found = compute_inception_score(logits=logits, n_splits=4, seed=9)
    assert found.value == pytest.approx(np.mean(scores))
    assert found.high - found.value == pytest.approx(3.182446 * np.std(scores, ddof=1) / 2)  # t, 3 degrees


def test_a_constant_on_every_logit_changes_nothing_and_the_seed_does() -> None:
    logits = np.random.default_rng(1).standard_normal((60, 4))
    one = compute_inception_score(logits=logits)
    assert compute_inception_score(logits=logits + 500).value == pytest.approx(one.value)
    assert compute_inception_score(logits=logits, seed=1).value != one.value


def test_one_split_has_no_interval() -> None:
    assert "no spread" in compute_inception_score(logits=np.zeros((5, 3)), n_splits=1).note


def test_errors() -> None:
    with pytest.raises(TooFewImagesError, match="10 splits needs as many images, but there are 9"):
        compute_inception_score(logits=np.zeros((9, 3)))
    with pytest.raises(InputError, match="finite"):
        compute_inception_score(logits=np.full((20, 3), np.nan))
    with pytest.raises(ValueError, match="classes"):
        compute_inception_score(logits=np.zeros(20))
    with pytest.raises(ValueError, match="n_splits"):
        compute_inception_score(logits=np.zeros((20, 3)), n_splits=0)
