"""What a user may choose about an analysis of bias; light, for pages and payloads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from core.bias.heatmap import BiasOptions

__all__ = ["MOST_POSITIONS", "BiasChoices"]

MOST_POSITIONS: Final = 10_000
"""Most positions of a grid: a probe, its permutations included, is fitted at each."""


class BiasChoices(BaseModel):
    """Choices that decide an analysis of bias, besides the images.

    Attributes:
        frame_px: side in pixels that images are brought to.
        patch_px: side of a patch in frame pixels.
        stride_px: step between neighbouring patches, at most a patch.
        n_folds: folds of cross-validation.
        n_permutations: shuffled labellings behind threshold and p-values.
        max_per_class: images of a class and set that are looked at; of more, a random part.
        seed: seeds folds, labellings and that part.
        attribution: whether a classifier is trained, too, and asked where it looks; it adds files to the
            analysis and changes none of its other numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame_px: int = Field(default=128, ge=32, le=1024)
    patch_px: int = Field(default=16, ge=4, le=1024)
    stride_px: int = Field(default=8, ge=1, le=1024)
    n_folds: int = Field(default=5, ge=2, le=10)
    n_permutations: int = Field(default=200, ge=19, le=100_000)
    max_per_class: int = Field(default=1000, ge=10)
    seed: int = Field(default=0, ge=0, lt=2**32)
    attribution: bool = False

    @model_validator(mode="after")
    def _check_grid(self) -> BiasChoices:
        if self.patch_px > self.frame_px:
            raise ValueError(
                f"A patch of {self.patch_px} pixels does not fit into a frame of {self.frame_px}; choose a "
                "smaller patch or a larger frame."
            )
        if self.stride_px > self.patch_px:
            raise ValueError(
                f"Steps of {self.stride_px} pixels leave parts of the image out; choose at most the "
                f"patch's {self.patch_px}."
            )
        n_positions = (-(-(self.frame_px - self.patch_px) // self.stride_px) + 1) ** 2
        if n_positions > MOST_POSITIONS:
            raise ValueError(
                f"That makes {n_positions:,} positions, more than {MOST_POSITIONS:,}; choose a larger step "
                "or a smaller frame."
            )
        return self

    @property
    def key(self) -> str:
        """Name of an analysis of an audit, by what decides its maps: 12 hexadecimal digits."""
        text = self.model_dump_json(exclude={"attribution"})
        return hashlib.blake2b(text.encode("ascii"), digest_size=6).hexdigest()

    def build_options(self) -> BiasOptions:
        """Options as `core.bias.heatmap.analyse_bias` takes them."""
        from core.bias.heatmap import BiasOptions
        from core.bias.patch_probe import ProbeOptions
        from core.bias.patches import PatchGrid

        grid = PatchGrid(side_px=self.frame_px, patch_px=self.patch_px, stride_px=self.stride_px)
        probe = ProbeOptions(
            grid=grid, n_folds=self.n_folds, n_permutations=self.n_permutations, seed=self.seed
        )
        return BiasOptions(probe=probe, max_per_class=self.max_per_class)
