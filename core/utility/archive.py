"""Keeps finished utility experiments and reads them back; nothing here loads torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.db.database import Database
from core.db.experiments import ExperimentRecord, add_experiment, load_experiment
from core.errors import InputError
from core.utility.arms import KIND_TITLES
from core.utility.result import UtilitySummary
from core.utility.score_changes import pair_scores
from core.validation import explain_unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["load_answers", "load_utility", "load_utility_summary", "save_utility_summary"]


def load_utility(folder: Path) -> UtilitySummary:
    """Read the `utility.json` of a finished experiment.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if there is none, or it is damaged or of another version.
    """
    path = folder / "utility.json"
    with explain_unreadable(path, noun="an experiment", work="experiment"):
        return UtilitySummary.model_validate_json(path.read_bytes())


def load_answers(runs_folder: Path, summary: UtilitySummary) -> dict[tuple[str, int], NDArray[np.float32]]:
    """Read the probabilities of every run.

    Args:
        runs_folder: where the experiment kept its runs.
        summary: the experiment.

    Returns:
        (arm id, repeat) to (n_test, classes).

    Raises:
        InputError: if a run is missing or damaged; the same experiment, run again, mends it.
    """
    from core.utility.run_store import read_run

    n_test = next(one.n for one in summary.sets if one.role == "test")
    answers = {}
    for run in summary.runs:
        found = read_run(runs_folder, run.key, shape=(n_test, len(summary.classes)))
        if found is None:
            raise InputError(
                f"{runs_folder} lacks the answers of {run.arm}, repeat {run.repeat}; run the "
                f"experiment again."
            )
        answers[run.arm, run.repeat] = found[1]
    return answers


def save_utility_summary(
    database: Database, summary: UtilitySummary, *, experiment_id: str, study_id: str
) -> None:
    """Keep a finished experiment in the database, all of it or nothing.

    Args:
        database: where.
        summary: what it found.
        experiment_id: the id of the job that ran it.
        study_id: its study.

    Raises:
        InputError: if an experiment of that id is kept already.
        DatabaseError: if the database does not answer.
    """
    add_experiment(
        database,
        experiment_id=experiment_id,
        study_id=study_id,
        kind=summary.experiment,
        summary=json.loads(summary.model_dump_json()),
        results=_tabulate(summary),
    )


def load_utility_summary(database: Database, experiment_id: str) -> tuple[ExperimentRecord, UtilitySummary]:
    """Read an experiment back from the database, with what lists show of it.

    Raises:
        UnknownNameError: if there is none of that id.
        InputError: if it is an experiment of another kind, or of another version.
        DatabaseError: if the database does not answer.
    """
    document = load_experiment(database, experiment_id)
    if document.record.kind not in KIND_TITLES:
        raise InputError(
            f"The experiment {experiment_id} is of the kind {document.record.kind!r}, not a utility "
            "experiment; open it on its own page."
        )
    with explain_unreadable(f"The experiment {experiment_id}", noun="one", work="experiment"):
        return document.record, UtilitySummary.model_validate(document.summary)


def _tabulate(summary: UtilitySummary) -> list[dict[str, Any]]:
    """One row an arm, score and baseline; arms without a baseline have one row a score. Groups come last."""
    arms = {arm.id: arm for arm in summary.arms}
    return [
        {
            "synthetic": arms[score.arm].synthetic,
            "arm": score.arm,
            "baseline": None if change is None else change.baseline,
            "score": score.score,
            "class_name": score.class_name,
            "group_name": score.group,
            "mean": score.mean,
            "low": score.low,
            "high": score.high,
            "change": None if change is None else change.change,
            "change_low": None if change is None else change.low,
            "change_high": None if change is None else change.high,
            "p": None if change is None else change.p,
            "p_holm": None if change is None else change.p_holm,
            "n_repeats": score.n_repeats,
            "n_test": score.n_test,
            "note": score.note,
        }
        for score, change in pair_scores(summary)
    ]
