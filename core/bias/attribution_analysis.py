"""Adds where classifiers look to a finished analysis of bias."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.bias.archive import load_bias
from core.bias.attribution_archive import write_attribution
from core.bias.attribution_maps import explain_sets
from core.bias.attribution_options import AttributionOptions
from core.bias.attribution_result import AttributionSummary
from core.bias.box import Box
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.features.base import Device
from core.progress import Progress

__all__ = ["add_attribution"]


def add_attribution(
    folder: Path,
    sets: Sequence[ImageSet],
    options: AttributionOptions,
    *,
    device: Device = Device.AUTO,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> AttributionSummary:
    """Explain classifiers on the frame and in the suspect regions of an analysis, and put that beside it.

    Args:
        folder: what `core.bias.writer.write_bias` wrote.
        sets: the sets that it was made of, the real set first.
        options: what decides the numbers.
        device: where networks run.
        workers: decoding threads; None takes one a core.
        settings: limits and workspace.
        progress: told about every image and step; may cancel.

    Raises:
        InputError: if the analysis cannot be read, its folder not be written, or the training diverges.
        ImageSetError: if a file changed since it was scanned.
        TooFewImagesError: if patients do not suffice for training and validation.
        WeightsError: if the initial weights are not to be had.
        CancelledError: if progress says so.
    """
    analysis = load_bias(folder)
    result = explain_sets(
        sets,
        options,
        regions=[Box(one.left, one.top, one.right, one.bottom) for one in analysis.suspects],
        side_px=analysis.settings.side_px,
        device=device,
        workers=workers,
        settings=settings,
        progress=progress,
    )
    write_attribution(result, folder)
    return result.summary
