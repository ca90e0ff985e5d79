"""What a crop does to a few images of every set, before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.bias.crop import Crop
from core.bias.cropping import apply_crop, explain_volumes
from core.config import Settings
from core.datasets.listing import list_files
from core.datasets.study import Study
from core.errors import ImageReadError, ImageSetError, IsVolumeError
from core.images.display import DEFAULT_INTENSITY, to_levels
from core.images.encoding import encode_thumbnail
from core.images.intensity import Intensity
from core.images.reading import decode_image, read_bytes

__all__ = ["CropSample", "preview_crop"]

_SIDE_PX = 320
# Files that cannot be read are passed over, but not many of them.
_MOST_TRIED = 4


@dataclass(frozen=True, slots=True)
class CropSample:
    """One image before and after the crop.

    Attributes:
        set: its set.
        item: its path below the set's folder.
        before: PNG of the image, made small.
        after: PNG of the image without what is cropped, or None where nothing is left of it.
    """

    set: str
    item: str
    before: bytes
    after: bytes | None


def preview_crop(
    study: Study,
    crop: Crop,
    *,
    intensity: Intensity = DEFAULT_INTENSITY,
    settings: Settings,
    n_samples: int = 2,
) -> tuple[CropSample, ...]:
    """Crop a few images of every set, one of each class as far as they go; nothing is written.

    Args:
        study: the sets.
        crop: what is taken out.
        intensity: which values are black and white.
        settings: limits, and the folders that reading is confined to.
        n_samples: images a set.

    Returns:
        Samples in the order of the sets; a set without a readable image among the first has none.

    Raises:
        ImageSetError: if most files looked at of a set are volumes.
    """
    sources = [("real", study.real)]
    if study.heldout is not None:
        sources.append(("heldout", study.heldout))
    sources += [(one.name, one.folder) for one in study.synthetic]
    found: list[CropSample] = []
    for name, folder in sources:
        files, _, _ = list_files(folder, confined_to=settings.confined_to)
        taken: list[CropSample] = []
        volumes = 0
        for item_id, path in _order(files)[: n_samples + _MOST_TRIED]:
            if len(taken) == n_samples:
                break
            try:
                sample = _crop_file(name, item_id, path, crop, intensity, settings)
            except IsVolumeError:
                volumes += 1
                continue
            if sample is not None:
                taken.append(sample)
        if volumes > len(taken):
            raise ImageSetError(explain_volumes(name))
        found += taken
    return tuple(found)


def _order(files: Sequence[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """The first file of each sub-folder, then the second ones, and so on."""
    seen: dict[str, int] = {}
    keyed = []
    for item_id, path in files:
        folder = item_id.partition("/")[0]
        seen[folder] = seen.get(folder, 0) + 1
        keyed.append((seen[folder], item_id, path))
    return [(item_id, path) for _, item_id, path in sorted(keyed, key=lambda one: one[:2])]


def _crop_file(
    name: str, item_id: str, path: Path, crop: Crop, intensity: Intensity, settings: Settings
) -> CropSample | None:
    try:
        data = read_bytes(path, max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to)
        pixels = to_levels(decode_image(data, max_pixels=settings.max_pixels), intensity)
        before = encode_thumbnail(pixels, side_px=_SIDE_PX)
    except IsVolumeError:
        raise
    except (ImageReadError, MemoryError):
        return None
    try:
        after = encode_thumbnail(apply_crop(pixels, crop), side_px=_SIDE_PX)
    except ImageReadError:
        after = None
    return CropSample(name, item_id, before, after)
