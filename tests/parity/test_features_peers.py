"""Our FID Inception against pytorch-fid, torch-fidelity and clean-fid, with one weight file for all.

Feature tolerances are relative to the largest feature; the tools sum in other orders than we do.
"""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401  # makes the peers' torchvision importable

# isort: split
import numpy as np
import pytest
import torch
from PIL import Image

from core.features.base import Device, ExtractorOptions, FeatureBatch, ResizeMode
from core.features.inception_fid import INFO, InceptionFid, load
from core.features.resize import resize_image
from core.metrics.frechet import compute_frechet_distance
from core.metrics.inception_score import compute_inception_score
from core.metrics.kid import compute_kid

# The peers warn about their own use of numpy, scipy and torch.
pytestmark = pytest.mark.filterwarnings("ignore")

TOLERANCE = 1e-4
SIZES = [(299, 299), (64, 64), (512, 400), (300, 1000), (120, 75)]


def make_image(rng: np.random.Generator, height: int, width: int, *, grey: bool, noise: float) -> np.ndarray:
    """8-bit blobs on a gradient with grain: something of every frequency."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(1 if grey else 3):
        plane = rng.uniform(-1, 1) * x / width + rng.uniform(-1, 1) * y / height
        for _ in range(4):
            cy, cx, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, height / 3)
            plane = plane + rng.normal() * (np.hypot(y - cy, x - cx) < radius)
        planes.append(plane + noise * rng.normal(size=plane.shape))
    values = np.stack(planes, axis=-1)
    values = (values - values.min()) / np.ptp(values) * 255
    return values.astype(np.uint8)


def write_folder(folder: Path, n: int, *, seed: int, noise: float) -> Path:
    """PNGs of mixed sizes, each third one grey."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for index in range(n):
        height, width = SIZES[index % len(SIZES)]
        pixels = make_image(rng, height, width, grey=index % 3 == 0, noise=noise)
        Image.fromarray(pixels.squeeze()).save(folder / f"{index:03d}.png")
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("images")
    return (
        write_folder(base / "real", 24, seed=1, noise=0.1),
        write_folder(base / "synthetic", 20, seed=2, noise=0.5),
    )


@pytest.fixture(scope="module")
def pytorch_fid_network(fid_weights: Path) -> torch.nn.Module:
    from pytorch_fid import inception

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            inception,
            "load_state_dict_from_url",
            lambda url, progress: torch.load(fid_weights, weights_only=True),
        )
        return inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[2048]]).eval()


@pytest.fixture(scope="module")
def torch_fidelity_network(fid_weights: Path) -> torch.nn.Module:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    return FeatureExtractorInceptionV3(
        "ours", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(fid_weights)
    )


def load_ours(weights: Path, mode: ResizeMode) -> InceptionFid:
    return load(INFO.id, ExtractorOptions(weights=weights, resize=mode, device=Device.CPU))


def extract(extractor: InceptionFid, images: list[np.ndarray]) -> FeatureBatch:
    return extractor.extract(np.stack([extractor.prepare(image.astype(np.float32)) for image in images]))


def read_folder(folder: Path) -> list[np.ndarray]:
    """(h, w, 1 or 3) 8-bit images in order of name, grey ones with one channel."""
    images = [np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]
    return [image if image.ndim == 3 else image[..., None] for image in images]


def assert_near(ours: np.ndarray, peers: np.ndarray, tolerance: float = TOLERANCE) -> None:
    assert ours.shape == peers.shape
    assert np.abs(ours - peers).max() <= tolerance * np.abs(peers).max()


def rgb(image: np.ndarray) -> np.ndarray:
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


@pytest.fixture(scope="module")
def images(folders: tuple[Path, Path]) -> list[np.ndarray]:
    return read_folder(folders[0])[:10]


class TestFeatures:
    @torch.no_grad()
    def test_pytorch_fid(
        self, fid_weights: Path, pytorch_fid_network: torch.nn.Module, images: list[np.ndarray]
    ) -> None:
        inputs = [torch.from_numpy(rgb(image).transpose(2, 0, 1))[None] / 255 for image in images]
        peers = torch.cat([pytorch_fid_network(x)[0].flatten(1) for x in inputs]).numpy()
        ours = extract(load_ours(fid_weights, ResizeMode.PYTORCH_FID), images)
        assert_near(ours.features, peers)

    @torch.no_grad()
    def test_torch_fidelity(
        self, fid_weights: Path, torch_fidelity_network: torch.nn.Module, images: list[np.ndarray]
    ) -> None:
        inputs = [torch.from_numpy(rgb(image).transpose(2, 0, 1).copy())[None] for image in images]
        features, logits = zip(*(torch_fidelity_network(x) for x in inputs), strict=True)
        ours = extract(load_ours(fid_weights, ResizeMode.TORCH_FIDELITY), images)
        assert_near(ours.features, torch.cat(features).numpy())
        assert ours.logits is not None
        assert_near(ours.logits, torch.cat(logits).numpy())

    @torch.no_grad()
    def test_clean_fid(
        self, fid_weights: Path, torch_fidelity_network: torch.nn.Module, images: list[np.ndarray]
    ) -> None:
        """clean-fid's own steps around the network, in the port of it that torch-fidelity has.

        Its script module is a download, but holds the same graph behind the same (x - 128) / 128.
        """
        from cleanfid.resize import build_resizer

        resizer = build_resizer("clean")
        resized = np.stack([resizer(rgb(image)).transpose(2, 0, 1) for image in images])
        with pytest.MonkeyPatch.context() as patch:
            from torch_fidelity import feature_extractor_inceptionv3 as module

            # Hand in what is resized already; 8-bit input is only asked for so that nobody scales it.
            patch.setattr(module, "vassert", lambda truth, message: None)
            peers = torch_fidelity_network(torch.from_numpy(resized))[0].numpy()
        ours = extract(load_ours(fid_weights, ResizeMode.CLEAN), images)
        assert_near(ours.features, peers)

    def test_modes_are_not_interchangeable(self, fid_weights: Path, images: list[np.ndarray]) -> None:
        """Else the tests above could not fail: other filters and scalings move features far more."""
        features = [extract(load_ours(fid_weights, mode), images).features for mode in ResizeMode]
        for index, other in ((0, 1), (0, 2), (1, 2)):
            assert np.abs(features[index] - features[other]).max() > 20 * TOLERANCE * features[other].max()


class TestResize:
    @pytest.mark.parametrize(("height", "width"), SIZES)
    def test_clean_fid(self, height: int, width: int) -> None:
        from cleanfid.resize import build_resizer

        image = make_image(np.random.default_rng(0), height, width, grey=False, noise=0.3)
        peers = build_resizer("clean")(image).transpose(2, 0, 1)
        ours = resize_image(image.astype(np.float32), side=299, mode=ResizeMode.CLEAN)
        np.testing.assert_array_equal(ours, peers)

    @pytest.mark.parametrize(("height", "width"), SIZES)
    def test_torch_fidelity(self, height: int, width: int) -> None:
        from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

        image = make_image(np.random.default_rng(0), height, width, grey=False, noise=0.3).astype(np.float32)
        tensor = torch.from_numpy(image.transpose(2, 0, 1))[None]
        peers = interpolate_bilinear_2d_like_tensorflow1x(tensor, size=(299, 299), align_corners=False)
        ours = resize_image(image, side=299, mode=ResizeMode.TORCH_FIDELITY)
        np.testing.assert_allclose(ours, peers[0].numpy(), rtol=0, atol=1e-4)


@pytest.mark.slow
class TestFolders:
    """The whole way from files to a number."""

    def test_pytorch_fid(
        self, fid_weights: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pytorch_fid import fid_score, inception

        monkeypatch.setattr(
            inception,
            "load_state_dict_from_url",
            lambda url, progress: torch.load(fid_weights, weights_only=True),
        )
        # Images of mixed sizes do not stack, so that the peer takes them one by one.
        peers = fid_score.calculate_fid_given_paths(
            [str(folder) for folder in folders], batch_size=1, device="cpu", dims=2048, num_workers=0
        )
        extractor = load_ours(fid_weights, ResizeMode.PYTORCH_FID)
        real, synthetic = (extract(extractor, read_folder(folder)).features for folder in folders)
        ours = compute_frechet_distance(real=real, synthetic=synthetic, n_subsets=2).value
        assert ours == pytest.approx(peers, rel=TOLERANCE)

    def test_torch_fidelity(self, fid_weights: Path, folders: tuple[Path, Path]) -> None:
        import torch_fidelity

        peers = torch_fidelity.calculate_metrics(
            input1=str(folders[1]),
            input2=str(folders[0]),
            feature_extractor_weights_path=str(fid_weights),
            isc=True,
            fid=True,
            kid=True,
            isc_splits=2,
            kid_subsets=5,
            kid_subset_size=10,
            batch_size=1,
            cuda=False,
            cache=False,
            save_cpu_ram=True,
            verbose=False,
        )
        extractor = load_ours(fid_weights, ResizeMode.TORCH_FIDELITY)
        real, synthetic = (extract(extractor, read_folder(folder)) for folder in folders)
        assert synthetic.logits is not None
        ours = {
            "frechet_inception_distance": compute_frechet_distance(
                real=real.features, synthetic=synthetic.features, n_subsets=2
            ),
            # torch-fidelity draws the first input's subsets first; the distance is symmetric.
            "kernel_inception_distance_mean": compute_kid(
                real=synthetic.features, synthetic=real.features, subset_size=10, n_subsets=5, seed=2020
            ),
            "inception_score_mean": compute_inception_score(logits=synthetic.logits, n_splits=2, seed=2020),
        }
        for key, estimate in ours.items():
            assert estimate.value == pytest.approx(peers[key], rel=TOLERANCE), key
