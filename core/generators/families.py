"""Every family of generators by name; none loads torch before it trains or draws."""

from __future__ import annotations

from core.generators.dcgan_options import DcganFamily
from core.generators.diffusion.ddpm_options import DDPM
from core.generators.diffusion.latent_options import LATENT_DIFFUSION
from core.generators.family import Family
from core.generators.stylegan2.family import STYLEGAN2
from core.generators.vqvae2.options import Vqvae2Family
from core.registry import Registry

__all__ = ["FAMILIES"]

FAMILIES: Registry[Family] = Registry("family of generators")
FAMILIES.register("dcgan", DcganFamily())
FAMILIES.register("ddpm", DDPM)
FAMILIES.register("stylegan2", STYLEGAN2)
FAMILIES.register("vqvae2", Vqvae2Family())
FAMILIES.register("latent-diffusion", LATENT_DIFFUSION)
