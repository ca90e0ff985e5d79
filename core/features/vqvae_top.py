"""`vqvae-top`: the coarse codes of a VQ-VAE-2 that was trained on the study's real images."""

from __future__ import annotations

from core.config import Settings
from core.features.base import ExtractorInfo, ExtractorOptions, FeatureKind
from core.features.vqvae_codes import VqvaeCodes, load_codes_extractor
from core.progress import Progress

__all__ = ["INFO", "load"]

INFO = ExtractorInfo(
    id="vqvae-top",
    title="VQ-VAE-2, coarse codes",
    sentence="Compares layout place by place, through codes that a VQ-VAE-2 learnt from your real images.",
    paper="Razavi et al., Generating Diverse High-Fidelity Images with VQ-VAE-2, NeurIPS 2019",
    resolution=0,
    kind=FeatureKind.DISCRETE,
    needs_weights=True,
)


def load(
    name: str,
    options: ExtractorOptions,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> VqvaeCodes:
    """Load the encoder of a trained run; see `core.features.vqvae_codes.load_codes_extractor`.

    Args:
        name: `vqvae-top:<run>`, a generator's id in the workspace or a folder.
        options: resize filter, resolution, device.
        settings: the folders that a job is confined to.
        progress: not needed, since nothing is downloaded.

    Raises:
        InputError: if no run is named, or the resolution or device is not possible.
        OutsideRootError: if the run lies outside the folders that a job may read.
        WeightsError: if there is no trained autoencoder there, or it is damaged or of another kind.
    """
    return load_codes_extractor(name, options, info=INFO, level="top", settings=settings)
