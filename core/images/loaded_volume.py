"""A volume with what its files say of how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity, IntensityMode, Rendering, apply_intensity
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

        Black and white are chosen once for the whole volume. Colour and 8-bit values stay as they are,
        unless the file names a window for them.

        Returns:
            (slices, rows, columns) or (slices, rows, columns, 3) uint8.
        """
        values: NDArray[Any] = self.volume.values
        says = self.rendering.window is not None or self.rendering.table is not None
        is_shown = values.dtype == np.uint8 and not says and not self.rendering.is_inverted
        if self.volume.is_colour or is_shown:
            return values
        if policy.mode is IntensityMode.AS_IS:
            policy = _MINMAX
        return apply_intensity(values, policy, rendering=self.rendering, padding=self.padding)
