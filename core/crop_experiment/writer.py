"""Puts a crop experiment on disk: `crop.json`, `crop.csv`, and what was measured before and after."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core.audit.items import write_items
from core.config import Settings
from core.crop_experiment.experiment_names import CROP_FILE
from core.crop_experiment.result import CropResult, CropSummary, MetricChange, ProbeRecord, ScoreChange
from core.csv_text import render_csv
from core.output_folder import cannot_write, replace_text
from core.report.writer import write_audit
from core.utility.writer import write_utility

__all__ = ["tabulate_changes", "write_crop"]


def write_crop(result: CropResult, folder: Path, *, settings: Settings | None = None) -> None:
    """Write every file of an experiment into a folder.

    `crop.csv` has one row a set, arm and score, and one a set and metric. The audits lie in `before` and
    `after`, the utility experiments in `utility/KIND/before` and `utility/KIND/after`.

    Args:
        result: what the experiment found.
        folder: made if it is not there; files of an earlier one in it are replaced.
        settings: what may be read for the audits' reports; the process's own when None.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Removed first and written last, so that a folder with it holds what it describes.
        (folder / CROP_FILE).unlink(missing_ok=True)
        for when, audit in result.audits.items():
            write_audit(audit, folder / when, settings=settings)
        for (kind, when), utility in result.utilities.items():
            write_utility(utility, folder / "utility" / kind / when)
        write_items(result.items, folder)
        replace_text(folder / "crop.csv", render_csv(tabulate_changes(result.summary)))
        replace_text(folder / CROP_FILE, result.summary.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise cannot_write(folder, error) from error


def tabulate_changes(summary: CropSummary) -> pd.DataFrame:
    """Lay out every change: scores and gains of all arms, metrics, then probes of the cropped places."""
    rows = [
        *(_lay_out_score(one) for one in summary.scores),
        *(_lay_out_metric(one) for one in summary.metrics),
        *(_lay_out_probe(one) for one in summary.probes),
    ]
    table = pd.DataFrame(rows)
    order = ["what", "experiment", "set", "extractor", "arm", "baseline", "measure", "class"]
    return table.reindex(columns=[*order, *(name for name in table.columns if name not in order)])


def _lay_out_score(score: ScoreChange) -> dict[str, object]:
    return {
        "what": "score" if score.baseline is None else "gain",
        "experiment": score.kind,
        "set": score.synthetic,
        "arm": score.arm,
        "baseline": score.baseline,
        "measure": score.score,
        "class": score.class_name,
        "before": score.before,
        "before_low": score.before_low,
        "before_high": score.before_high,
        "after": score.after,
        "after_low": score.after_low,
        "after_high": score.after_high,
        "change": score.change,
        "low": score.low,
        "high": score.high,
        "p": score.p,
        "p_holm": score.p_holm,
        "direction": "higher",
        "n": score.n_repeats,
        "unit_of_n": "repeats",
    }


def _lay_out_metric(metric: MetricChange) -> dict[str, object]:
    return {
        "what": "metric",
        "set": metric.synthetic,
        "extractor": metric.extractor,
        "measure": metric.metric,
        "class": metric.class_name,
        "before": metric.before,
        "before_low": metric.before_low,
        "before_high": metric.before_high,
        "after": metric.after,
        "after_low": metric.after_low,
        "after_high": metric.after_high,
        "change": metric.change,
        "low": metric.low,
        "high": metric.high,
        "direction": metric.direction,
        "n": metric.n_synthetic,
        "unit_of_n": "synthetic images",
    }


def _lay_out_probe(probe: ProbeRecord) -> dict[str, object]:
    before, after = probe.before, probe.after
    return {
        "what": "probe",
        "set": probe.set,
        "arm": probe.place,
        "measure": "auroc",
        "before": before and before.auroc,
        "before_low": before and before.low,
        "before_high": before and before.high,
        "after": after and after.auroc,
        "after_low": after and after.low,
        "after_high": after and after.high,
        "change": after.auroc - before.auroc if before and after else None,
        "direction": "none",
        "n": probe.n,
        "unit_of_n": "images",
    }
