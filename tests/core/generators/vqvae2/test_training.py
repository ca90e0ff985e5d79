"""Training in three parts: resumed in each, in parts of a batch, by class; drawing; and the extractors of a run."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import pytest
import torch
from pydantic import ValidationError

from core.errors import CancelledError, StoreError, WeightsError
from core.features.base import Device, ExtractorOptions
from core.features.registry import load_extractor
from core.generators.checkpoint import load_modules
from core.generators.families import FAMILIES
from core.generators.random_streams import make_generator
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings
from core.generators.training import train_generator
from core.generators.update import Update
from core.generators.vqvae2.autoencoder import Vqvae2Autoencoder
from core.generators.vqvae2.autoencoder_phase import AutoencoderPhase
from core.generators.vqvae2.code_maps import CodeMaps, load_code_maps
from core.generators.vqvae2.options import PRESETS, Vqvae2Options
from core.generators.vqvae2.prior_phase import build_prior
from tests.core.generators.runs import CPU, StopAfter, make_images, read_tensors
from tests.core.generators.vqvae2.tiny import FAMILY, TINY

PHASES = ("autoencoder", "prior-top", "prior-bottom")
IMAGES = make_images(8, size=16)
LEARNT = TINY.model_copy(
    update={"n_images": 8 * 90, "prior_images": 8 * 60, "dropout": 0.0, "snapshot_images": 8 * 90}
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Three updates of each part without interruption."""
    run = RunFolder(tmp_path_factory.mktemp("whole"))
    train_generator(FAMILY, TINY, images=IMAGES, run=run, device=CPU)
    return run


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained on one batch of dark and light images until it has learnt it."""
    run = RunFolder(tmp_path_factory.mktemp("learnt"))
    train_generator(FAMILY, LEARNT, images=IMAGES, run=run, device=CPU)
    return run


@pytest.mark.parametrize(("channels", "factor", "size"), [(1, 2, 16), (3, 4, 32), (1, 8, 64)])
def test_shapes(channels: int, factor: int, size: int) -> None:
    options = TINY.model_copy(update={"channels": channels, "bottom_downsampling": factor, "size_px": size})
    images, found = Vqvae2Autoencoder(options)(torch.zeros(2, channels, size, size))
    assert images.shape == (2, channels, size, size)
    assert found.top_codes.shape == (2, options.top_side, options.top_side)
    assert found.bottom_codes.shape == (2, options.bottom_side, options.bottom_side)
    assert (options.bottom_side, options.top_side) == (size // factor, size // factor // 2)


@pytest.mark.parametrize("updates", [2, 5, 8])
def test_a_run_cancelled_in_any_part_goes_on_to_the_same_weights(
    whole: RunFolder, tmp_path: Path, updates: int
) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(CancelledError):
        train_generator(FAMILY, TINY, images=IMAGES, run=run, device=CPU, progress=StopAfter(updates - 1))
    states = train_generator(FAMILY, TINY, images=IMAGES, run=run, device=CPU)
    assert [(state.phase, state.is_complete) for state in states] == [(name, True) for name in PHASES]
    for phase in PHASES:
        expected, found = read_tensors(whole, phase), read_tensors(run, phase)
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[name], found[name]) for name in expected), phase


def test_states_hold_codebooks_averages_and_nothing_to_execute(whole: RunFolder) -> None:
    names = set(read_tensors(whole, "autoencoder"))
    assert {"module/autoencoder/encoder.codebook_top.vectors", "module/averages-bottom/counts"} <= names
    assert any(name.startswith("module/average/") for name in read_tensors(whole, "prior-bottom"))
    assert {path.suffix for path in whole.path.rglob("*") if path.is_file()} == {
        ".json", ".jsonl", ".npy", ".png", ".safetensors",
    }  # fmt: skip
    # Reconstructions and drawn images; top codes alone make none.
    assert [bool(whole.list_grids(phase)) for phase in PHASES] == [True, False, True]


def test_one_batch_is_learnt_and_the_class_changes_the_image(learnt: RunFolder) -> None:
    """Images are 60 or 190 bright by their class, and so must be what is decoded and what is drawn."""
    autoencoder = Vqvae2Autoencoder(LEARNT)
    load_modules(learnt, "autoencoder", {"autoencoder": autoencoder})
    batch = IMAGES.take(np.arange(8), device=CPU)
    with torch.no_grad():
        decoded, found = autoencoder.eval()(batch.images)
    # One shade for all would be wrong by 0.26, each class's own by its noise, 0.006.
    assert float((decoded - batch.images).square().mean()) < 0.05
    assert torch.allclose(autoencoder.decode(found.top_codes, found.bottom_codes), decoded, atol=1e-5)
    sampler = FAMILIES["vqvae2"].load_sampler(learnt, device=CPU)
    assert sampler.classes == ("dark", "light")
    labels = torch.arange(12) % 2
    drawn = sampler.sample(seeds=range(12), labels=labels, settings=SamplingSettings())
    assert drawn.shape == (12, 1, 16, 16)
    assert drawn.abs().max() <= 1
    shades = drawn.mean(dim=(1, 2, 3))
    assert shades[labels == 0].tolist() == pytest.approx([-0.53] * 6, abs=0.25)
    assert shades[labels == 1].tolist() == pytest.approx([0.49] * 6, abs=0.25)


def test_an_image_depends_on_its_seed_and_class_alone(whole: RunFolder) -> None:
    sampler = FAMILY.load_sampler(whole, device=CPU)
    settings, labels = SamplingSettings(), torch.tensor([0, 1, 1, 0, 1])
    at_once = sampler.sample(seeds=[5, 6, 7, 8, 9], labels=labels, settings=settings)
    alone = [
        sampler.sample(seeds=[seed], labels=labels[row : row + 1], settings=settings)
        for row, seed in enumerate([5, 6, 7, 8, 9])
    ]
    assert torch.equal(torch.cat(alone), at_once)
    assert len({image.numpy().tobytes() for image in at_once}) == 5
    cold = sampler.sample(seeds=[5, 6, 7], labels=labels[:3], settings=SamplingSettings(temperature=0.01))
    assert not torch.equal(cold, at_once[:3])


def test_parts_of_a_batch_make_the_same_update() -> None:
    weights, vectors = [], []
    for parts in (1, 4):
        torch.manual_seed(0)
        phase = AutoencoderPhase(TINY, images=IMAGES, device=CPU)
        for step in range(2):
            batch = IMAGES.take(np.arange(8), device=CPU)
            phase.step(batch, generator=make_generator(step), accumulate=Update(parts, "fp32", CPU))
        weights.append(torch.cat([one.flatten() for one in phase.autoencoder.parameters()]))
        vectors.append(phase.autoencoder.encoder.codebook_bottom.vectors.clone())
    assert (weights[0] - weights[1]).abs().mean() < 1e-4
    assert torch.allclose(vectors[0], vectors[1], atol=1e-3)


def test_code_maps_are_kept_and_never_those_of_another_encoder(whole: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)

    def codes_of(seed: int) -> CodeMaps:
        torch.manual_seed(seed)
        return load_code_maps(Vqvae2Autoencoder(TINY).encoder, IMAGES, run=run, device=CPU)

    first = codes_of(0)
    (top,) = (tmp_path / "codes").glob("*-top.npy")
    written = top.stat().st_mtime_ns
    assert np.array_equal(codes_of(0).bottom, first.bottom)
    assert top.stat().st_mtime_ns == written
    assert first.take("top", torch.tensor([3, 1])).tolist() == first.top[[3, 1]].tolist()
    bottom = np.array(first.bottom)
    assert not np.array_equal(codes_of(1).bottom, bottom)
    assert not top.exists()
    (top,) = (tmp_path / "codes").glob("*-top.npy")
    top.write_bytes(b"half")
    with pytest.raises(StoreError, match="damaged"):
        codes_of(1)


def test_a_run_whose_priors_have_not_begun_draws_nothing(whole: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes((whole.path / "run.json").read_bytes())
    folder = tmp_path / "autoencoder"
    folder.mkdir()
    (folder / "state.safetensors").write_bytes((whole.path / "autoencoder/state.safetensors").read_bytes())
    with pytest.raises(WeightsError, match="no trained prior-top"):
        FAMILY.load_sampler(RunFolder(tmp_path), device=CPU)


@pytest.mark.parametrize("level", ["top", "bottom"])
def test_the_extractor_of_a_run_gives_the_codes_of_its_priors(learnt: RunFolder, level: str) -> None:
    extractor = load_extractor(f"vqvae-{level}:{learnt.path}", ExtractorOptions(device=Device.CPU))
    (path,) = (learnt.path / "codes").glob(f"*-{level}.npy")
    codes = np.load(path)
    prepared = np.stack(
        [extractor.prepare(image.transpose(1, 2, 0).astype(np.float32)) for image in IMAGES.pixels]
    )
    found = extractor.extract(prepared).features
    assert np.array_equal(found, codes.reshape(8, -1))
    # Two shades need no second level, so the top one may say the same everywhere.
    assert level == "top" or len(np.unique(found)) > 1


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_are_whole(name: str) -> None:
    options = PRESETS[name]
    with torch.device("meta"):
        Vqvae2Autoencoder(options)
        priors = [build_prior(level, options, n_classes=2) for level in ("top", "bottom")]
    assert [len(prior.attention) for prior in priors] == [options.top_attention, options.bottom_attention]


def test_published_sizes_and_counts() -> None:
    for name, size, bottom in (("published", 256, 64), ("published-512", 512, 128)):
        options = PRESETS[name]
        assert (options.size_px, options.n_codes, options.code_size) == (size, 512, 64)
        assert (options.bottom_side, options.top_side) == (bottom, bottom // 2)
    assert PRESETS["published"].count_prior_images(100) == 10_016
    assert Vqvae2Options(prior_images=33, prior_batch_size=16).count_prior_images(5) == 48


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size_px": 20}, "top codes of 8 pixels"),
        ({"accumulate": 4, "prior_batch_size": 10}, "prior_batch_size"),
        ({"prior_width": 100}, "multiple of attention_heads"),
        ({"bottom_layers": 7, "bottom_attention": 2}, "multiple of bottom_attention"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Vqvae2Options.model_validate({"size_px": 32, **changes})
