"""A volume with what its files say of how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.images.decoded import find_extremes
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity, IntensityMode, Rendering, apply_intensity, find_range
from core.images.volume import Volume

__all__ = ["LoadedVolume"]

_MINMAX = Intensity(mode=IntensityMode.MINMAX)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVolume:
    """A volume, with what its files say of how it is shown.

    Attributes:
        volume: the values; in the axes of the patient where its files tell them.
        padding: of the volume's shape, True where a voxel is no measurement; None where none is.
        rendering: windows and the like; of DICOM only, that of the middle slice.
        patient: keyed hash of the patient, of DICOM only and where the reader had a key; or empty.
    """

    volume: Volume
    padding: NDArray[np.bool_] | None = field(default=None, repr=False)
    rendering: Rendering = field(default_factory=Rendering, repr=False)
    patient: str = ""

    def to_levels(self, policy: Intensity = DEFAULT_INTENSITY) -> NDArray[np.uint8]:
        """Bring the voxels to 8 bits by a policy, as `core.images.display.display_image` does with pictures.

        Black and white are chosen once for the whole volume. Colour stays as it is. Where pictures of 8 bits
        were brought to grey levels when they were written, volumes were not: a window or percentiles that
        were asked for hold for volumes of 8 bits, too. By default these stay as they are, unless the file
        names a window for them.

        Returns:
            (slices, rows, columns) or (slices, rows, columns, 3) uint8.
        """
        values: NDArray[Any] = self.volume.values
        if self._is_shown(policy):
            return values
        return apply_intensity(values, _by_range(policy), rendering=self.rendering, padding=self.padding)

    def find_values(self) -> tuple[float, float] | None:
        """Smallest and largest grey value in the file's own unit, if deeper than 8 bits; or None."""
        return find_extremes(self.volume.values, self.padding)

    def find_shown_range(self, policy: Intensity = DEFAULT_INTENSITY) -> tuple[float, float]:
        """Values that `to_levels` makes black and white: where a viewer's window starts."""
        if self._is_shown(policy):
            return 0.0, 255.0
        return find_range(
            self.volume.values, _by_range(policy), rendering=self.rendering, padding=self.padding
        )

    def _is_shown(self, policy: Intensity) -> bool:
        """Whether its values are levels already."""
        says = self.rendering.window is not None or self.rendering.table is not None
        by_file = policy.is_left_to_files and not says and not self.rendering.is_inverted
        return self.volume.is_colour or (self.volume.values.dtype == np.uint8 and by_file)


def _by_range(policy: Intensity) -> Intensity:
    return _MINMAX if policy.mode is IntensityMode.AS_IS else policy
