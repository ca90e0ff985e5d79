"""The FID Inception with random weights of its layout; tests/parity holds it against the peers."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional as F

from core.config import get_settings
from core.errors import InputError, WeightsError
from core.features import device
from core.features._inception_blocks import BasicConv2d, InceptionNetwork
from core.features.base import Device, ExtractorOptions, Precision, ResizeMode
from core.features.device import resolve_device, split_batch
from core.features.inception_fid import FILE_NAME, INFO, SHA256, InceptionFid, load
from core.features.weights import StateDict, hash_file, load_state_dict
from tests.weights import make_calibration_images, make_fid_weights

# Small images keep the suite quick; the network is the same.
SIDE = 107


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fid_weights(tmp_path_factory.mktemp("weights") / "layout.pth", seed=0)


@pytest.fixture(scope="module")
def state(weights: Path) -> StateDict:
    return load_state_dict(weights)


@pytest.fixture(scope="module")
def extractor(weights: Path) -> InceptionFid:
    return load(INFO.id, ExtractorOptions(weights=weights, resolution=SIDE, device=Device.CPU))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return make_calibration_images(30, seed=5, side=SIDE)


def assert_close(ours: np.ndarray, reference: np.ndarray, tolerance: float = 1e-5) -> None:
    assert_allclose(ours, reference, rtol=0, atol=tolerance * np.abs(reference).max())


class TestNetwork:
    def test_layout_is_the_published_one(self) -> None:
        keys = InceptionNetwork().state_dict().keys()
        assert len(keys) == 566
        assert not any(key.startswith("AuxLogits") for key in keys)

    @torch.no_grad()
    def test_folding_changes_nothing(self, state: StateDict, images: np.ndarray) -> None:
        network = InceptionNetwork().eval()
        network.load_state_dict(state)
        x = torch.from_numpy(images[:2]) / 127.5 - 1
        before = network(x)
        network.fold()
        network.fold()  # folding twice is folding once
        for ours, reference in zip(network(x), before, strict=True):
            assert_close(ours.numpy(), reference.numpy(), 1e-4)
        assert len(network.state_dict()) == 2 * 94 + 2

    @torch.no_grad()
    def test_average_pools_come_before_their_convolution(self, state: StateDict) -> None:
        """The definition: pool all input channels without counting padding, then convolve, then ReLU."""
        network = InceptionNetwork().eval()
        network.load_state_dict(state)
        x = torch.randn(2, 192, 9, 9, generator=torch.Generator().manual_seed(0))
        branch = network.Mixed_5b.branch_pool
        counts = F.avg_pool2d(torch.ones(1, 1, 9, 9), 3, 1, 1, divisor_override=1)
        averages = F.avg_pool2d(x, 3, 1, 1, divisor_override=1) / counts
        assert_close(network.Mixed_5b(x)[:, -32:].numpy(), branch(averages).numpy())

    @torch.no_grad()
    def test_the_last_block_takes_a_maximum(self, state: StateDict) -> None:
        network = InceptionNetwork().eval()
        network.load_state_dict(state)
        x = torch.rand(1, 2048, 5, 5, generator=torch.Generator().manual_seed(0))
        padded = F.pad(x, (1, 1, 1, 1), value=float("-inf"))
        maxima = padded.unfold(2, 3, 1).unfold(3, 3, 1).amax(dim=(4, 5))
        expected = network.Mixed_7c.branch_pool(maxima)
        assert_close(network.Mixed_7c(x)[:, -192:].numpy(), expected.numpy())

    @torch.no_grad()
    def test_unfolded_unit_is_convolution_batch_norm_relu(self) -> None:
        unit = BasicConv2d(3, 4, 3, stride=2, padding=1).eval()
        assert isinstance(unit.bn, torch.nn.BatchNorm2d)
        unit.bn.running_mean.fill_(0.1)
        unit.bn.running_var.fill_(0.5)
        x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        expected = ((unit.conv(x) - 0.1) / np.sqrt(0.5 + 0.001)).relu()
        assert_close(unit(x).numpy(), expected.numpy())
        unit.fold()
        assert_close(unit(x).numpy(), expected.numpy())


class TestFeatures:
    def test_shapes_and_types(self, extractor: InceptionFid, images: np.ndarray) -> None:
        batch = extractor.extract(images[:3])
        assert batch.features.shape == (3, extractor.dimension)
        assert batch.logits is not None
        assert batch.logits.shape == (3, 1008)
        assert batch.features.dtype == batch.logits.dtype == np.float32

    def test_test_weights_tell_images_apart(self, extractor: InceptionFid, images: np.ndarray) -> None:
        features = extractor.extract(images[:8]).features
        assert features.std(axis=0).mean() > 0.1 * features.mean()

    @pytest.mark.parametrize(("precision", "noise"), [(Precision.FP32, 1e-5), (Precision.BF16, 0.02)])
    def test_batch_size_and_order_do_not_matter(
        self,
        weights: Path,
        images: np.ndarray,
        precision: Precision,
        noise: float,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(device, "_CPU_STEP_PIXELS", 8 * SIDE**2)
        options = ExtractorOptions(weights=weights, resolution=SIDE, device=Device.CPU, precision=precision)
        extractor = load(INFO.id, options)
        together = extractor.extract(images)  # four steps of the network, the last one shorter
        assert together.logits is not None
        order = np.random.default_rng(0).permutation(len(images))[:9]
        for size in (1, 2, 9):
            parts = [extractor.extract(images[order[i : i + size]]) for i in range(0, 9, size)]
            assert_close(np.concatenate([part.features for part in parts]), together.features[order], noise)
            logits = np.concatenate([part.logits for part in parts if part.logits is not None])
            assert_close(logits, together.logits[order], noise)

    def test_an_empty_batch(self, extractor: InceptionFid, images: np.ndarray) -> None:
        assert extractor.extract(images[:0]).features.shape == (0, 2048)

    def test_the_batch_is_left_alone(self, extractor: InceptionFid, images: np.ndarray) -> None:
        batch = images[:2].copy()
        extractor.extract(batch)
        assert_array_equal(batch, images[:2])

    def test_logits_have_no_bias(self, extractor: InceptionFid, images: np.ndarray, state: StateDict) -> None:
        batch = extractor.extract(images[:2])
        expected = batch.features @ state["fc.weight"].numpy().T
        assert batch.logits is not None
        assert_close(batch.logits, expected)

    def test_bf16_is_near(self, weights: Path, extractor: InceptionFid, images: np.ndarray) -> None:
        options = ExtractorOptions(
            weights=weights, resolution=SIDE, device=Device.CPU, precision=Precision.BF16
        )
        exact, rounded = (e.extract(images[:8]).features for e in (extractor, load(INFO.id, options)))
        error = np.linalg.norm(rounded - exact) / np.linalg.norm(exact - exact.mean(axis=0))
        assert 0 < error < 0.2
        assert rounded.dtype == np.float32

    def test_grey_equals_its_three_channel_copy(self, extractor: InceptionFid) -> None:
        grey = (np.random.default_rng(0).random((60, 130, 1)) * 255).astype(np.float32)
        prepared = extractor.prepare(grey)
        assert prepared.shape == (3, SIDE, SIDE)
        assert_array_equal(prepared, extractor.prepare(np.repeat(grey, 3, axis=2)))

    def test_resize_modes_differ(self, weights: Path) -> None:
        pixels = (np.random.default_rng(0).random((300, 200, 3)) * 255).astype(np.float32)
        features = []
        for mode in ResizeMode:
            options = ExtractorOptions(weights=weights, resolution=75, resize=mode, device=Device.CPU)
            extractor = load(INFO.id, options)
            features.append(extractor.extract(extractor.prepare(pixels)[None]).features)
        assert not np.allclose(features[0], features[1], rtol=1e-2)
        assert not np.allclose(features[1], features[2], rtol=1e-2)


class TestIdentity:
    def test_names_all_that_decides(self, weights: Path) -> None:
        base = ExtractorOptions(weights=weights, device=Device.CPU)
        changed = [
            base,
            ExtractorOptions(weights=weights, device=Device.CPU, resize=ResizeMode.PYTORCH_FID),
            ExtractorOptions(weights=weights, device=Device.CPU, resolution=200),
            ExtractorOptions(weights=weights, device=Device.CPU, precision=Precision.BF16),
        ]
        identities = [load(INFO.id, options).identity for options in changed]
        assert len(set(identities)) == len(identities)
        sha256 = hash_file(weights)
        assert identities[0] == f"inception-fid v1 | resize=clean | 299 | weights sha256 {sha256} | fp32"
        assert not any(str(weights.parent) in identity or "\n" in identity for identity in identities)

    def test_only_299_pixels_are_fid(self, weights: Path, extractor: InceptionFid) -> None:
        assert load(INFO.id, ExtractorOptions(weights=weights)).is_fid
        assert not extractor.is_fid

    def test_only_the_published_hash_is_published(self, state: StateDict, extractor: InceptionFid) -> None:
        assert not extractor.published
        options = ExtractorOptions(device=Device.CPU)
        assert InceptionFid(state, weights_sha256=SHA256, options=options).published


class TestErrors:
    @pytest.mark.parametrize("resolution", [74, 0, -299])
    def test_too_small_a_resolution(self, weights: Path, resolution: int) -> None:
        with pytest.raises(InputError, match="at least 75"):
            load(INFO.id, ExtractorOptions(weights=weights, resolution=resolution))

    def test_the_smallest_resolution_works(self, weights: Path) -> None:
        extractor = load(INFO.id, ExtractorOptions(weights=weights, resolution=75, device=Device.CPU))
        assert np.isfinite(extractor.extract(np.zeros((1, 3, 75, 75), np.float32)).features).all()

    def test_nothing_follows_the_name(self, weights: Path) -> None:
        with pytest.raises(InputError, match="nothing after its name"):
            load("inception-fid:v2", ExtractorOptions(weights=weights))

    def test_without_weights(self, workspace: Path) -> None:
        with pytest.raises(WeightsError, match="MEDSYN_OFFLINE"):
            load(INFO.id, ExtractorOptions())

    def test_weights_folder_of_the_environment(
        self, workspace: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / FILE_NAME).symlink_to(weights)
        monkeypatch.setenv("MEDSYN_WEIGHTS_DIR", str(tmp_path))
        get_settings.cache_clear()
        assert load(INFO.id, ExtractorOptions()).weights_sha256 == hash_file(weights)

    def test_weights_of_another_layout(self, tmp_path: Path, state: StateDict) -> None:
        path = tmp_path / "other.pth"
        torch.save({**state, "AuxLogits.fc.bias": torch.zeros(1000)}, path)
        with pytest.raises(WeightsError, match=r"FID Inception: AuxLogits\.fc\.bias is not part of it"):
            load(INFO.id, ExtractorOptions(weights=path))
        torch.save({**state, "fc.weight": torch.zeros(1000, 2048)}, path)
        with pytest.raises(WeightsError, match=r"fc\.weight is \(1000, 2048\) instead of \(1008, 2048\)"):
            load(INFO.id, ExtractorOptions(weights=path))


class TestDevice:
    def test_auto_and_cpu(self) -> None:
        assert resolve_device(Device.CPU) == torch.device("cpu")
        assert resolve_device(Device.AUTO).type in {"cpu", "cuda", "mps"}

    @pytest.mark.parametrize("absent", [Device.CUDA, Device.MPS])
    def test_absent(self, absent: Device, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        with pytest.raises(
            InputError, match=f"The device {absent.value} is not available to torch here; use --device cpu"
        ):
            resolve_device(absent)
        assert resolve_device(Device.AUTO) == torch.device("cpu")

    def test_auto_prefers_cuda(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert resolve_device(Device.AUTO).type == "mps"
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert resolve_device(Device.AUTO).type == "cuda"

    @pytest.mark.parametrize(("n", "side"), [(0, 299), (1, 299), (33, 299), (5, 5000), (100, 32)])
    @pytest.mark.parametrize("where", ["cpu", "cuda"])
    def test_steps_cover_the_batch_once(self, n: int, side: int, where: str) -> None:
        steps = list(split_batch(n, side=side, device=torch.device(where)))
        covered = [row for step in steps for row in range(n)[step]]
        assert covered == list(range(n))
        assert (
            max((step.stop - step.start for step in steps), default=1) * side**2 <= 128 * max(299, side) ** 2
        )
