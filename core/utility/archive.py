"""Reads finished utility experiments back; nothing here loads torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from core.errors import InputError
from core.utility.result import UtilitySummary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["load_answers", "load_utility"]


def load_utility(folder: Path) -> UtilitySummary:
    """Read the `utility.json` of a finished experiment.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if there is none, or it is damaged or of another version.
    """
    path = folder / "utility.json"
    try:
        return UtilitySummary.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run the experiment again.") from error
    except ValidationError as error:
        raise InputError(
            f"{path} is not an experiment that this version reads ({error.error_count()} fields differ); run "
            "it again."
        ) from error


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
