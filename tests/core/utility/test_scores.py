"""Scores against closed forms and independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.utility.run_record import RunScore
from core.utility.score_facts import SCORES
from core.utility.scores import compute_scores


def by_name(scores: tuple[RunScore, ...]) -> dict[tuple[str, str | None], RunScore]:
    return {(one.score, one.class_name): one for one in scores}


def draw(n: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), np.arange(k), rng.integers(0, k, n - 2 * k)]).astype(np.int64)
    logits = rng.normal(0, 1, (n, k))
    logits[np.arange(n), labels] += 0.8
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32), labels


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_scores_equal_those_of_scikit_learn(k: int, seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    probabilities, labels = draw(90, k, seed)
    answers = probabilities.argmax(axis=1)
    found = by_name(compute_scores(probabilities, labels, classes=[f"c{c}" for c in range(k)]))
    wide = probabilities.astype(np.float64)
    wide /= wide.sum(axis=1, keepdims=True)
    auroc = metrics.roc_auc_score(labels, wide[:, 1] if k == 2 else wide, multi_class="ovr")
    assert found["accuracy", None].value == pytest.approx(metrics.accuracy_score(labels, answers))
    assert found["balanced_accuracy", None].value == pytest.approx(
        metrics.balanced_accuracy_score(labels, answers)
    )
    assert found["f1_macro", None].value == pytest.approx(metrics.f1_score(labels, answers, average="macro"))
    # Rounding to float32 and the renormalisation may break or make a tie.
    assert found["auroc", None].value == pytest.approx(auroc, abs=2e-4)
    for c, recall in enumerate(metrics.recall_score(labels, answers, average=None)):
        assert found["recall", f"c{c}"].value == pytest.approx(recall)
    assert {score for score, _ in found} == set(SCORES)


def test_interval_of_auroc_is_delongs() -> None:
    probabilities, labels = draw(60, 2, 5)
    one, other = probabilities[labels == 1, 1], probabilities[labels == 0, 1]
    wins = (one[:, None] > other[None, :]) + 0.5 * (one[:, None] == other[None, :])
    variance = wins.mean(axis=1).var(ddof=1) / len(one) + wins.mean(axis=0).var(ddof=1) / len(other)
    found = by_name(compute_scores(probabilities, labels, classes=("a", "b")))["auroc", None]
    assert found.value == pytest.approx(wins.mean())
    half = stats.norm.ppf(0.975) * np.sqrt(variance)
    assert (found.low, found.high) == (
        pytest.approx(wins.mean() - half, abs=1e-6),
        pytest.approx(min(wins.mean() + half, 1), abs=1e-6),
    )


def test_intervals_of_shares_are_wilsons() -> None:
    probabilities, labels = draw(50, 2, 3)
    right = int((probabilities.argmax(axis=1) == labels).sum())
    expected = stats.binomtest(right, 50).proportion_ci(method="wilson")
    found = by_name(compute_scores(probabilities, labels, classes=("a", "b")))["accuracy", None]
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


@pytest.mark.parametrize("score", ["accuracy", "balanced_accuracy", "auroc", "f1_macro"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(score: str) -> None:
    rng = np.random.default_rng(0)

    def sample(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.repeat([0, 1, 2], [n // 2, n // 4, n // 4])
        logits = rng.normal(0, 1, (n, 3))
        logits[np.arange(n), labels] += 1.2
        return np.exp(logits).astype(np.float32), labels.astype(np.int64)

    def score_of(n: int) -> RunScore:
        return by_name(compute_scores(*sample(n), classes="abc"))[score, None]

    truth = score_of(120_000).value
    scores = [score_of(120) for _ in range(200)]
    held = np.mean([one.low <= truth <= one.high for one in scores])  # type: ignore[operator]
    assert 0.9 <= held <= 0.99


def test_a_perfect_classifier_keeps_its_doubt() -> None:
    labels = np.repeat([0, 1], 12).astype(np.int64)
    perfect = np.eye(2, dtype=np.float32)[labels]
    found = by_name(compute_scores(perfect, labels, classes=("a", "b")))
    for score in ("accuracy", "balanced_accuracy", "auroc"):
        one = found[score, None]
        assert one.value == one.high == 1
        assert one.low is not None and 0.7 < one.low < 0.9
    assert found["f1_macro", None].low is None and found["f1_macro", None].note


def test_an_interval_of_balanced_accuracy_widens_with_its_rarest_class() -> None:
    def width(rare: int) -> float:
        labels = np.repeat([0, 1], [100, rare]).astype(np.int64)
        answers = labels.copy()
        answers[::5] = 1 - answers[::5]
        one = by_name(compute_scores(np.eye(2, dtype=np.float32)[answers], labels, classes=("a", "b")))
        balanced = one["balanced_accuracy", None]
        assert balanced.low is not None and balanced.high is not None
        return balanced.high - balanced.low

    assert width(5) > 1.5 * width(50)


def test_what_cannot_be_scored_is_refused() -> None:
    labels = np.array([0, 0, 1])
    with pytest.raises(ValueError, match="two test images"):
        compute_scores(np.eye(2, dtype=np.float32)[labels], labels, classes=("a", "b"))
    with pytest.raises(ValueError, match="finite"):
        compute_scores(np.full((4, 2), np.nan, np.float32), np.array([0, 0, 1, 1]), classes=("a", "b"))
    with pytest.raises(ValueError, match="one row an image"):
        compute_scores(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1]), classes=("a", "b"))
