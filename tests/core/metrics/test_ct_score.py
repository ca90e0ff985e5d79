"""C_T: standard normal for equal distributions, strongly negative for copies, cells as the paper weighs them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.errors import InputError, TooFewImagesError
from core.metrics.ct_score import CtScore, compute_ct_score, decide_n_cells
from tests.core.metrics.test_distances import naive_distances


def draw(seed: int, *sizes: int, dimension: int = 4) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((size, dimension)) for size in sizes]


def score(seed: int, n_cells: int | None, size: int = 100) -> CtScore:
    real, synthetic, heldout = draw(seed, 200, size, size)
    return compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, n_cells=n_cells, seed=seed)


def test_one_cell_is_the_z_scored_rank_sum() -> None:
    real, synthetic, heldout = draw(0, 80, 50, 60)
    found = compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, n_cells=1)
    made, kept = naive_distances(synthetic, real).min(axis=1), naive_distances(heldout, real).min(axis=1)
    u = stats.mannwhitneyu(made, kept).statistic
    assert found.score.value == pytest.approx((u - 50 * 60 / 2) / np.sqrt(50 * 60 * 111 / 12))
    assert found.null_sd == 1.0
    assert (found.score.n_real, found.score.n_synthetic) == (80, 50)


def test_equal_distributions_give_a_standard_normal() -> None:
    """One cell: mean 0 and variance 1 over seeds."""
    values = [score(seed, 1).score.value for seed in range(300)]
    assert abs(np.mean(values)) < 3 / np.sqrt(300)
    assert 0.88 < np.std(values) < 1.12
    assert stats.kstest(values, "norm").pvalue > 0.01


def test_several_cells_average_and_say_how_much_they_vary() -> None:
    results = [score(seed, 3, size=200) for seed in range(150)]
    scaled = [result.score.value / result.null_sd for result in results]
    assert abs(np.mean(scaled)) < 3 / np.sqrt(150)
    assert 0.85 < np.std(scaled) < 1.15
    assert all(result.null_sd < 0.8 for result in results)
    covered = [result.score.low <= 0 <= result.score.high for result in results]
    assert 0.89 <= np.mean(covered) <= 0.99


def test_the_weights_are_the_heldout_shares_of_the_cells_that_count() -> None:
    found = score(5, 4, size=150)
    counted = [cell for cell in found.cells if cell.z is not None]
    total = sum(cell.n_heldout for cell in counted)
    assert found.score.value == pytest.approx(sum(cell.n_heldout * cell.z for cell in counted) / total)
    assert found.null_sd == pytest.approx(np.sqrt(sum((cell.n_heldout / total) ** 2 for cell in counted)))
    assert sum(cell.n_heldout for cell in found.cells) == 150
    assert sum(cell.n_synthetic for cell in found.cells) == 150
    assert sum(cell.n_real for cell in found.cells) == 200


@pytest.mark.parametrize("n_cells", [1, 3, None])
def test_directions(n_cells: int | None) -> None:
    real, fresh, heldout, noise = draw(1, 300, 300, 300, 300)
    copies = compute_ct_score(real=real, synthetic=real + 1e-3 * noise, heldout=heldout, n_cells=n_cells)
    assert copies.score.high < -5
    strangers = compute_ct_score(real=real, synthetic=2 * fresh, heldout=heldout, n_cells=n_cells)
    assert strangers.score.low > 0
    exact = compute_ct_score(real=real, synthetic=real, heldout=heldout, n_cells=n_cells)
    assert exact.score.value < copies.score.value + 1e-9


def test_copying_in_one_cell_only_shows_there() -> None:
    rng = np.random.default_rng(2)

    def two_clusters(n: int) -> np.ndarray:
        points = rng.standard_normal((2 * n, 4)) + 200
        points[n:] += 40
        return points

    real, synthetic, heldout = two_clusters(100), two_clusters(100), two_clusters(100)
    synthetic[:100] = real[:100]
    found = compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, n_cells=2)
    copied, fresh = sorted(cell.z for cell in found.cells)
    assert copied < -8 and abs(fresh) < 3
    assert {cell.n_real for cell in found.cells} == {100}


def test_cells_without_enough_images_do_not_count() -> None:
    rng = np.random.default_rng(3)
    real = np.concatenate([rng.standard_normal((100, 2)), rng.standard_normal((100, 2)) + 50])
    heldout = np.concatenate([rng.standard_normal((60, 2)), rng.standard_normal((60, 2)) + 50])
    found = compute_ct_score(real=real, synthetic=rng.standard_normal((80, 2)), heldout=heldout, n_cells=2)
    assert sorted(cell.z is None for cell in found.cells) == [False, True]
    assert found.score.note == "1 of 2 cells hold too few images and do not count."
    assert found.null_sd == 1.0


def test_only_train_images_of_the_cell_count() -> None:
    rng = np.random.default_rng(8)
    # Cells around 0 and 10, and one train image of the second near the border, which lies at about 5.
    real = np.concatenate([rng.normal(0, 0.1, 50), rng.normal(10, 0.1, 50), [5.4]])[:, None]
    synthetic, heldout = rng.normal(4.5, 0.05, (30, 1)), rng.normal(3.5, 0.05, (30, 1))
    found = compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, n_cells=2)
    assert found.score.value > 5  # nearest of all, the synthetic images would be the nearer ones


def test_ties_are_corrected_for() -> None:
    rng = np.random.default_rng(9)
    real, synthetic, heldout = (rng.integers(0, 3, (size, 5)) for size in (40, 50, 60))
    found = compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, metric="hamming")
    made, kept = (naive_distances(part, real, "hamming").min(axis=1) for part in (synthetic, heldout))
    assert len(np.unique([*made, *kept])) < 6
    p_value = stats.mannwhitneyu(
        made, kept, method="asymptotic", use_continuity=False, alternative="less"
    ).pvalue
    assert found.score.value == pytest.approx(stats.norm.ppf(p_value))


def test_codes_and_repeated_images() -> None:
    rng = np.random.default_rng(4)
    real, heldout = rng.integers(0, 5, (100, 12)), rng.integers(0, 5, (60, 12))
    found = compute_ct_score(real=real, synthetic=real[:50], heldout=heldout, n_cells=5, metric="hamming")
    assert found.score.value < -5 and len(found.cells) == 1
    # All distances equal: nothing to tell.
    flat = compute_ct_score(
        real=np.zeros((50, 3)), synthetic=np.ones((50, 3)), heldout=np.ones((50, 3)), n_cells=3
    )
    assert (flat.score.value, flat.score.low, flat.score.high) == (0.0, 0.0, 0.0)


def test_order_changes_nothing_and_seeds_repeat() -> None:
    real, synthetic, heldout = draw(6, 200, 150, 150)
    one = compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, n_cells=3)
    other = compute_ct_score(real=real, synthetic=synthetic[::-1], heldout=heldout[::-1], n_cells=3)
    assert one.score.value == pytest.approx(other.score.value)
    assert one == compute_ct_score(real=real, synthetic=synthetic, heldout=heldout, n_cells=3)


def test_number_of_cells() -> None:
    assert decide_n_cells(n_real=30, n_heldout=20, n_synthetic=10) == 1
    assert decide_n_cells(n_real=900, n_heldout=300, n_synthetic=900) == 5
    assert decide_n_cells(n_real=10**5, n_heldout=10**5, n_synthetic=10**5) == 20


def test_errors() -> None:
    real, synthetic, heldout = draw(7, 30, 30, 19)
    with pytest.raises(TooFewImagesError, match="20 held-out images in a cell, but none of 1 has them"):
        compute_ct_score(real=real, synthetic=synthetic, heldout=heldout)
    for n_cells, least in ((0, 20), (1, 1)):
        with pytest.raises(ValueError, match="at least 1 cell"):
            compute_ct_score(
                real=real, synthetic=synthetic, heldout=heldout, n_cells=n_cells, min_in_cell=least
            )
    with pytest.raises(InputError, match="finite"):
        compute_ct_score(real=real, synthetic=synthetic * np.nan, heldout=heldout)
