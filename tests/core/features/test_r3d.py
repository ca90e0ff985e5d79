"""R3D-18 as an extractor of volumes."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torchvision.models.video import r3d_18

from core.errors import InputError, WeightsError
from core.features.base import Device, ExtractorOptions, Precision, VolumeExtractor
from core.features.extraction import extract_features
from core.features.r3d import FILE_NAME, SHA256
from core.features.registry import get_extractor_info, load_extractor
from core.images.volume import Volume
from core.images.volume_resizing import resize_volume
from tests.core.features.volume_sets import make_volume, scan_volumes, write_volumes

pytestmark = pytest.mark.usefixtures("workspace")
OPTIONS = ExtractorOptions(device=Device.CPU, resolution=28)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn weights in torchvision's own layout, classifier included."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("r3d") / "r3d.pth"
    torch.save(r3d_18(weights=None).state_dict(), path)
    return path


def load(path: Path, options: ExtractorOptions = OPTIONS) -> VolumeExtractor:
    extractor = load_extractor(f"r3d-18?weights={path}", options)
    assert isinstance(extractor, VolumeExtractor)
    return extractor


def test_features_are_those_of_torchvisions_own_network(weights: Path) -> None:
    rng = np.random.default_rng(1)
    volumes = [Volume(make_volume(rng), None, "", 8) for _ in range(3)]
    extractor = load(weights)
    prepared = np.stack([extractor.prepare_volume(volume, num_channels=None) for volume in volumes])
    assert prepared.shape == (3, 3, 4, 28, 28)

    network = r3d_18(weights=None)
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.fc = nn.Identity()
    network.eval()
    boxes = [resize_volume(volume.values, shape=(4, 28, 28), num_channels=3) for volume in volumes]
    clips = np.stack(boxes).transpose(0, 4, 1, 2, 3) / 255
    mean, std = torch.tensor([0.43216, 0.394666, 0.37645]), torch.tensor([0.22803, 0.22145, 0.216989])
    normalised = (torch.from_numpy(clips) - mean.view(3, 1, 1, 1)) / std.view(3, 1, 1, 1)
    with torch.no_grad():
        expected = network(normalised.float()).numpy()
    features = extractor.extract(prepared).features
    assert features.shape == (3, 512)
    assert_allclose(features, expected, rtol=1e-4, atol=1e-5)


def test_neither_order_nor_batch_nor_workers_matter(weights: Path, tmp_path: Path) -> None:
    items = scan_volumes(write_volumes(tmp_path / "set", 5)).items
    extractor = load(weights)
    found = extract_features(items, extractor=extractor, store=False, workers=0).features
    backwards = extract_features(items[::-1], extractor=extractor, batch_size=2, workers=2).features
    assert_allclose(backwards[::-1], found, rtol=1e-4, atol=1e-5)
    assert_array_equal(extract_features(items[::-1], extractor=extractor).features, backwards)


def test_colour_and_precision(weights: Path) -> None:
    colour = np.random.default_rng(2).integers(0, 256, (4, 28, 28, 3), dtype=np.uint8)
    extractor = load(weights)
    kept = extractor.prepare_volume(Volume(colour, None, "", 8), num_channels=None)
    luma = extractor.prepare_volume(Volume(colour, None, "", 8), num_channels=1)
    grey = np.rint(colour @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    assert_allclose(luma, extractor.prepare_volume(Volume(grey, None, "", 8), num_channels=None), atol=0.02)
    assert np.abs(kept - luma).max() > 1
    half = load(weights, ExtractorOptions(device=Device.CPU, resolution=28, precision=Precision.BF16))
    assert half.identity != extractor.identity
    assert_allclose(half.extract(kept[None]).features, extractor.extract(kept[None]).features, atol=0.1)


def test_what_decides_a_feature_is_in_the_identity(weights: Path) -> None:
    wide = load(weights, ExtractorOptions(device=Device.CPU, resolution=56))
    assert "box 8 x 56 x 56" in wide.identity
    assert "box 4 x 28 x 28" in load(weights).identity
    assert str(wide.weights_sha256) in wide.identity
    assert str(weights) not in wide.identity
    assert get_extractor_info("r3d-18").takes_volumes


def test_what_it_refuses(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="looks at volumes, not at pictures"):
        load(weights).prepare(np.zeros((8, 8, 1), np.float32))
    with pytest.raises(InputError, match="only weights=<path> may follow"):
        load_extractor("r3d-18?depth=3", OPTIONS)
    with pytest.raises(InputError, match="from 16 to 512"):
        load(weights, ExtractorOptions(device=Device.CPU, resolution=8))
    with pytest.raises(WeightsError) as missing:
        load_extractor("r3d-18", OPTIONS)
    for place in ("r3d-18?weights=PATH", "MEDSYN_WEIGHTS_DIR", "torch's cache", "download.pytorch.org"):
        assert place in str(missing.value)
    torch.save({"stem.0.weight": torch.zeros(64, 3, 3, 7, 7)}, tmp_path / "part.pth")
    with pytest.raises(WeightsError, match=r"not of the layout of r3d-18: stem\.1\.weight is missing"):
        load(tmp_path / "part.pth")
    assert f"r3d_18-{SHA256[:8]}.pth" == FILE_NAME  # torch names files by the hash of their content
