"""What decides the montages that are made of volumes."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.images.intensity import Intensity, IntensityMode
from core.images.slices import Plane

__all__ = ["MontageOptions"]


class MontageOptions(BaseModel):
    """Options of `core.images.montage.make_montages`.

    Xing et al., IEEE CBMS 2023, made 20 montages of four axial slices a CT volume, at 256, 512 and 1024 px.

    Attributes:
        slices: slices a montage: a square number, so that they fill a square.
        per_volume: most montages of one volume.
        size: side of a montage in pixels.
        plane: plane of the slices.
        intensity: what becomes black and white; the same policy for all volumes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slices: Annotated[int, Field(ge=1, le=64)] = 4
    per_volume: Annotated[int, Field(ge=1, le=1000)] = 20
    size: Annotated[int, Field(ge=16, le=4096)] = 256
    plane: Plane = Plane.AXIAL
    intensity: Intensity = Intensity(mode=IntensityMode.PERCENTILE)

    @field_validator("slices")
    @classmethod
    def _is_square(cls, slices: int) -> int:
        if math.isqrt(slices) ** 2 != slices:
            raise ValueError("a montage is a square of 1, 4, 9, 16, 25, 36, 49 or 64 slices")
        return slices

    @property
    def side(self) -> int:
        """Slices along one side of a montage."""
        return math.isqrt(self.slices)

    @property
    def cell_px(self) -> int:
        """Pixels along one side of a slice's place."""
        return self.size // self.side
