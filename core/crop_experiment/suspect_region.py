"""Chooses what to crop: a suspect region of the real set, somewhat wider."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.protocol import Execution
from core.bias.cropping import refuse_volumes
from core.bias.frame import choose_classes, choose_items, frame_set
from core.bias.patch_probe import ProbeOptions, compute_patch_probe
from core.bias.suspects import find_suspects
from core.config import Settings, get_settings
from core.crop_experiment.probing import MAX_PER_CLASS
from core.crop_experiment.request import Region, widen_region
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import TooFewImagesError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.progress import Progress, SilentProgress

__all__ = ["choose_suspect"]


def choose_suspect(
    study: Study,
    rank: int,
    *,
    options: ProbeOptions | None = None,
    class_names: Sequence[str] = (),
    intensity: Intensity = DEFAULT_INTENSITY,
    join_slices: bool = False,
    execution: Execution | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Region:
    """Find a suspect region of the real set, and widen it so that nothing of a mark stays beside it.

    Args:
        study: whose real set is probed.
        rank: place in the list of suspect regions, from 1.
        options: of the probe; the defaults when None, as the analysis of bias has them.
        class_names: keep only these classes; empty keeps all.
        intensity: which values are black and white.
        join_slices: whether the DICOM slices of one series are one volume, not an image each.
        execution: threads.
        settings: workspace and limits.
        progress: told about every stage.

    Raises:
        TooFewImagesError: if there are too few patients of a class, or no region of that rank.
        ImageSetError: if the set cannot be used, holds volumes or has fewer than two classes.
        CancelledError: if progress says so.
    """
    execution, settings = execution or Execution(), settings or get_settings()
    options, progress = options or ProbeOptions(), progress or SilentProgress()
    real = scan_study(
        study,
        class_names=class_names,
        intensity=intensity,
        join_slices=join_slices,
        workers=execution.workers,
        settings=settings,
        progress=progress,
    )[0]
    refuse_volumes(real)
    classes = choose_classes(real)
    items = choose_items(real, classes, max_per_class=MAX_PER_CLASS, seed=options.seed)
    progress.start(f"Reading {real.name}", len(items))
    framed = frame_set(
        real,
        items,
        classes,
        side_px=options.grid.side_px,
        workers=execution.workers,
        settings=settings,
        progress=progress,
    )
    suspects = find_suspects(compute_patch_probe(framed, options, progress=progress), options.grid)
    for one in suspects:
        if one.rank == rank:
            return widen_region((one.box.left, one.box.top, one.box.right, one.box.bottom))
    count = {0: "no suspect region", 1: "one suspect region"}.get(
        len(suspects), f"{len(suspects)} suspect regions"
    )
    raise TooFewImagesError(
        f"The real set has {count}, so there is no region {rank} to crop; name a --margin or a --region."
    )
