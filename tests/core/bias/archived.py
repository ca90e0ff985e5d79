"""An analysis of bias as files, made up number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.bias.archive import BiasSummary, load_bias
from core.bias.attribution_archive import ATTRIBUTION_FOLDER, AttributionSummary, load_attribution

__all__ = ["FOLDER_SETS", "describe", "keep_attribution", "keep_summary"]

FOLDER_SETS = ("real", "gan")
_EDGES = {"left": 0.0, "top": 0.0, "right": 0.375, "bottom": 0.375}


def describe(**changes: Any) -> BiasSummary:
    """A summary of two sets and one suspect region, with other fields where they are given."""
    pair = {"name": "difference-ill-well", "first": "ill", "second": "well", "n_first": 24, "n_second": 24}
    sets = [
        {"name": name, "role": role, "n": 48, "classes": {"ill": 24, "well": 24}, "threshold": 0.7,
         "max_auroc": 0.98, "share_above": 0.1, "differences": [pair]}
        for name, role in zip(FOLDER_SETS, ("real", "synthetic"), strict=True)
    ]  # fmt: skip
    facts: dict[str, Any] = {
        "format_version": 1,
        "classes": ["ill", "well"],
        "settings": {
            "side_px": 32, "patch_px": 8, "stride_px": 4, "positions": [7, 7], "n_folds": 5,
            "n_permutations": 199, "seed": 3, "alpha": 0.05, "max_per_class": 1000,
        },
        "sets": sets,
        "suspects": [
            {"rank": 1, **_EDGES, "auroc": 0.98, "low": 0.94, "high": 0.99, "p_value": 0.005,
             "mean_auroc": 0.9, "surround_auroc": 0.55, "area": 0.14, "score": 0.3},
        ],
        "inheritance": [
            {"set": "gan", "region": region, "sign": sign, "share": share, "low": share - 0.1,
             "high": share + 0.1, "n_real": 48, "n_synthetic": 48}
            for region, sign, share in (("1", "same", 0.9), ("1", "any", 0.95), ("all", "same", 0.6))
        ],
        "shortcuts": [
            {"set": "real", "property": "intensity", "auroc": 0.8, "low": 0.7, "high": 0.88,
             "p_value": 0.0005, "n": 48},
            {"set": "real", "property": "format", "auroc": 0.5, "low": 0.4, "high": 0.6, "p_value": 1.0,
             "n": 48, "note": "It is the same in every image."},
        ],
        "markers": [
            {"set": "real", "class": label, "zone": zone, "rate": rate, "low": 0.0, "high": 1.0,
             "n_marked": round(24 * rate), "n": 24}
            for zone, label, rate in (("upper left", "ill", 0.0), ("upper left", "well", 0.5),
                                      ("centre", "ill", 0.0), ("centre", "well", 0.0),
                                      ("anywhere", "ill", 0.0), ("anywhere", "well", 0.5))
        ],
    }  # fmt: skip
    return BiasSummary.model_validate(facts | changes)


def keep_summary(folder: Path) -> BiasSummary:
    """Write the summary with maps on a grid of 7 by 7 and a frame of 32 by 32."""
    for name, beyond in zip(FOLDER_SETS, (1.5, 9.0), strict=True):
        maps = folder / "maps" / name
        maps.mkdir(parents=True)
        probe = np.full((7, 7), 0.5)
        probe[0, 0] = 0.98
        difference = np.zeros((32, 32))
        difference[0, 0] = beyond
        np.save(maps / "mean.npy", np.full((32, 32), 100.0))
        np.save(maps / "probe.npy", probe)
        np.save(maps / "difference-ill-well.npy", difference)
    shared = np.full((7, 7), np.nan)
    shared[0, 0] = 0.9
    np.save(folder / "maps" / "gan" / "transfer.npy", np.full((7, 7), 0.4))
    np.save(folder / "maps" / "gan" / "inheritance.npy", shared)
    (folder / "bias.json").write_text(describe().model_dump_json(by_alias=True), encoding="utf-8")
    return load_bias(folder)


def keep_attribution(folder: Path) -> AttributionSummary:
    """Write where a made-up classifier looks: both classes by Grad-CAM, one by occlusion."""
    kinds = (("grad-cam", "ill"), ("grad-cam", "well"), ("occlusion", "ill"))
    place = folder / ATTRIBUTION_FOLDER
    for at, name in enumerate(FOLDER_SETS):
        (place / "maps" / name).mkdir(parents=True)
        for number, _ in enumerate(kinds):
            values = np.full((32, 32), 0.25 * (1 + number % 2 + at), dtype=np.float32)
            np.save(place / "maps" / name / f"{number}.npy", values)
    facts: dict[str, Any] = {
        "classes": ["ill", "well"],
        "options": {},
        "classifier": "A small network",
        "weights": "random",
        "device": "cpu",
        "layer": "last",
        "layer_cells": [4, 4],
        "side_px": 32,
        "trainings": [{"repeat": 1, "n_train": 30, "n_validation": 18, "best_epoch": 3,
                       "balanced_accuracy": 0.9, "seconds": 1.0}],
        "balanced_accuracy": 0.9,
        "low": 0.7,
        "high": 0.95,
        "n_validation": 18,
        "tells_classes": True,
        "sets": [
            {"name": name, "role": role, "n": 18, "balanced_accuracy": 0.9, "low": 0.7, "high": 0.95,
             "maps": [{"class_name": label, "method": method, "n": 9, "n_empty": 0, "recall": 0.9,
                       "agreement": None, "file": f"maps/{name}/{number}"}
                      for number, (method, label) in enumerate(kinds)]}
            for name, role in zip(FOLDER_SETS, ("real", "synthetic"), strict=True)
        ],
        "shares": [
            {"set": name, "class_name": "ill", "method": "grad-cam", "region": 1, **_EDGES, "area": 0.14,
             "share": 0.5, "low": 0.4, "high": 0.6, "ratio": 3.6, "lowest": 0.5, "highest": 0.5, "n": 9,
             "n_empty": 0}
            for name in FOLDER_SETS
        ],
        "notes": ["It was trained once."],
        "seconds": 2.0,
    }  # fmt: skip
    summary = AttributionSummary.model_validate(facts)
    (place / "attribution.json").write_text(summary.model_dump_json(), encoding="utf-8")
    found = load_attribution(folder)
    assert found is not None
    return found
