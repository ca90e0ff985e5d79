"""Which options of a generator stand where on its form, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.generators.family import Family

__all__ = ["COMMON", "group_options", "title_option"]

COMMON: Final = (
    "size_px",
    "channels",
    "batch_size",
    "epochs",
    "n_images",
    "seed",
    "classes",
    "is_conditional",
    "intensity",
)
"""What every form shows first; every family has them."""

_TRAINING: Final = ("accumulate", "precision", "snapshot_images", "join_slices")
_DENOISER: Final = ("width", "width_factors", "blocks", "attention_sides", "head_channels", "dropout")
_DENOISING: Final = (
    "rate",
    "warmup_images",
    "weight_decay",
    "clip_norm",
    "ema_halflife_images",
    "class_dropout",
)
_NOISE: Final = ("noise_schedule", "noise_steps", "sampler", "steps", "guidance")
_GROUPS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "dcgan": {
        "Training": (
            "generator_rate", "discriminator_rate", "generator_steps", "beta1", "beta2",
            "ema_halflife_images", *_TRAINING,
        ),
        "Network": ("latent", "width"),
    },
    "ddpm": {
        "Training": (*_DENOISING, *_TRAINING),
        "Network": (*_DENOISER, "pretrained"),
        "Noise and drawing": _NOISE,
    },
    "latent-diffusion": {
        "Training": (*_DENOISING, *_TRAINING),
        "Network": _DENOISER,
        "Noise and drawing": _NOISE,
        "Autoencoder": (
            "compression", "latent_channels", "n_codes", "autoencoder_width", "autoencoder_factors",
            "autoencoder_blocks", "autoencoder_batch_size", "autoencoder_epochs", "autoencoder_images",
            "autoencoder_rate", "commitment", "revive_below", "adversarial", "adversarial_start",
            "adversarial_width",
        ),
    },
    "stylegan2": {
        "Training": ("learning_rate", "style_mixing", "deviation_group", "ema_halflife_images", *_TRAINING),
        "Regularisation": ("r1_weight", "r1_interval", "path_weight", "path_interval"),
        "Augmentation": (
            "augmentation", "augment_initial", "augment_target", "augment_images", "augment_most",
            "augment_flip", "augment_turn", "augment_shift", "augment_warp", "augment_colour",
        ),
        "Network": ("latent_size", "mapping_layers", "channel_base", "channel_max"),
    },
    "vqvae2": {
        "Training": _TRAINING,
        "Autoencoder": (
            "rate", "bottom_downsampling", "n_codes", "code_size", "width", "residual_width",
            "residual_layers", "commitment", "codebook_decay", "revive_below",
        ),
        "Priors": (
            "prior_batch_size", "prior_epochs", "prior_images", "prior_rate", "prior_width", "prior_kernel",
            "attention_heads", "dropout", "ema_halflife_images",
        ),
        "Top prior": ("top_layers", "top_residual_width", "top_attention", "top_output_layers"),
        "Bottom prior": (
            "bottom_layers", "bottom_residual_width", "bottom_attention", "conditioning_layers"
        ),
    },
}  # fmt: skip
_TITLES: Final = {
    "size_px": "Side in pixels",
    "n_images": "Images to show in all",
    "is_conditional": "Classes can be chosen when images are drawn",
    "join_slices": "Slices of one DICOM series are one volume",
    "accumulate": "Parts of a batch",
    "snapshot_images": "Images between checkpoints",
    "ema_halflife_images": "Half-life of the average, in images",
    "warmup_images": "Warm-up in images",
    "clip_norm": "Largest gradient norm",
    "beta1": "Beta 1",
    "beta2": "Beta 2",
    "rate": "Learning rate",
    "latent": "Latent size",
    "n_codes": "Codes",
    "code_size": "Dimensions of a code",
    "revive_below": "Revive codes used less than",
    "adversarial": "Adversarial weight",
    "pretrained": "Pretrained network",
}


def group_options(family: Family) -> dict[str, tuple[str, ...]]:
    """Group every option of a family that is not in `COMMON`, each once; new ones stand in a last group."""
    groups = {title: tuple(names) for title, names in _GROUPS.get(family.name, {}).items()}
    placed = {*COMMON, *(name for names in groups.values() for name in names)}
    rest = tuple(name for name in family.options.model_fields if name not in placed)
    return groups | {"More": rest} if rest else groups


def title_option(name: str) -> str:
    """What a form calls an option."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()
