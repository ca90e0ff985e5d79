"""Which settings of drawing images each family heeds; nothing here loads torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.errors import UnknownNameError
from core.generators.options import GeneratorOptions

__all__ = ["find_run_defaults", "list_sampling_choices"]

_DIFFUSION: Final = ("sampler", "steps", "guidance")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "dcgan": (),
    "ddpm": _DIFFUSION,
    "stylegan2": ("truncation",),
    "vqvae2": ("temperature",),
    "latent-diffusion": _DIFFUSION,
}
_ALWAYS: Final = ("precision", "batch_size")


def list_sampling_choices(family: str, options: GeneratorOptions) -> tuple[str, ...]:
    """List the fields of `SamplingSettings`, besides the seed, that change what a trained run draws or costs.

    Args:
        family: name of its family.
        options: of the run: only one that was trained with and without classes can be guided.

    Raises:
        UnknownNameError: if there is no such family.
    """
    if family not in _CHOICES:
        raise UnknownNameError(f"There is no family of generators {family!r}.")
    can_guide = options.is_conditional and bool(getattr(options, "class_dropout", 0))
    own = tuple(name for name in _CHOICES[family] if name != "guidance" or can_guide)
    return own + _ALWAYS


def find_run_defaults(family: str, options: GeneratorOptions) -> dict[str, object]:
    """Name what the run itself takes for settings that are left to it: of a diffusion model, its walk."""
    return {name: getattr(options, name) for name in _CHOICES.get(family, ()) if hasattr(options, name)}
