"""Puts on disk where classifiers look, and reads it back; nothing here loads torch."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from core.bias.attribution_options import METHODS, AttributionMethod
from core.bias.attribution_result import (
    AttributedClass,
    AttributedSet,
    AttributionResult,
    AttributionSummary,
    ShareRecord,
)
from core.errors import InputError, UnknownNameError
from core.output_folder import replace_text
from core.plots.heatmap import MapScale, draw_heatmap
from core.validation import explain_unreadable

__all__ = [
    "ATTRIBUTION_FOLDER",
    "AttributionSummary",
    "load_attribution",
    "load_attribution_map",
    "name_map",
    "write_attribution",
]

ATTRIBUTION_FOLDER: Final = "attribution"
"""Folder of an analysis of bias that holds where its classifiers look."""

_SUMMARY: Final = "attribution.json"


def write_attribution(result: AttributionResult, folder: Path) -> None:
    """Write maps, shares and settings into `folder / ATTRIBUTION_FOLDER`.

    `attribution_share.csv`, below `maps/SET/` each map as float32 .npy and as PNG over the mean of the
    explained images, on one scale for all sets and classes of a method; `attribution.json` last: a folder
    that holds one is complete.

    Args:
        result: what was found.
        folder: the analysis of bias; made if it is not there, and an earlier attribution replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    place, summary = folder / ATTRIBUTION_FOLDER, result.summary
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / _SUMMARY).unlink(missing_ok=True)
        shutil.rmtree(place / "maps", ignore_errors=True)
        for one in summary.sets:
            for shown in one.maps:
                path = place / f"{shown.file}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, result.maps[one.name, shown.method, shown.class_name], allow_pickle=False)
                Image.fromarray(_draw(result, one, shown)).save(path.with_suffix(".png"))
        rows = [share.model_dump() for share in summary.shares]
        table = pd.DataFrame(rows, columns=list(ShareRecord.model_fields)).rename(
            columns={"class_name": "class"}
        )
        replace_text(place / "attribution_share.csv", table.to_csv(index=False, lineterminator="\n"))
        replace_text(place / _SUMMARY, summary.model_dump_json(indent=2) + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The folder {place} cannot be written ({reason}); choose another one.") from error


def load_attribution(folder: Path) -> AttributionSummary | None:
    """Read what was found of where classifiers look.

    Args:
        folder: the analysis of bias that `write_attribution` was given.

    Returns:
        The summary, or None where no classifier was asked.

    Raises:
        InputError: if it is damaged or of another version.
    """
    path = folder / ATTRIBUTION_FOLDER / _SUMMARY
    with explain_unreadable(path, noun="an attribution", work="analysis"):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        return AttributionSummary.model_validate_json(content)


def load_attribution_map(folder: Path, set_name: str, method: str, class_name: str) -> NDArray[np.float32]:
    """Read one averaged map.

    Args:
        folder: the analysis of bias that `write_attribution` was given.
        set_name: one of its sets.
        method: `grad-cam` or `occlusion`.
        class_name: one of its classes.

    Returns:
        (side, side) mean over images of maps that were each divided by their largest value; 0 to 1.

    Raises:
        UnknownNameError: if there is no such map; the message lists those there are.
        InputError: if it cannot be read.
    """
    summary = load_attribution(folder)
    maps: dict[tuple[str, str, str], str] = {
        (one.name, shown.method, shown.class_name): shown.file
        for one in (summary.sets if summary else ())
        for shown in one.maps
    }
    if (set_name, method, class_name) not in maps:
        known = "; ".join(", ".join(key) for key in maps)
        raise UnknownNameError(
            f"There is no {method} map of the class {class_name!r} of {set_name}; there are: "
            f"{known or 'none'}."
        )
    path = folder / ATTRIBUTION_FOLDER / f"{maps[set_name, method, class_name]}.npy"
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise InputError(f"{path} cannot be read; run the analysis again.") from None
    return found.astype(np.float32, copy=False)


def name_map(set_name: str, method: AttributionMethod, code: int, class_name: str) -> str:
    """Name a map's file below the attribution's folder; classes that would be written alike stay apart."""
    readable = re.sub(r"[^\w.+()-]", "-", class_name)[:60]
    return f"maps/{set_name}/{method}-{code}-{readable}"


def _draw(result: AttributionResult, one: AttributedSet, shown: AttributedClass) -> NDArray[np.uint8]:
    of_method = [found for (_, method, _), found in result.maps.items() if method == shown.method]
    limit = max(max(float(found.max()) for found in of_method), 1e-6)
    boxes = {share.region: share for share in result.summary.shares}
    trainings = len(result.summary.trainings)
    return draw_heatmap(
        result.maps[one.name, shown.method, shown.class_name].astype(np.float64),
        ground=result.grounds[one.name],
        scale=MapScale(0.0, limit, "Mean over images of maps from 0 to 1. Boxes: suspect regions."),
        title=f"{one.name}: what speaks for {shown.class_name} ({METHODS[shown.method]})",
        subtitle=f"{shown.n:,} images, {trainings} {'training' if trainings == 1 else 'trainings'}; "
        f"{shown.recall:.0%} told right.",
        boxes=[(box.left, box.top, box.right, box.bottom) for _, box in sorted(boxes.items())],
    )
