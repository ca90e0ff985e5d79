"""Probes light up where something was planted, and nowhere by chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from core.bias._ridge import score
from core.bias.patch_probe import ProbeOptions, compute_patch_probe, compute_transfer_probe
from core.bias.patches import PatchGrid, describe_patches
from core.errors import CancelledError, InputError, TooFewImagesError
from core.progress import SilentProgress
from tests.core.bias.planted import SIDE, mark, mark_other, plant

GRID = PatchGrid(side_px=SIDE, patch_px=16, stride_px=8)
OPTIONS = ProbeOptions(grid=GRID, n_permutations=99)


def test_scores_are_those_of_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    train, targets, test = rng.normal(size=(70, 6)), rng.normal(size=(70, 2)), rng.normal(size=(9, 6))
    peer = Ridge(alpha=0.05 * 70).fit(train, targets)
    ours = score(train, targets, test)
    assert np.ptp(ours - peer.predict(test), axis=0) == pytest.approx(0, abs=1e-9)


def test_mark_lights_up_and_the_rest_stays_at_chance() -> None:
    probe = compute_patch_probe(plant(mark), OPTIONS)
    assert probe.p_value is not None
    assert probe.threshold is not None
    assert probe.auroc.shape == GRID.shape == (7, 7)
    assert probe.auroc[0, 6] > 0.95
    assert probe.p_value[0, 6] == 0.01
    far = probe.auroc[3:, :4]
    assert far.mean() == pytest.approx(0.5, abs=0.05)
    assert (probe.p_value[3:, :4] > 0.05).all()
    assert ((probe.auroc > probe.threshold) == (probe.p_value <= 0.05)).all()
    assert (probe.low <= probe.auroc).all()
    assert (probe.auroc <= probe.high).all()


def test_same_seed_same_map() -> None:
    images = plant(mark)
    first, again = compute_patch_probe(images, OPTIONS), compute_patch_probe(images, OPTIONS)
    assert np.array_equal(first.auroc, again.auroc)
    assert first.threshold == again.threshold


def test_images_of_one_patient_do_not_teach_about_each_other() -> None:
    """Each patient has a look of his own and a random class: only leaking between folds could tell it."""

    def looks(pixels: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> None:
        pixels += rng.normal(0, 40, (len(codes) // 4, 1, 1)).repeat(4, axis=0)

    areas = [
        compute_patch_probe(
            plant(looks, n=96, images_each=4, seed=seed), ProbeOptions(grid=GRID, n_permutations=0)
        ).auroc.mean()
        for seed in range(6)
    ]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


def test_every_class_counts_when_there_are_three() -> None:
    probe = compute_patch_probe(plant(mark, n=120, n_classes=3), OPTIONS)
    # Class b is told from all others, a from c is not: the mean of 1 and twice about 0.75.
    assert probe.auroc[0, 6] == pytest.approx(0.83, abs=0.06)
    assert probe.scores.shape == (49, 120, 3)


def test_transfer_learns_on_real_images_alone() -> None:
    real = plant(mark)
    grid = OPTIONS.grid
    same = compute_transfer_probe(real=real, synthetic=plant(mark, seed=1), grid=grid)
    swapped = compute_transfer_probe(real=real, synthetic=plant(mark_other, seed=1), grid=grid)
    none = compute_transfer_probe(real=real, synthetic=plant(seed=1), grid=grid)
    assert same.auroc[0, 6] > 0.95
    assert swapped.auroc[0, 6] < 0.05
    assert 0.3 < none.auroc[0, 6] < 0.7
    assert same.threshold is None


def test_constant_patches_tell_nothing() -> None:
    def blank(pixels: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> None:
        pixels[:, :20] = 0

    images = plant(blank)
    ordered = images.codes.argsort(kind="stable")
    images = type(images)(
        images.name, images.role, images.pixels, np.sort(images.codes), images.groups, images.classes,
        tuple(images.items[row] for row in ordered),
    )  # fmt: skip
    assert compute_patch_probe(images, OPTIONS).auroc[0] == pytest.approx(0.5)


def test_features_see_a_letter_wherever_it_stands() -> None:
    images = plant(mark, n=20)
    features = list(describe_patches(images.pixels, GRID))
    assert len(features) == 49
    brightest = features[6][:, 17]
    assert brightest[images.codes == 1].min() > brightest[images.codes == 0].max()


def test_grid_reaches_every_border() -> None:
    grid = PatchGrid(side_px=50, patch_px=16, stride_px=10)
    assert grid.starts == (0, 10, 20, 30, 34)
    box = grid.find_box(np.array([3, 4]), np.array([0, 1]))
    assert (box.left, box.top, box.right, box.bottom) == (0.0, 0.6, 0.52, 1.0)


def test_what_cannot_be_probed_is_said() -> None:
    with pytest.raises(TooFewImagesError, match=r"4 different images or patients of class 'a'"):
        compute_patch_probe(plant(n=80, images_each=10), OPTIONS)
    with pytest.raises(InputError, match="at least 19 permutations"):
        ProbeOptions(n_permutations=5)
    with pytest.raises(InputError, match="folds"):
        ProbeOptions(n_folds=1)
    with pytest.raises(InputError, match="leaves parts"):
        PatchGrid(patch_px=8, stride_px=9)
    with pytest.raises(InputError, match="Patches have"):
        PatchGrid(side_px=32, patch_px=64)


def test_cancelling_stops_a_probe() -> None:
    class Stop(SilentProgress):
        def advance(self, steps: int = 1) -> None:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        compute_patch_probe(plant(mark), OPTIONS, progress=Stop())
