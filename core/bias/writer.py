"""Puts an analysis of bias on disk: `bias.json`, tables as CSV, and maps as PNG and `.npy`."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from PIL import Image

from core.bias.heatmap import BiasResult, SetBias
from core.bias.patch_probe import ALPHA, ProbeMap
from core.bias.suspects import Suspect
from core.errors import InputError
from core.metrics.estimate import Estimate
from core.plots.difference import choose_difference_limit
from core.plots.heatmap import MapScale, draw_heatmap, expand_grid

__all__ = ["FORMAT_VERSION", "write_bias"]

FORMAT_VERSION: Final = 1
"""Raised whenever files of an analysis change their meaning."""

_AREA = (
    "Area under the ROC curve of a patch alone: 0.5 is chance, 1 tells every image. White line: threshold."
)
_Row = dict[str, object]


def write_bias(result: BiasResult, folder: Path) -> None:
    """Write every file of an analysis.

    `suspects.csv` (ranked regions of the real set), `inheritance.csv`, `shortcuts.csv`, `markers.csv`,
    `bias.json` with all of it and the settings, and below `maps/SET/` the maps: `probe`, `transfer` and
    `difference-A-B` as .npy and as PNG over the mean image, `inheritance` as .npy. Beside them stand the
    images behind the probe: `images.csv` (item, class, fold) and `scores.npy`, (positions, images, k) in its
    order and row by row of the map. `bias.json` is written last: a folder that holds one is complete.

    Args:
        result: what was found.
        folder: made if it is not there; files of an earlier analysis in it are replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    tables = {
        "suspects.csv": _list_suspects(result),
        "inheritance.csv": _list_inherited(result),
        "shortcuts.csv": _list_shortcuts(result),
        "markers.csv": _list_markers(result),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bias.json").unlink(missing_ok=True)
        shutil.rmtree(folder / "maps", ignore_errors=True)
        for one in result.sets:
            _write_maps(result, one, folder / "maps" / one.name)
        for name, (columns, rows) in tables.items():
            text = pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\n")
            _replace(folder / name, text)
        summary = _summarise(result, {name: rows for name, (_, rows) in tables.items()})
        _replace(folder / "bias.json", json.dumps(summary, indent=2, allow_nan=False) + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The folder {folder} cannot be written ({reason}); choose another one.") from error


def _summarise(result: BiasResult, tables: dict[str, list[_Row]]) -> _Row:
    probe = result.options.probe
    real = result.sets[0].probe
    assert real is not None
    return {
        "format_version": FORMAT_VERSION,
        "classes": list(result.classes),
        "settings": {
            **asdict(probe.grid),
            "positions": list(probe.grid.shape),
            "n_folds": probe.n_folds,
            "n_permutations": probe.n_permutations,
            "seed": probe.seed,
            "alpha": ALPHA,
            "max_per_class": result.options.max_per_class,
        },
        "sets": [
            {
                "name": one.name,
                "role": one.role.value,
                "n": sum(one.counts.values()),
                "classes": one.counts,
                "threshold": None if one.probe is None else one.probe.threshold,
                "max_auroc": None if one.probe is None else float(one.probe.auroc.max()),
                "share_above": None if one.probe is None else _share_above(one.probe),
                "note": one.note,
            }
            for one in result.sets
        ],
        **{name.removesuffix(".csv"): rows for name, rows in tables.items()},
    }


def _list_suspects(result: BiasResult) -> tuple[list[str], list[_Row]]:
    columns = ["rank", "left", "top", "right", "bottom", "auroc", "low", "high", "p_value", "mean_auroc"]
    columns += ["surround_auroc", "area", "score"]
    rows: list[_Row] = []
    for one in result.suspects:
        row = {**asdict(one.box), **{name: getattr(one, name) for name in columns if hasattr(one, name)}}
        rows.append({name: row[name] for name in columns})
    return columns, rows


def _list_inherited(result: BiasResult) -> tuple[list[str], list[_Row]]:
    columns = ["set", "region", "sign", "share", "low", "high", "n_real", "n_synthetic"]

    def describe(name: str, region: str, sign: str, found: Estimate) -> _Row:
        values = (found.value, found.low, found.high, found.n_real, found.n_synthetic)
        return dict(zip(columns, (name, region, sign, *values), strict=True))

    rows = [
        describe(one.name, "all" if one.rank is None else str(one.rank), sign, found)
        for one in result.inherited
        for sign, found in (("same", one.same_sign), ("any", one.any_sign))
    ]
    return columns, rows


def _list_shortcuts(result: BiasResult) -> tuple[list[str], list[_Row]]:
    columns = ["set", "property", "auroc", "low", "high", "p_value", "n", "note"]
    rows: list[_Row] = []
    for one in result.sets:
        for found in one.shortcuts:
            row = asdict(found)
            rows.append({"set": one.name, "property": row.pop("name"), **row})
    return columns, rows


def _list_markers(result: BiasResult) -> tuple[list[str], list[_Row]]:
    columns = ["set", "class", "zone", "rate", "low", "high", "n_marked", "n"]
    rows: list[_Row] = [
        dict(
            zip(
                columns,
                (one.name, m.label, m.zone, m.rate, m.low, m.high, m.n_marked, m.n),
                strict=True,
            )
        )
        for one in result.sets
        for m in one.markers
    ]
    return columns, rows


def _write_maps(result: BiasResult, one: SetBias, folder: Path) -> None:
    folder.mkdir(parents=True)
    n = f"{sum(one.counts.values()):,} images"
    if one.probe is not None:
        rows = [
            (item.id, item.label, int(fold)) for item, fold in zip(one.items, one.probe.folds, strict=True)
        ]
        table = pd.DataFrame(rows, columns=["item", "class", "fold"])
        _replace(folder / "images.csv", table.to_csv(index=False, lineterminator="\n"))
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
    for pair in one.differences:
        stem = folder / f"difference-{_slug(pair.first)}-{_slug(pair.second)}"
        np.save(stem.with_name(f"{stem.name}.npy"), pair.difference, allow_pickle=False)
        picture = draw_heatmap(
            pair.difference,
            ground=one.mean,
            scale=MapScale(0.0, limit, "Mean difference over pooled standard deviation (Cohen's d)."),
            title=f"{one.name}: {pair.first} minus {pair.second}",
            subtitle=f"{pair.n_first:,} and {pair.n_second:,} images, over the set's mean image.",
        )
        Image.fromarray(picture).save(stem.with_name(f"{stem.name}.png"))


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


def _share_above(probe: ProbeMap) -> float | None:
    """Share of positions that tell the class beyond chance."""
    return None if probe.threshold is None else float((probe.auroc > probe.threshold).mean())


def _corners(suspect: Suspect) -> tuple[float, float, float, float]:
    box = suspect.box
    return box.left, box.top, box.right, box.bottom


def _slug(text: str) -> str:
    return re.sub(r"[^\w.+()-]", "-", text)[:60]


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    draft.replace(path)
