"""What each family of generators and each preset is good for, in a sentence for those who choose."""

from __future__ import annotations

from typing import Final

from core.generators.family import Family

__all__ = ["describe_family", "describe_preset", "title_preset"]

_FAMILIES: Final = {
    "dcgan": "Small and quick to train; a baseline for images of up to 256 pixels.",
    "ddpm": "Faithful and varied at small sizes, and steady to train; draws slowly, step by step.",
    "stylegan2": "Sharp at large sizes, quick to draw; augmentation makes do with a few thousand images.",
    "vqvae2": "Learns images as maps of codes, then how codes go together; never leaves a kind of image out "
    "entirely, draws slowly.",
    "latent-diffusion": "Diffusion in a space that an autoencoder compresses images to: sizes of 128 pixels "
    "and more, classes that can be steered.",
}
_NEEDS: Final = {
    "smoke": "Minutes without a GPU; shows that all works, not what the family can do.",
    "small": "Between the two: for a first result of use, on one GPU.",
}
_OWN_NEEDS: Final = {("dcgan", "small"): "About an hour on two CPU cores, minutes on a GPU."}
_SOURCES: Final = {
    ("dcgan", "published"): "after Radford et al. 2016, sec. 4, with two generator steps a step of the "
    "discriminator",
    ("ddpm", "published"): "goes on from the network that Ho et al. 2020 trained on CIFAR-10, which is "
    "downloaded unless it is there",
    ("ddpm", "published-scratch"): "CIFAR-10 in Ho et al. 2020, appendix B",
    ("ddpm", "published-256"): "LSUN and CelebA-HQ in Ho et al. 2020, appendix B",
    ("stylegan2", "published-256"): "Karras et al. 2020 (limited data), appendix C",
    ("stylegan2", "published"): "Karras et al. 2020 (limited data), appendix C",
    ("stylegan2", "published-1024"): "Karras et al. 2020 (limited data), appendix C",
    ("vqvae2", "published"): "Razavi et al. 2019, tables 4 and 5, with narrower priors",
    ("vqvae2", "published-512"): "Razavi et al. 2019, tables 4 and 5, with narrower priors",
    (
        "vqvae2",
        "razavi-256",
    ): "ImageNet in Razavi et al. 2019, tables 4 and 5; far more images than most studies have",
    ("latent-diffusion", "published"): "Rombach et al. 2022, appendix E (LDM-8)",
    ("latent-diffusion", "published-512"): "Rombach et al. 2022, appendix E (LDM-8)",
}


def describe_family(family: Family) -> str:
    """Say what a family is good for, and name its paper."""
    return f"{_FAMILIES.get(family.name, '')} {family.paper}.".strip()


def title_preset(family: Family, preset: str) -> str:
    """What a list calls a preset: its name, size and colour, and whether it is a published one."""
    options = family.presets[preset]
    colour = "colour" if options.channels == 3 else "grey"
    published = ", published" if (family.name, preset) in _SOURCES and "published" not in preset else ""
    return f"{preset.capitalize()}: {options.size_px} pixels, {colour}{published}"


def describe_preset(family: Family, preset: str) -> str:
    """Say what a preset needs, and where a published one comes from."""
    key = family.name, preset
    if key in _SOURCES:
        return f"Needs a GPU. Source: {_SOURCES[key]}."
    return _OWN_NEEDS.get(key) or _NEEDS.get(preset, "Needs a GPU.")
