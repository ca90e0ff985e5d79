"""MedicalNet as an extractor of volumes."""

from __future__ import annotations

import pickle
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn import functional

from core.config import get_settings
from core.errors import UnknownNameError, WeightsError
from core.features._medicalnet_network import DEPTHS, MedicalNetEncoder
from core.features.base import Device, ExtractorOptions, VolumeExtractor
from core.features.registry import load_extractor
from core.features.weights import StateDict
from core.images.volume import Volume
from tests.core.features.volume_sets import make_volume

pytestmark = pytest.mark.usefixtures("workspace")
OPTIONS = ExtractorOptions(device=Device.CPU, resolution=16)

# Parameters in millions, running means and variances among them, by the table of the authors' repository.
PUBLISHED = {10: 14.36, 18: 32.99, 34: 63.31, 50: 46.21, 101: 85.31, 152: 117.51, 200: 126.74}


def draw_weights(depth: int, *, learns_shortcut: bool, seed: int = 0) -> StateDict:
    """Random weights of moderate size in the published layout, with the head that published files hold."""
    torch.manual_seed(seed)
    network = MedicalNetEncoder(depth, learns_shortcut=learns_shortcut)
    state = {key: value.clone() for key, value in network.state_dict().items()}
    for key, value in state.items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point() and value.ndim == 1:
            value.normal_(1.0 if key.endswith("weight") else 0.0, 0.1)
    return {f"module.{key}": value for key, value in state.items()} | {
        "module.conv_seg.0.weight": torch.zeros(512, 32, 2, 2, 2)
    }


def load(path: Path, depth: int = 10) -> VolumeExtractor:
    extractor = load_extractor(f"medicalnet:{depth}?weights={path}", OPTIONS)
    assert isinstance(extractor, VolumeExtractor)
    return extractor


def prepare(extractor: VolumeExtractor, n: int = 2) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.stack(
        [extractor.prepare_volume(Volume(make_volume(rng), None, "", 8), num_channels=None) for _ in range(n)]
    )


@pytest.mark.parametrize("depth", DEPTHS)
def test_networks_are_as_large_as_published(depth: int) -> None:
    with torch.device("meta"):
        network = MedicalNetEncoder(depth, learns_shortcut=depth not in (18, 34))
    counted = [
        value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")
    ]
    assert round(sum(value.numel() for value in counted) / 1e6, 2) == PUBLISHED[depth]


@pytest.mark.parametrize(("depth", "learns_shortcut"), [(10, True), (18, False), (50, True)])
def test_features_are_those_of_the_network_written_out(
    depth: int, learns_shortcut: bool, tmp_path: Path
) -> None:
    state = draw_weights(depth, learns_shortcut=learns_shortcut)
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "weights.pth")
    extractor = load(tmp_path / "weights.pth", depth)
    prepared = prepare(extractor)
    expected = run_by_hand(state, torch.from_numpy(prepared), has_bottleneck=depth == 50)
    assert extractor.dimension == expected.shape[1] == (2048 if depth == 50 else 512)
    assert_allclose(extractor.extract(prepared).features, expected.numpy(), rtol=1e-3, atol=1e-5)


def run_by_hand(state: StateDict, x: torch.Tensor, *, has_bottleneck: bool) -> torch.Tensor:
    """The published forward pass, from the file's tensors alone."""

    def convolve(x: torch.Tensor, key: str, stride: int = 1, dilation: int = 1) -> torch.Tensor:
        weight = state[f"module.{key}.weight"]
        padding = weight.shape[-1] // 2 * dilation
        return functional.conv3d(x, weight, stride=stride, padding=padding, dilation=dilation)

    def norm(x: torch.Tensor, key: str) -> torch.Tensor:
        own = {
            name: state[f"module.{key}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
        }
        return functional.batch_norm(x, **own)

    x = functional.max_pool3d(functional.relu(norm(convolve(x, "conv1", 2), "bn1")), 3, 2, 1)
    for stage, (stride, dilation) in enumerate(((1, 1), (2, 1), (1, 2), (1, 4)), start=1):
        block = 0
        while f"module.layer{stage}.{block}.conv1.weight" in state:
            at = f"layer{stage}.{block}"
            step = stride if block == 0 else 1
            if has_bottleneck:
                y = functional.relu(norm(convolve(x, f"{at}.conv1"), f"{at}.bn1"))
                y = functional.relu(norm(convolve(y, f"{at}.conv2", step, dilation), f"{at}.bn2"))
                y = norm(convolve(y, f"{at}.conv3"), f"{at}.bn3")
            else:
                y = functional.relu(norm(convolve(x, f"{at}.conv1", step, dilation), f"{at}.bn1"))
                y = norm(convolve(y, f"{at}.conv2", 1, dilation), f"{at}.bn2")
            if f"module.{at}.downsample.0.weight" in state:
                x = norm(convolve(x, f"{at}.downsample.0", step), f"{at}.downsample.1")
            elif y.shape != x.shape:
                wide = torch.zeros_like(y)
                wide[:, : x.shape[1]] = x[:, :, ::step, ::step, ::step]
                x = wide
            x = functional.relu(x + y)
            block += 1
    return x.flatten(2).mean(dim=2)


def test_one_network_whatever_its_file(tmp_path: Path) -> None:
    state = draw_weights(10, learns_shortcut=True)
    torch.save(state, tmp_path / "wrapped.pth")
    plain = {key.removeprefix("module."): value for key, value in state.items() if "conv_seg" not in key}
    safetensors.torch.save_file(plain, tmp_path / "plain.safetensors")
    wrapped, saved = load(tmp_path / "wrapped.pth"), load(tmp_path / "plain.safetensors")
    assert wrapped.identity == saved.identity
    assert "plain" not in saved.identity
    assert_array_equal(wrapped.extract(prepare(wrapped)).features, saved.extract(prepare(saved)).features)


def test_a_file_with_learnt_shortcuts_is_taken_at_depth_18(tmp_path: Path) -> None:
    torch.save(draw_weights(18, learns_shortcut=True), tmp_path / "b.pth")
    assert load(tmp_path / "b.pth", 18).dimension == 512


def test_voxels_become_scores_over_what_is_not_black(tmp_path: Path) -> None:
    torch.save(draw_weights(10, learns_shortcut=True), tmp_path / "weights.pth")
    extractor = load(tmp_path / "weights.pth")
    values = np.zeros((8, 16, 16), np.uint8)
    values[2:6, 4:12, 4:12] = np.random.default_rng(0).integers(50, 200, (4, 8, 8))
    box = extractor.prepare_volume(Volume(values, None, "", 8), num_channels=None)[0]
    shown = values > 0
    assert (box[~shown] == 0).all()
    assert box[shown].mean() == pytest.approx(0, abs=1e-6)
    assert box[shown].std() == pytest.approx(1, abs=1e-6)
    brighter = values.copy()
    brighter[shown] += 50
    assert_allclose(
        extractor.prepare_volume(Volume(brighter, None, "", 8), num_channels=None)[0], box, atol=1e-5
    )
    for level in (0, 9):
        flat = np.full((8, 16, 16), level, np.uint8)
        assert not extractor.prepare_volume(Volume(flat, None, "", 8), num_channels=None).any()


def test_weights_are_looked_for_by_their_published_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeightsError) as missing:
        load_extractor("medicalnet:10", OPTIONS)
    for part in (
        "medicalnet:10?weights=PATH",
        "MEDSYN_WEIGHTS_DIR is not set",
        "github.com/Tencent/MedicalNet",
    ):
        assert part in str(missing.value)
    monkeypatch.setenv("MEDSYN_WEIGHTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(WeightsError, match="resnet_10_23dataset"):
        load_extractor("medicalnet:10", OPTIONS)
    torch.save(draw_weights(10, learns_shortcut=True), tmp_path / "resnet_10_23dataset.pth")
    assert load_extractor("medicalnet:10", OPTIONS).dimension == 512


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    with pytest.raises(UnknownNameError, match="medicalnet:10, medicalnet:18"):
        load_extractor("medicalnet:11", OPTIONS)
    state = draw_weights(10, learns_shortcut=True)
    torch.save(state, path)
    with pytest.raises(WeightsError, match=r"layer1\.1\.conv1\.weight is missing"):
        load(path, 34)
    torch.save(state | {"module.extra.weight": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match=r"extra\.weight is not part of it"):
        load(path)
    state["module.bn1.weight"][0] = torch.nan
    torch.save(state, path)
    with pytest.raises(WeightsError, match="not finite"):
        load(path)
    path.write_bytes(pickle.dumps({"module.conv1.weight": nn.Identity()}))
    with pytest.raises(WeightsError, match="holds more than tensors"):
        load(path)
