"""Draws images from trained diffusion models, of pixels and of latents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from core.errors import WeightsError
from core.generators.checkpoint import load_modules, read_state
from core.generators.diffusion.autoencoder import LatentAutoencoder, LatentScale
from core.generators.diffusion.autoencoder_phase import AUTOENCODER_PHASE
from core.generators.diffusion.ddpm_options import DdpmOptions
from core.generators.diffusion.drawing import choose_walk, draw_denoised
from core.generators.diffusion.latent_options import LatentDiffusionOptions
from core.generators.diffusion.options import DiffusionOptions
from core.generators.diffusion.phases import DIFFUSION_PHASE
from core.generators.diffusion.unet import Denoiser
from core.generators.diffusion.unet_layout import UnetLayout
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings

__all__ = ["DiffusionSampler", "load_ddpm_sampler", "load_latent_sampler"]


class DiffusionSampler:
    """Walks from noise to images; see `core.generators.phase.Sampler`.

    Args:
        options: of the run.
        denoiser: in evaluation mode.
        classes: classes that it can be asked for; empty where it was trained without.
        bound: largest magnitude of what is denoised.
        decode: what is denoised to images in [-1, 1]; None where that is images.
        others: what decoding runs, by name.
    """

    def __init__(
        self,
        options: DiffusionOptions,
        denoiser: Denoiser,
        *,
        classes: tuple[str, ...],
        bound: float = 1.0,
        decode: Callable[[Tensor], Tensor] | None = None,
        others: Mapping[str, nn.Module] | None = None,
    ) -> None:
        self.classes = classes
        self._options, self._denoiser = options, denoiser
        self._bound, self._decode, self._others = bound, decode, dict(others or {})

    def modules(self) -> dict[str, nn.Module]:
        """The denoising network, and the autoencoder where there is one."""
        return {"denoiser": self._denoiser, **self._others}

    def sample(self, *, seeds: Sequence[int], labels: Tensor, settings: SamplingSettings) -> Tensor:
        """Draw images.

        Args:
            seeds: one an image.
            labels: (n,) int64 places in `classes`; all 0 without.
            settings: of which sampler, steps and guidance count.

        Returns:
            (n, channels, size, size) float32 in [-1, 1].

        Raises:
            InputError: if more steps are asked for than were trained, or guidance of a run without.
        """
        drawn = draw_denoised(
            self._denoiser,
            self._options,
            seeds=seeds,
            labels=labels,
            walk=choose_walk(self._options, settings),
            bound=self._bound,
        )
        return drawn if self._decode is None else self._decode(drawn)


def load_ddpm_sampler(run: RunFolder, *, device: torch.device) -> DiffusionSampler:
    """Load a DDPM in evaluation mode.

    Raises:
        InputError: if the folder holds no run.
        WeightsError: if its state is missing or damaged.
    """
    record = run.read_record()
    options = DdpmOptions.model_validate(record.options)
    denoiser = _load_denoiser(run, options, device, {})
    return DiffusionSampler(options, denoiser, classes=record.classes if options.is_conditional else ())


def load_latent_sampler(run: RunFolder, *, device: torch.device) -> DiffusionSampler:
    """Load a latent diffusion model in evaluation mode.

    Raises:
        InputError: if the folder holds no run.
        WeightsError: if the state of a part is missing or damaged.
    """
    record = run.read_record()
    options = LatentDiffusionOptions.model_validate(record.options)
    autoencoder = LatentAutoencoder(options)
    load_modules(run, AUTOENCODER_PHASE, {"autoencoder": autoencoder})
    autoencoder.to(device).eval().requires_grad_(False)
    scale = LatentScale(options.latent_channels)
    denoiser = _load_denoiser(run, options, device, {"scale": scale})
    scale.to(device)
    return DiffusionSampler(
        options,
        denoiser,
        classes=record.classes if options.is_conditional else (),
        bound=float(scale.bound),
        decode=lambda drawn: autoencoder.decode(scale.unscale(drawn)),
        others={"autoencoder": autoencoder},
    )


def _load_denoiser(
    run: RunFolder, options: DiffusionOptions, device: torch.device, others: Mapping[str, nn.Module]
) -> Denoiser:
    state = read_state(run, DIFFUSION_PHASE)
    if state is None:
        raise WeightsError(f"{run.path} has no trained {DIFFUSION_PHASE}; train the run to its end first.")
    try:
        layout = UnetLayout.model_validate_json(str(state.extra.get("layout")))
    except ValidationError as error:
        raise WeightsError(
            f"The state of {DIFFUSION_PHASE} in {run.path} is damaged; train it anew into another --output."
        ) from error
    denoiser = Denoiser(layout)
    kept = "average" if options.ema_halflife_images else "denoiser"
    load_modules(run, DIFFUSION_PHASE, {kept: denoiser, **others})
    return denoiser.to(device).eval().requires_grad_(False)
