"""Latent diffusion: its autoencoder and codes, what both parts learn, and how they resume."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from pydantic import ValidationError

from core.errors import CancelledError, StoreError, WeightsError
from core.generators.diffusion.autoencoder import LatentAutoencoder, LatentScale
from core.generators.diffusion.autoencoder_phase import AutoencoderPhase
from core.generators.diffusion.code_use import CodeUse
from core.generators.diffusion.latent_maps import load_latent_maps
from core.generators.diffusion.latent_options import (
    LATENT_DIFFUSION,
    PRESETS,
    LatentDiffusionOptions,
)
from core.generators.diffusion.noise_schedule import NoiseSchedule
from core.generators.diffusion.patch_discriminator import PatchDiscriminator
from core.generators.history import read_history
from core.generators.run_folder import RunFolder
from core.generators.sampling import load_sampler, sample_batches
from core.generators.sampling_settings import SamplingSettings
from core.generators.training import train_generator
from core.generators.update import Update
from tests.core.generators.diffusion.tiny import TINY_LATENT
from tests.core.generators.runs import CPU, StopAfter, make_images, read_tensors

LEARNT = TINY_LATENT.model_copy(
    update={
        "autoencoder_images": 480, "n_images": 1600, "snapshot_images": 1600, "width": 16, "noise_steps": 1000,
        "ema_halflife_images": 80,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Both parts trained on one batch until they have learnt it."""
    run = RunFolder(tmp_path_factory.mktemp("latent"))
    train_generator(LATENT_DIFFUSION, LEARNT, images=make_images(8), run=run, device=CPU)
    return run


def draw(run: RunFolder, label: int, *, n: int = 6, **settings: object) -> torch.Tensor:
    batches = sample_batches(
        load_sampler(run, device=CPU),
        seeds=range(n),
        labels=[label] * n,
        settings=SamplingSettings.model_validate(settings),
        device=CPU,
    )
    return torch.cat([torch.from_numpy(batch) for batch in batches]).float()


def measure_noise_error(run: RunFolder, *, flip: int) -> float:
    """Mean squared error of the noise in training images' latents, told their class or the other one."""
    modules, images, scale = load_sampler(run, device=CPU).modules(), make_images(8), LatentScale(4)
    maps = load_latent_maps(modules["autoencoder"], images, run=run, device=CPU)
    maps.measure(scale)
    clean = scale.scale(maps.take(torch.arange(8))).repeat(20, 1, 1, 1)
    labels = torch.from_numpy(images.labels).repeat(20) ^ flip
    steps = torch.arange(160) * 6
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    noisy = NoiseSchedule(LEARNT, device=CPU).add_noise(clean, noise, steps)
    with torch.no_grad():
        return float((modules["denoiser"](noisy, steps, labels) - noise).square().mean())


@pytest.mark.parametrize(("channels", "size"), [(1, 32), (3, 64)])
def test_latents_have_an_eighth_of_the_side(channels: int, size: int) -> None:
    autoencoder = LatentAutoencoder(TINY_LATENT.model_copy(update={"channels": channels})).eval()
    images = torch.rand(2, channels, size, size) * 2 - 1
    latents = autoencoder.encode(images)
    assert latents.shape == (2, 4, size // 8, size // 8)
    decoded = autoencoder.decode(latents)
    assert decoded.shape == images.shape and decoded.abs().max() <= 1
    # Decoding one image does not depend on those beside it.
    assert torch.equal(decoded[1:], autoencoder.decode(latents[1:]))


def test_latents_are_rounded_to_the_nearest_code_and_both_are_drawn_together() -> None:
    """van den Oord et al. 2017, eq. 3: the codes' own loss, and commitment weighed by beta."""
    autoencoder = LatentAutoencoder(TINY_LATENT.model_copy(update={"commitment": 0.5})).eval()
    made = autoencoder(torch.rand(2, 1, 32, 32))
    codebook = autoencoder.codebook.detach()
    distances = ((made.latents[:, None] - codebook[None]) ** 2).sum(dim=2)
    assert torch.equal(made.codes, distances.argmin(dim=1))
    squared = distances.min(dim=1).values.mean() / 4
    assert float(made.rounding.detach()) == pytest.approx(1.5 * float(squared), rel=1e-4)
    made.rounding.backward()
    gradient = autoencoder.codebook.grad
    assert gradient is not None
    # The codebook's own term has weight 1, not beta: 2 (code - latent) over all elements.
    first = int(made.codes[0])
    near = made.latents[made.codes == first]
    expected = 2 * (codebook[first] - near).sum(dim=0) / made.latents.numel()
    assert torch.allclose(gradient[first], expected, atol=1e-6)


def test_dead_codes_are_put_where_latents_are() -> None:
    use, codebook = CodeUse(4), torch.zeros(4, 2)
    latents = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    generator = torch.Generator().manual_seed(0)
    assert use.count(torch.tensor([0, 1])) == pytest.approx(2.0, rel=1e-3)
    # With the first batch, all codes are placed; none is dead right after.
    assert use.revive(codebook, latents, below=0.1, generator=generator) == 4
    assert all(any(torch.equal(row, one) for one in latents) for row in codebook)
    assert use.revive(codebook, latents, below=0.1, generator=generator) == 0
    for _ in range(300):
        use.count(torch.tensor([0, 1, 2]))
    before = codebook.clone()
    assert use.revive(codebook, latents + 9, below=0.1, generator=generator) == 1
    assert torch.equal(codebook[:3], before[:3]) and float(codebook[3].min()) > 9
    assert use.revive(codebook, latents, below=0.0, generator=generator) == 0


def test_a_patch_is_judged_on_its_own() -> None:
    judge = PatchDiscriminator(1, width=8)
    images = torch.rand(2, 1, 64, 64)
    found = judge(images)
    assert found.shape == (2, 1, 6, 6)
    assert torch.allclose(found[:1], judge(images[:1]), atol=1e-6)


def test_the_discriminator_joins_in_and_moves_the_autoencoder() -> None:
    options = TINY_LATENT.model_copy(
        update={
            "adversarial": 0.5,
            "adversarial_start": 0.5,
            "adversarial_width": 8,
            "autoencoder_images": 16,
        }
    )
    images = make_images(8)
    states = {}
    for weight in (0.5, 5.0):
        torch.manual_seed(0)
        phase = AutoencoderPhase(
            options.model_copy(update={"adversarial": weight}), images=images, device=CPU
        )
        judge = phase.modules()["discriminator"]
        before = [one.clone() for one in judge.parameters()]
        losses = []
        for step in range(2):
            batch = images.take(np.arange(8), device=CPU)
            generator = torch.Generator().manual_seed(step)
            # In parts, as in one.
            losses.append(phase.step(batch, generator=generator, accumulate=Update(2, "fp32", CPU)))
            moved = any(not torch.equal(*pair) for pair in zip(before, judge.parameters(), strict=True))
            assert moved == (step == 1)
        assert set(losses[1]) - set(losses[0]) == {"fooling", "discriminator"}
        states[weight] = phase.autoencoder.last_layer.detach()
    assert not torch.equal(states[0.5], states[5.0])


def test_both_parts_learn_one_batch_and_the_class_changes_the_image(trained: RunFolder) -> None:
    rows = read_history(trained.history_path)
    pixels = [row.losses["pixels"] for row in rows if row.phase == "autoencoder"]
    # Noise of 10 in 255 cannot pass 4 x 4 codes: 0.06 in [-1, 1] is its share.
    assert pixels[-1] < 0.15 < pixels[0] / 2
    noise = [row.losses["noise"] for row in rows if row.phase == "diffusion"]
    assert sum(noise[-20:]) / 20 < 0.6 < noise[0]
    assert not torch.equal(draw(trained, 0), draw(trained, 1))
    # Told the right class, the network knows more of the noise than told the wrong one.
    right, wrong = (measure_noise_error(trained, flip=flip) for flip in (0, 1))
    assert right < 0.8 * wrong
    assert set(trained.list_grids("autoencoder")) >= {0, 480}


def test_an_image_depends_on_its_seed_alone(trained: RunFolder) -> None:
    own = draw(trained, 1, n=5)
    assert own.shape == (5, 32, 32)
    assert torch.equal(own, draw(trained, 1, n=5, batch_size=2))
    assert not torch.equal(own, draw(trained, 1, n=5, sampler="ddim"))


def test_latents_are_scaled_to_unit_variance(trained: RunFolder) -> None:
    images, scale = make_images(8), LatentScale(4)
    autoencoder = load_sampler(trained, device=CPU).modules()["autoencoder"]
    assert isinstance(autoencoder, LatentAutoencoder)
    maps = load_latent_maps(autoencoder, images, run=trained, device=CPU)
    maps.measure(scale)
    latents = maps.take(torch.arange(8))
    scaled = scale.scale(latents)
    assert torch.allclose(scaled.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-4)
    assert torch.allclose(scaled.var(dim=(0, 2, 3), correction=0), torch.ones(4), atol=1e-3)
    assert torch.allclose(scale.unscale(scaled), latents, atol=1e-5)
    assert float(scale.bound) == pytest.approx(float(scaled.abs().max()), rel=1e-4)
    kept = read_tensors(trained, "diffusion")
    assert torch.equal(kept["module/scale/mean"], scale.mean)
    # Rows in any order, as a batch asks for them.
    assert torch.equal(maps.take(torch.tensor([5, 2]))[1], latents[2])


def test_a_run_stopped_in_either_part_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    images = make_images(8)
    options = TINY_LATENT.model_copy(update={"autoencoder_images": 24, "n_images": 24})

    def train(name: str, progress: StopAfter) -> RunFolder:
        run = RunFolder(tmp_path / name)
        train_generator(LATENT_DIFFUSION, options, images=images, run=run, device=CPU, progress=progress)
        return run

    whole = train("whole", StopAfter(99))
    with pytest.raises(CancelledError):
        train("parted", StopAfter(1))
    with pytest.raises(WeightsError, match="no trained diffusion"):
        load_sampler(RunFolder(tmp_path / "parted"), device=CPU)
    # Catching up on the first part counts as one, its two last updates as two.
    with pytest.raises(CancelledError):
        train("parted", StopAfter(3))
    parted = train("parted", StopAfter(99))
    for phase in ("autoencoder", "diffusion"):
        expected, found = read_tensors(whole, phase), read_tensors(parted, phase)
        assert expected.keys() == found.keys()
        assert all(torch.equal(tensor, found[name]) for name, tensor in expected.items()), phase
    (latents,) = (tmp_path / "parted" / "latents").iterdir()
    (parted.phase_folder("diffusion") / "state.safetensors").unlink()
    latents.write_bytes(b"no array")
    with pytest.raises(StoreError, match="damaged; delete it"):
        train("parted", StopAfter(99))


def test_presets_compress_eight_times_and_odd_choices_are_refused() -> None:
    for name, side in (("published", 32), ("published-512", 64)):
        preset = PRESETS[name]
        assert preset.compression == 8 and preset.grid_side == side and preset.is_conditional
        assert (preset.n_codes, preset.latent_channels) == (16_384, 4)
    assert LatentDiffusionOptions(size_px=64, autoencoder_epochs=1).count_autoencoder_images(17) == 32
    for wrong, words in (
        ({"compression": 4}, "takes 3 autoencoder_factors, not 4"),
        ({"size_px": 16, "width_factors": (1, 2)}, "adversarial=0"),
        ({"size_px": 68}, "multiple of compression"),
        ({"autoencoder_batch_size": 6, "accumulate": 4}, "divisor of autoencoder_batch_size"),
        ({"autoencoder_factors": (1, 2, 2, 0)}, "from 1 to 16"),
    ):
        with pytest.raises(ValidationError, match=words):
            LatentDiffusionOptions(**({"size_px": 64} | wrong))
