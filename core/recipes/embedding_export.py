"""Image sets for viewers of embeddings: one table of ids, sets, labels and features, and images by id."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from core.audit.items import make_item_id
from core.audit.volume_views import check_view, describe_view
from core.config import Settings
from core.datasets.image_set import ImageSet, Item
from core.errors import InputError
from core.features.base import Extractor, FeatureBatch
from core.features.export import EmbeddingRow, name_space, write_embeddings
from core.features.extraction import extract_features, load_pixels
from core.features.volume_view import VolumeView
from core.progress import Progress, SilentProgress
from core.recipes.claim import refuse_nested
from core.recipes.image_names import locate
from core.recipes.made_images import MadeImages
from core.recipes.patient_keys import make_patient_keys

__all__ = ["TABLE_FILE", "export_embeddings"]

TABLE_FILE: Final = "embeddings.parquet"
_IMAGES: Final = "images"
_RECIPE: Final = {"recipe": "export", "version": 1}


def export_embeddings(
    sets: Sequence[ImageSet],
    output: Path,
    *,
    extractor: Extractor,
    settings: Settings,
    num_channels: int | None = None,
    volume_view: VolumeView = VolumeView.TRI_PLANAR,
    batch_size: int = 32,
    workers: int | None = None,
    with_images: bool = False,
    keep_patient_ids: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write `embeddings.parquet`, and with images `images/<id>.png`.

    Ids are those that an audit gives the same files in sets of the same names, so that its copy pairs can be
    joined. With images, which are on the scale that extractors see, volumes as montages, neither ids nor
    paths tell a file's name; without, paths lead to the files where they are.
    `core.features.export.write_embeddings` says what reads which column.

    Args:
        sets: image sets of different names and one intensity policy.
        output: a new folder, or one that the same export began.
        extractor: what makes the features.
        settings: limits and workspace.
        num_channels: 1 turns colour into luma first, 3 repeats grey; None leaves images as they are.
        volume_view: what of volumes an extractor of pictures sees.
        batch_size: images a step of the extractor.
        workers: decoding threads; None takes one a core.
        with_images: whether images are written beside.
        keep_patient_ids: whether patients' ids are written as they are.
        progress: told of every image; may cancel, and images that were written stay.

    Returns:
        The table's path.

    Raises:
        InputError: if the folder is another's, or cannot be written, or the extractor cannot look at such
            sets.
        ImageSetError: if a file changed or vanished since it was scanned.
        CancelledError: if progress says so.
    """
    progress = progress or SilentProgress()
    if len({one.name for one in sets}) != len(sets):
        raise InputError("Two image sets have the same name; give each its own.")
    for one in sets:
        refuse_nested(one.root, output)
    digests = {one.name: one.digest for one in sets}
    check_view(extractor.info, extractor.name, sets, volume_view)
    space = name_space(
        extractor.identity,
        view=describe_view(extractor.info, sets, volume_view),
        intensity=sets[0].items[0].intensity,
    )
    decided = {"space": space, "with_images": with_images, "keep_patient_ids": keep_patient_ids}
    made = MadeImages(output, {**_RECIPE, **decided, "num_channels": num_channels, "sets": digests})
    show_patient = str if keep_patient_ids else make_patient_keys(settings)
    pairs = [(one, item) for one in sets for item in one.items]
    features = [
        extract_features(
            one.items,
            extractor=extractor,
            num_channels=num_channels,
            volume_view=volume_view,
            batch_size=batch_size,
            workers=workers,
            settings=settings,
            progress=progress,
            stage=f"Extracting features of {one.name}",
        ).features
        for one in sets
    ]
    base = locate(output)
    rows = [_describe(one, item, base, with_images, show_patient) for one, item in pairs]
    if with_images:
        progress.start("Writing images", len(rows))
        for (_, item), row in zip(pairs, rows, strict=True):
            if not made.has(row.path):
                pixels = np.rint(load_pixels(item, num_channels=None, settings=settings)).astype(np.uint8)
                made.write(row.path, pixels[..., 0] if pixels.shape[2] == 1 else pixels)
            progress.advance()
    table = output / TABLE_FILE
    write_embeddings(table, rows=rows, batch=FeatureBatch(np.concatenate(features)), space=space)
    return table


def _describe(
    one: ImageSet, item: Item, base: Path, with_images: bool, show_patient: Callable[[str], str]
) -> EmbeddingRow:
    item_id = make_item_id(one.name, item.id, item.digest)
    path = f"{_IMAGES}/{item_id}.png" if with_images else os.path.relpath(locate(item.path), base)
    return EmbeddingRow(
        id=item_id,
        set=_readable(one.name),
        role=one.role.value,
        label=None if item.label is None else _readable(item.label),
        patient_hash=None if item.patient is None else _readable(show_patient(item.patient)),
        path=_readable(Path(path).as_posix()),
        slices=item.facts.slices,
        spacing_mm=item.facts.spacing_mm,
    )


def _readable(name: str) -> str:
    """Names that are not UTF-8 must still fit into the table."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
