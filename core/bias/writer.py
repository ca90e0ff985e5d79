"""Puts an analysis of bias on disk: `bias.json`, tables as CSV, and maps as PNG and `.npy`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.bias.archive import BIAS_FILE
from core.bias.attribution_archive import ATTRIBUTION_FOLDER
from core.bias.heatmap import BiasResult, SetBias
from core.bias.patch_probe import ProbeMap
from core.bias.suspects import Suspect
from core.bias.tables import FORMAT_VERSION, name_differences, summarise_result, tabulate_result
from core.errors import InputError
from core.output_folder import replace_text
from core.plots.difference import choose_difference_limit
from core.plots.heatmap import MapScale, draw_heatmap, expand_grid

__all__ = ["FORMAT_VERSION", "write_bias"]

_AREA = (
    "Area under the ROC curve of a patch alone: 0.5 is chance, 1 tells every image. White line: threshold."
)


def write_bias(result: BiasResult, folder: Path) -> None:
    """Write every file of an analysis.

    `suspects.csv` (ranked regions of the real set), `inheritance.csv`, `shortcuts.csv`, `markers.csv`,
    `bias.json` with all of it and the settings, and below `maps/SET/` the maps: `probe`, `transfer` and
    `difference-A-B` as .npy and as PNG over the mean image, `inheritance` and `mean` as .npy. Beside
    them stand the images behind the probe: `images.csv` (item, class, fold) and `scores.npy`, (positions,
    images, k) in its order and row by row of the map. `bias.json` is written last: a folder that holds one is
    complete; `core.bias.archive` reads it back.

    Args:
        result: what was found.
        folder: made if it is not there; files of an earlier analysis in it are replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BIAS_FILE).unlink(missing_ok=True)
        for earlier in ("maps", ATTRIBUTION_FOLDER):
            shutil.rmtree(folder / earlier, ignore_errors=True)
        for one in result.sets:
            _write_maps(result, one, folder / "maps" / one.name)
        for name, (columns, rows) in tabulate_result(result).items():
            text = pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\n")
            replace_text(folder / f"{name}.csv", text)
        summary = json.dumps(summarise_result(result), indent=2, allow_nan=False)
        replace_text(folder / BIAS_FILE, summary + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The folder {folder} cannot be written ({reason}); choose another one.") from error


def _write_maps(result: BiasResult, one: SetBias, folder: Path) -> None:
    folder.mkdir(parents=True)
    np.save(folder / "mean.npy", one.mean, allow_pickle=False)
    n = f"{sum(one.counts.values()):,} images"
    if one.probe is not None:
        rows = [
            (item.id, item.label, int(fold)) for item, fold in zip(one.items, one.probe.folds, strict=True)
        ]
        table = pd.DataFrame(rows, columns=["item", "class", "fold"])
        replace_text(folder / "images.csv", table.to_csv(index=False, lineterminator="\n"))
        np.save(folder / "scores.npy", one.probe.scores, allow_pickle=False)
        own = f"{n}; cross-validated within this set. Boxes: its suspect regions."
        boxes = [_corners(suspect) for suspect in one.suspects]
        _write_probe(
            result, one, one.probe, folder / "probe", "what each place tells of the class", own, boxes
        )
    if one.transfer is not None:
        learned = f"{n}; probe trained on real images. Boxes: suspect regions of the real set."
        boxes = [_corners(suspect) for suspect in result.suspects]
        _write_probe(
            result,
            one,
            one.transfer,
            folder / "transfer",
            "how far signs of the real set tell its classes",
            learned,
            boxes,
        )
    if one.inherited is not None:
        np.save(folder / "inheritance.npy", one.inherited, allow_pickle=False)
    limit = choose_difference_limit([pair.difference for set_ in result.sets for pair in set_.differences])
    for name, pair in name_differences(one.differences):
        np.save(folder / f"{name}.npy", pair.difference, allow_pickle=False)
        picture = draw_heatmap(
            pair.difference,
            ground=one.mean,
            scale=MapScale(0.0, limit, "Mean difference over pooled standard deviation (Cohen's d)."),
            title=f"{one.name}: {pair.first} minus {pair.second}",
            subtitle=f"{pair.n_first:,} and {pair.n_second:,} images, over the set's mean image.",
        )
        Image.fromarray(picture).save(folder / f"{name}.png")


def _write_probe(
    result: BiasResult,
    one: SetBias,
    probe: ProbeMap,
    stem: Path,
    title: str,
    subtitle: str,
    boxes: list[tuple[float, float, float, float]],
) -> None:
    grid = result.options.probe.grid
    np.save(stem.with_name(f"{stem.name}.npy"), probe.auroc, allow_pickle=False)
    picture = draw_heatmap(
        expand_grid(probe.auroc, grid.starts, size=grid.patch_px, side=grid.side_px),
        ground=one.mean,
        scale=MapScale(0.5, 0.5, _AREA, mark=probe.threshold),
        title=f"{one.name}: {title}",
        subtitle=subtitle,
        boxes=boxes,
    )
    Image.fromarray(picture).save(stem.with_name(f"{stem.name}.png"))


def _corners(suspect: Suspect) -> tuple[float, float, float, float]:
    box = suspect.box
    return box.left, box.top, box.right, box.bottom
