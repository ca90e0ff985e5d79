"""An analysis of bias as tables and as a document: what CSV files, `bias.json` and reports show."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from core.bias.archive import ALL_REGIONS
from core.bias.class_difference import ClassDifference
from core.bias.heatmap import BiasResult
from core.bias.patch_probe import ALPHA, ProbeMap
from core.metrics.estimate import Estimate

__all__ = ["FORMAT_VERSION", "name_differences", "summarise_result", "tabulate_result"]

FORMAT_VERSION: Final = 1
"""Raised whenever files of an analysis change their meaning."""

_Row = dict[str, object]


def tabulate_result(result: BiasResult) -> dict[str, tuple[list[str], list[_Row]]]:
    """Lay out suspects, inheritance, shortcuts and markers.

    Args:
        result: what was found.

    Returns:
        Table's name to its columns and rows.
    """
    return {
        "suspects": _list_suspects(result),
        "inheritance": _list_inherited(result),
        "shortcuts": _list_shortcuts(result),
        "markers": _list_markers(result),
    }


def summarise_result(result: BiasResult) -> dict[str, object]:
    """Lay out everything of an analysis but its maps and scores, as `bias.json` holds it.

    Args:
        result: what was found.

    Returns:
        What `BiasSummary` reads.
    """
    probe = result.options.probe
    real = result.sets[0].probe
    assert real is not None
    return {
        "format_version": FORMAT_VERSION,
        "classes": [_readable(label) for label in result.classes],
        "settings": {
            **asdict(probe.grid),
            "positions": list(probe.grid.shape),
            "n_folds": probe.n_folds,
            "n_permutations": probe.n_permutations,
            "seed": probe.seed,
            "alpha": ALPHA,
            "max_per_class": result.options.max_per_class,
            "intensity": result.intensity,
            "montage_slices": result.montage_slices,
        },
        "sets": [
            {
                "name": one.name,
                "role": one.role.value,
                "n": sum(one.counts.values()),
                "classes": {_readable(label): count for label, count in one.counts.items()},
                "threshold": None if one.probe is None else one.probe.threshold,
                "max_auroc": None if one.probe is None else float(one.probe.auroc.max()),
                "share_above": None if one.probe is None else _share_above(one.probe),
                "note": one.note,
                "differences": [
                    {
                        "name": name,
                        "first": _readable(pair.first),
                        "second": _readable(pair.second),
                        "n_first": pair.n_first,
                        "n_second": pair.n_second,
                    }
                    for name, pair in name_differences(one.differences)
                ],
            }
            for one in result.sets
        ],
        **{name: rows for name, (_, rows) in tabulate_result(result).items()},
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
        describe(one.name, ALL_REGIONS if one.rank is None else str(one.rank), sign, found)
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
                (one.name, _readable(m.label), m.zone, m.rate, m.low, m.high, m.n_marked, m.n),
                strict=True,
            )
        )
        for one in result.sets
        for m in one.markers
    ]
    return columns, rows


def name_differences(differences: Sequence[ClassDifference]) -> list[tuple[str, ClassDifference]]:
    """Name the maps of pairs of classes; classes that differ in special characters alone get a number."""
    named: dict[str, ClassDifference] = {}
    for pair in differences:
        name = plain = f"difference-{_slug(pair.first)}-{_slug(pair.second)}"
        number = 1
        while name in named:
            number += 1
            name = f"{plain}-{number}"
        named[name] = pair
    return list(named.items())


def _share_above(probe: ProbeMap) -> float | None:
    """Share of positions that tell the class beyond chance."""
    return None if probe.threshold is None else float((probe.auroc > probe.threshold).mean())


def _readable(name: str) -> str:
    """A class may be a folder whose name is not UTF-8, which JSON cannot hold."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _slug(text: str) -> str:
    return re.sub(r"[^\w.+()-]", "-", text)[:60]
