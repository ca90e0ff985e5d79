"""Copy, real and non-real sets, fidelity, privacy, and the collapse margin."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.copies import COLLAPSE_MARGIN, CopyLabel, compute_copy_sets, decide_collapse_margin
from core.metrics.neighbourhood import compute_neighbourhood


def test_copied_reals_have_no_privacy() -> None:
    real = np.random.default_rng(0).standard_normal((100, 8))
    sets = compute_copy_sets(compute_neighbourhood(real=real, synthetic=real[:40]))
    assert sets.privacy.value == 0.0
    assert sets.fidelity.value == 1.0
    assert sets.precision_privacy.value == 0.0
    assert sets.count(CopyLabel.COPY) == 40


def test_far_images_are_private_and_unfaithful() -> None:
    rng = np.random.default_rng(1)
    real = rng.standard_normal((100, 8))
    sets = compute_copy_sets(compute_neighbourhood(real=real, synthetic=real[:40] + 100))
    assert (sets.privacy.value, sets.fidelity.value) == (1.0, 0.0)
    assert set(sets.labels) == {CopyLabel.NON_REAL}


def test_known_positions() -> None:
    # Reals at 0, 1, 3, 7: r_1 = 1, 1, 2, 4 and r_2 = 3, 2, 3, 6.
    real = np.array([[0.0], [1.0], [3.0], [7.0]])
    synthetic = np.array([[0.5], [-1.0], [-2.9], [-3.0], [50.0]])
    sets = compute_copy_sets(compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=2))
    assert [label.value for label in sets.labels] == ["copy", "real", "real", "non-real", "non-real"]
    assert sets.fidelity.value == pytest.approx(3 / 5)
    assert sets.privacy.value == pytest.approx(4 / 5)
    assert sets.precision_privacy.value == pytest.approx(2 / 5)
    assert (sets.privacy.n_real, sets.privacy.n_synthetic) == (4, 5)


def test_a_fresh_draw_is_far_from_fully_private() -> None:
    """The base rate that held-out images are there for."""
    rng = np.random.default_rng(2)
    near = compute_neighbourhood(real=rng.standard_normal((500, 8)), synthetic=rng.standard_normal((500, 8)))
    assert 0.2 < compute_copy_sets(near).privacy.value < 0.8


def test_hamming_codes() -> None:
    codes = np.array([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1], [2, 2, 2, 2]])
    sets = compute_copy_sets(
        compute_neighbourhood(
            real=codes,
            synthetic=np.array([[0, 0, 0, 0], [5, 5, 5, 5], [2, 2, 5, 5]]),
            nearest_k=2,
            metric="hamming",
        )
    )
    # The last real item differs from all others in every code: its balls reach to distance 1.
    assert [label.value for label in sets.labels] == ["copy", "non-real", "copy"]


def test_the_collapse_margin_fires_at_its_threshold_and_says_so() -> None:
    on_the_threshold = np.array([[0.0, 0.05], [0.1, -0.05]])  # standard deviation exactly 0.05
    assert decide_collapse_margin(synthetic=on_the_threshold) == COLLAPSE_MARGIN
    assert decide_collapse_margin(synthetic=on_the_threshold * 1.001) == 0.0

    real = np.array([[0.0], [0.01], [0.02], [1.0]])
    synthetic = np.array([[0.04], [0.041], [0.042]])
    plain = compute_copy_sets(compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=1))
    margin = decide_collapse_margin(synthetic=synthetic)
    widened = compute_copy_sets(
        compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=1, collapse_margin=margin)
    )
    assert not plain.collapse_margin_fired and plain.note == ""
    assert plain.count(CopyLabel.NON_REAL) == 3 - plain.count(CopyLabel.COPY)
    assert widened.collapse_margin_fired and "0.05" in widened.note
    assert widened.privacy.value == 0.0
