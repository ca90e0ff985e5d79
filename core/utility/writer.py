"""Puts an experiment on disk: `utility.json` and its tables as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from core.csv_text import render_csv
from core.output_folder import cannot_write, replace_text
from core.utility.result import UtilityResult, UtilitySummary
from core.utility.score_changes import pair_scores

__all__ = ["RUNS_FOLDER", "write_utility"]

RUNS_FOLDER: Final = "runs"
"""Folder of finished runs below the output folder."""


def write_utility(result: UtilityResult, folder: Path) -> None:
    """Write every table of an experiment into a folder, each in one step.

    `utility.csv` has one row an arm and score with its change against each baseline, `runs.csv` one a run,
    `answers.csv` one a run and test image, `curves.csv` one a run and epoch, and `gaps.csv`, where groups of
    test images were scored, one an arm, column and score.

    Args:
        result: what the experiment found.
        folder: made if it is not there; files of an earlier one in it are replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    tables = {
        "utility.csv": _tabulate_scores(result.summary),
        "runs.csv": _tabulate_runs(result.summary),
        "answers.csv": _tabulate_answers(result),
        "curves.csv": _tabulate_curves(result.summary),
    }
    if result.summary.group_gaps:
        tables["gaps.csv"] = _tabulate_gaps(result.summary)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gaps.csv").unlink(missing_ok=True)
        # Removed first and written last, so that a folder with it holds the tables that it describes.
        (folder / "utility.json").unlink(missing_ok=True)
        for name, table in tables.items():
            replace_text(folder / name, render_csv(table, paths=("item",)))
        replace_text(folder / "utility.json", result.summary.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise cannot_write(folder, error) from error


def _tabulate_scores(summary: UtilitySummary) -> pd.DataFrame:
    """One row an arm, score, group and baseline; arms without a baseline have one row a score and group."""
    arms = {arm.id: arm for arm in summary.arms}
    rows = []
    for score, change in pair_scores(summary):
        arm = arms[score.arm]
        mcnemar = None if change is None else change.mcnemar
        rows.append(
            {
                "arm": score.arm,
                "title": arm.title,
                "synthetic": arm.synthetic,
                "ratio": arm.ratio,
                "real_fraction": arm.real,
                "score": score.score,
                "class": score.class_name,
                "group": score.group,
                "mean": score.mean,
                "low": score.low,
                "high": score.high,
                "sd": score.sd,
                "n_repeats": score.n_repeats,
                "n_test": score.n_test,
                "baseline": None if change is None else change.baseline,
                "change": None if change is None else change.change,
                "change_low": None if change is None else change.low,
                "change_high": None if change is None else change.high,
                "wilcoxon_p": None if change is None else change.p,
                "wilcoxon_p_holm": None if change is None else change.p_holm,
                "gained": None if mcnemar is None else mcnemar.gained,
                "lost": None if mcnemar is None else mcnemar.lost,
                "mcnemar_p": None if mcnemar is None else mcnemar.p,
                "mcnemar_p_holm": None if mcnemar is None else mcnemar.p_holm,
                "mcnemar_method": None if mcnemar is None else mcnemar.method,
                "note": score.note,
            }
        )
    return pd.DataFrame(rows)


def _tabulate_gaps(summary: UtilitySummary) -> pd.DataFrame:
    return pd.DataFrame([gap.model_dump() for gap in summary.group_gaps]).rename(
        columns={"class_name": "class"}
    )


def _tabulate_runs(summary: UtilitySummary) -> pd.DataFrame:
    rows = []
    for run in summary.runs:
        row: dict[str, object] = {
            "arm": run.arm,
            "repeat": run.repeat,
            "n_real": run.n_real,
            "n_synthetic": run.n_synthetic,
            "n_validation": run.n_validation,
            "best_epoch": run.best_epoch,
            "seconds": run.seconds,
        }
        for one in (*run.scores, *run.group_scores):
            name = one.score if one.class_name is None else f"{one.score}:{one.class_name}"
            name = name if one.group is None else f"{name}@{one.group}"
            row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        rows.append(row | {"notes": " ".join(run.notes)})
    return pd.DataFrame(rows)


def _tabulate_answers(result: UtilityResult) -> pd.DataFrame:
    classes = np.array(result.summary.classes, dtype=object)
    tables = []
    for (arm, repeat), probabilities in result.probabilities.items():
        answers = probabilities.argmax(axis=1)
        columns: dict[str, object] = {
            "arm": arm,
            "repeat": repeat,
            "item": result.items,
            "label": classes[result.labels],
            "answer": classes[answers],
            "right": answers == result.labels,
        }
        columns |= {f"p:{name}": probabilities[:, at] for at, name in enumerate(result.summary.classes)}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _tabulate_curves(summary: UtilitySummary) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"arm": run.arm, "repeat": run.repeat} | point.model_dump()
            for run in summary.runs
            for point in run.curve
        ]
    )
