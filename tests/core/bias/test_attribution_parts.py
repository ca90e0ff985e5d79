"""The parts of an explanation: layers, log odds, covers, shares of maps, means over patients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import core.torch_setup  # noqa: F401
from core.bias._patient_means import balanced_mean, bootstrap_patients
from core.bias.attribution import compute_grad_cam, compute_occlusion
from core.bias.attribution_layer import MIN_CELLS, choose_layer
from core.bias.attribution_looks import LogOdds, look_at_images
from core.bias.attribution_options import AttributionOptions
from core.bias.attribution_share import measure_shares
from core.bias.box import Box
from core.config import get_settings
from core.errors import InputError
from core.progress import SilentProgress
from core.utility.classifiers import Classifier, build_classifier
from core.utility.data import Images
from core.utility.presets import CLASSIFIERS, UtilityProtocol
from tests.core.bias.planted import plant

HALF = Box(0.0, 0.0, 0.5, 1.0)


def build(name: str = "test_resnet", *, side: int = 64, n_classes: int = 2) -> Classifier:
    """Build an untrained classifier of grey images."""
    protocol = UtilityProtocol(classifier=name, resolution=side)
    return build_classifier(protocol, n_channels=1, n_classes=n_classes, seed=0, settings=get_settings())


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_has_a_layer_for_grad_cam(name: str) -> None:
    side = max(64, CLASSIFIERS[name].smallest_px)
    classifier = build(name, side=side).train()
    layer = choose_layer(classifier, side=side)
    assert min(layer.rows, layer.columns) >= MIN_CELLS
    assert all(part.training for part in classifier.modules())
    assert not any(part._forward_hooks for part in classifier.modules())
    module = classifier.body.get_submodule(layer.name)
    maps = compute_grad_cam(classifier, module, torch.rand(2, 1, side, side), torch.tensor([0, 1]))
    assert maps.shape == (2, side, side)
    assert maps.min() >= 0


def test_larger_images_are_explained_by_the_last_layer() -> None:
    classifier = build()
    names = [choose_layer(classifier, side=side).name for side in (32, 64, 128)]
    assert names == ["layer2", "layer3", "layer4"]
    classifier.body.feature_info = []
    with pytest.raises(InputError, match="stages"):
        choose_layer(classifier, side=64)


def test_log_odds_are_those_of_the_probabilities() -> None:
    classifier = build(n_classes=3).eval()
    images = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        odds = LogOdds(classifier)(images)
        p = classifier(images).softmax(dim=1)
        classifier.head.bias += 5
        moved = LogOdds(classifier)(images)
    assert torch.allclose(odds, (p / (1 - p)).log(), atol=1e-4)
    assert torch.allclose(odds, moved, atol=1e-4)


def test_covers_take_away_what_is_not_under_them() -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    images, codes = torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 0])
    same = compute_occlusion(model, images, codes, patch_px=4, stride_px=2, fill=images)
    assert same.abs().max() == 0
    grey = compute_occlusion(model, images, codes, patch_px=4, stride_px=2, fill=0.5)
    under = torch.full_like(images, 0.5)
    assert torch.equal(grey, compute_occlusion(model, images, codes, patch_px=4, stride_px=2, fill=under))


def test_an_image_without_detail_has_nothing_to_cover() -> None:
    items = plant(n=4).items
    images = Images(np.full((4, 1, 64, 64), 90, np.uint8), np.array([0, 1, 0, 1]), items)
    classifier = build().eval()
    looks = look_at_images(
        classifier,
        choose_layer(classifier, side=64),
        images,
        AttributionOptions(step=1 / 8),
        regions=[HALF],
        side_px=32,
        device=torch.device("cpu"),
        progress=SilentProgress(),
    )
    (occlusion,) = (look for look in looks if look.method == "occlusion")
    assert occlusion.empty.all()
    assert np.isnan(occlusion.shares).all()
    assert occlusion.means[0].shape == (32, 32)
    assert not occlusion.means[0].any()


def test_shares_of_maps() -> None:
    maps = np.zeros((4, 4, 4), np.float32)
    maps[0] = 1
    maps[1, :, :2] = 3
    maps[2, :, 2:] = 3
    maps[2, :, :2] = -1
    shares = measure_shares(maps, HALF)
    assert shares[:3].tolist() == [0.5, 1, 0]
    assert np.isnan(shares[3])
    # A box edge through the middle of pixels takes half of them.
    assert measure_shares(maps[:1], Box(0.125, 0.0, 0.375, 0.25)).tolist() == [1 / 16]


def test_means_over_patients() -> None:
    values, groups = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 1, 2, 3])
    mean, low, high = bootstrap_patients(values, groups, seed=0)
    assert (mean, low, high) == (0.5, 0, 1)
    assert bootstrap_patients(values, np.zeros(4, int), seed=0) == (0.5, None, None)
    rng = np.random.default_rng(0)
    many = rng.random(400)
    _, low, high = bootstrap_patients(many, np.arange(400), seed=1)
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * many.std() / 20, rel=0.1)
    # Four images of each patient that all say the same are one image said four times.
    repeated = np.repeat(many[:100], 4)
    _, low, high = bootstrap_patients(repeated, np.repeat(np.arange(100), 4), seed=1)
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * many[:100].std() / 10, rel=0.15)


def test_balanced_means_weigh_classes_alike() -> None:
    codes = np.array([0] * 90 + [1] * 10)
    values = np.where(codes == 0, 1.0, 0.0)
    mean, low, high = balanced_mean(values, codes, np.arange(100))
    assert mean == 0.5
    assert low < 0.5 < high
    mean, low, high = balanced_mean(np.ones(100), codes, np.arange(100))
    assert (mean, high) == (1, 1)
    # Ten right of ten in the smaller class: Wilson's lower end.
    assert low == pytest.approx(0.7225, abs=1e-3)


def test_covers_step_by_at_most_themselves() -> None:
    with pytest.raises(ValidationError, match="leave parts of the image out"):
        AttributionOptions(cover=0.1, step=0.2)
    options = AttributionOptions(protocol=UtilityProtocol(resolution=32), cover=1 / 64, step=1 / 64)
    assert (options.cover_px, options.step_px) == (1, 1)
