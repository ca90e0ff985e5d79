"""Codes of a VQ-VAE-2 as features, from a file of weights that no training made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from core.config import get_settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.errors import InputError, OutsideRootError, WeightsError
from core.features.base import Device, ExtractorOptions, FeatureKind, Precision
from core.features.extraction import extract_features
from core.features.registry import EXTRACTORS, get_extractor_info, load_extractor
from core.features.vqvae_codes import STATE_PATH, VqvaeCodes
from tests.core.features.vqvae_run import LAYOUT, Change, write_run
from tests.images import write_images

CPU = ExtractorOptions(device=Device.CPU)
SIDES = {"top": 4, "bottom": 8}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


def load(level: str, run: Path, options: ExtractorOptions = CPU) -> VqvaeCodes:
    extractor = load_extractor(f"vqvae-{level}:{run}", options)
    assert isinstance(extractor, VqvaeCodes)
    return extractor


def images(side: int = 32, n: int = 7) -> np.ndarray:
    return (np.random.default_rng(0).random((n, 1, side, side)) * 255).astype(np.float32)


@pytest.mark.parametrize("level", ["top", "bottom"])
def test_codes_are_those_of_the_encoder_one_image_at_a_time(run: Path, level: str) -> None:
    extractor = load(level, run)
    found = extractor.extract(images()).features
    assert found.dtype == np.int16
    assert found.shape == (7, extractor.dimension) == (7, SIDES[level] ** 2)
    one_by_one = np.concatenate([extractor.extract(images()[row : row + 1]).features for row in range(7)])
    assert_array_equal(found, one_by_one)
    assert_array_equal(found[::-1], extractor.extract(images()[::-1].copy()).features)
    assert len(np.unique(found)) > 5 and found.min() >= 0 and found.max() < LAYOUT.n_codes


def test_file_and_folder_are_the_same_and_identity_is_of_weights_not_places(
    run: Path, tmp_path: Path
) -> None:
    extractor = load("top", run)
    file = load("top", run / STATE_PATH)
    moved = load("top", write_run(tmp_path / "elsewhere"))
    other = load("top", write_run(tmp_path / "other", seed=1))
    assert extractor.identity == file.identity == moved.identity != other.identity
    assert str(run) not in extractor.identity and extractor.name == f"vqvae-top:{run}"
    assert load("bottom", run).identity != extractor.identity
    assert extractor.info.resolution == 32
    assert load("top", run, replace(CPU, resolution=64)).identity != extractor.identity
    # 32 bits whatever is asked for: the same codes, so the same identity.
    assert load("top", run, replace(CPU, precision=Precision.BF16)).identity == extractor.identity


def test_other_resolutions_have_other_dimensions_or_are_refused(run: Path) -> None:
    extractor = load("bottom", run, replace(CPU, resolution=64))
    assert extractor.extract(images(64, 2)).features.shape == (2, 256)
    with pytest.raises(InputError, match="multiple of 8 pixels, not 60"):
        load("bottom", run, replace(CPU, resolution=60))


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_colour_reach_the_network_as_it_was_trained(tmp_path: Path, channels: int) -> None:
    extractor = load("top", write_run(tmp_path / "run", replace(LAYOUT, channels=channels)))
    grey = np.random.default_rng(0).random((40, 50, 1)).astype(np.float32) * 255
    prepared = extractor.prepare(grey)
    assert prepared.shape == (channels, 32, 32)
    assert_array_equal(prepared, extractor.prepare(np.repeat(grey, 3, axis=2)))
    colour = np.random.default_rng(1).random((40, 50, 3)).astype(np.float32) * 255
    assert extractor.prepare(colour).shape == (channels, 32, 32)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("workers", [0, 2])
def test_through_engine_and_store(run: Path, tmp_path: Path, workers: int) -> None:
    items = scan_image_set(write_images(tmp_path / "set", 9), role=Role.REAL, name="real").items
    extractor = load("bottom", run)
    first = extract_features(items, extractor=extractor, workers=workers, batch_size=4).features
    again = extract_features(items[::-1], extractor=extractor, workers=0, batch_size=2).features
    assert first.dtype == again.dtype == np.int16
    assert_array_equal(first, again[::-1])
    assert_array_equal(first, extract_features(items, extractor=extractor, store=False).features)


@pytest.mark.parametrize("level", ["top", "bottom"])
def test_facts(level: str) -> None:
    info = get_extractor_info(f"vqvae-{level}:anything")
    assert (info.id, info.kind, info.needs_weights) == (f"vqvae-{level}", FeatureKind.DISCRETE, True)
    assert EXTRACTORS[info.id].pattern == f"vqvae-{level}:<run>"


def poison(state: dict[str, torch.Tensor]) -> None:
    state["module/autoencoder/encoder.codebook_top.vectors"][3, 1] = torch.nan


def drop(state: dict[str, torch.Tensor]) -> None:
    del state["module/autoencoder/encoder.to_top.bias"]


def swell(state: dict[str, torch.Tensor]) -> None:
    state["module/autoencoder/encoder.layout_numbers"][3] = 4096


def overflow(state: dict[str, torch.Tensor]) -> None:
    state["module/autoencoder/encoder.layout_numbers"][6] = 10**12


def strange(state: dict[str, torch.Tensor]) -> None:
    state.clear()
    state["enc_b.blocks.0.weight"] = torch.zeros(2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (poison, "not finite"),
        (drop, "to_top.bias is missing"),
        (swell, "not of the layout"),
        (overflow, "no VQ-VAE-2 that this program trained"),
        (strange, "weights of other programs"),
    ],
)
def test_damaged_and_strange_weights_are_refused(tmp_path: Path, change: Change, words: str) -> None:
    folder = write_run(tmp_path / "run", change=change)
    with pytest.raises(WeightsError, match=words):
        load("top", folder)


def test_a_run_must_be_named_and_there(tmp_path: Path) -> None:
    for name in ("vqvae-top", "vqvae-top:", "vqvae-bottom"):
        with pytest.raises(InputError, match="core train"):
            load_extractor(name, CPU)
    with pytest.raises(WeightsError, match="no trained VQ-VAE-2 at"):
        load_extractor(f"vqvae-top:{tmp_path}", CPU)
    (tmp_path / "weights.pth").write_bytes(b"\x80\x04not weights")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_extractor(f"vqvae-top:{tmp_path / 'weights.pth'}", CPU)


@pytest.mark.usefixtures("workspace")
def test_a_job_reads_runs_below_the_roots_and_the_workspace_only(run: Path, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.mkdir()
    confined = replace(get_settings(), confined_to=(roots,))
    with pytest.raises(OutsideRootError, match="outside the folder roots"):
        load_extractor(f"vqvae-top:{run}", CPU, settings=confined)
    (roots / "link").symlink_to(run)
    with pytest.raises(OutsideRootError):
        load_extractor(f"vqvae-top:{roots / 'link'}", CPU, settings=confined)
    inside = write_run(roots / "run")
    assert load_extractor(f"vqvae-top:{inside}", CPU, settings=confined).dimension == 16
    kept = write_run(get_settings().home / "experiments" / "run")
    assert load_extractor(f"vqvae-top:{kept}", CPU, settings=confined).dimension == 16
