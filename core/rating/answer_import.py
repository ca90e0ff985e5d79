"""Keeps the answers of a session that was run elsewhere, so that its rates stand beside a study's numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from core.config import Settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.rating_import import ImportedRater, import_rating_session
from core.db.rating_record import Answer, NewAnswer, RatingSessionRecord, StimulusRecord, Trial, TrialKind
from core.db.studies import StudyRecord
from core.errors import InputError, UnknownNameError
from core.rating.answer_csv import tell_repeats
from core.rating.design import RealSource, SessionDesign, SetCount, Task, Timing
from core.rating.item_files import ItemKey, find_item_files
from core.validation import explain_first

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ImportedSession", "import_answers"]


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """What became of a file of answers.

    Attributes:
        record: the session, closed.
        n_images: images that the answers name.
        n_found: those of them that a file of the study's sets was found for.
        n_again: answers of test trials to an image that the rater had seen before, kept as repeats.
    """

    record: RatingSessionRecord
    n_images: int
    n_found: int
    n_again: int


def import_answers(
    database: Database,
    settings: Settings,
    *,
    study: StudyRecord,
    name: str,
    answers: pd.DataFrame,
    is_simulated: bool = False,
) -> ImportedSession:
    """Keep a table of answers as a closed session of a study.

    Sets are found by name, whatever its case, and images as `core.rating.item_files` finds them: those that
    are found have a picture on the results page, and their bytes tell which images of an audit they are.

    Args:
        database: where.
        settings: folder roots and limits.
        study: whose sets were shown.
        name: unique among the study's sessions.
        answers: from `core.rating.answer_csv.read_answers`.
        is_simulated: whether simulated raters answered.

    Raises:
        UnknownNameError: if the answers name a synthetic set that the study does not have.
        InputError: if they mix single images and pairs, hold no real or no fake image, or a name is taken.
        DatabaseError: if the database does not answer.
    """
    tasks = sorted(set(answers["task"]))
    if len(tasks) > 1:
        raise InputError("The answers mix single images and pairs; import them as two sessions.")
    rows = [_name_set(row, study.folders) for row in answers.to_dict("records")]
    n_again = tell_repeats(rows)
    kinds, classes = _find_kinds(rows), {_key(row): row["class"] or None for row in rows}
    if not any(_key(row)[0] and _key(row)[1] for row in rows):
        raise InputError("The answers name no synthetic set; write it into the column synthetic.")
    is_pair = tasks == [Task.PAIR.value]
    if not is_pair and not any(row["truth"] == "real" for row in rows):
        raise InputError(
            "The answers hold no real image, which a session needs; `rating score` measures them alone."
        )
    source, files = find_item_files(study.folders, settings, list(kinds))
    stimuli = [
        StimulusRecord(
            number=number,
            kind=kind,
            synthetic=key[1] or None,
            class_name=classes[key],
            is_fake=key[0],
            # An attention check from elsewhere is no file of the study.
            file=files[key].item if key in files else "" if kind is TrialKind.CHECK else key[2],
            digest=files[key].digest if key in files else None,
        )
        for number, (key, kind) in enumerate(kinds.items())
    ]
    numbers = {key: number for number, key in enumerate(kinds)}
    if is_pair:
        # The file does not tell which real images stood beside the fakes.
        stimuli.append(StimulusRecord(len(stimuli), TrialKind.TEST, None, None, False, "", None))
    try:
        design = _describe_design(rows, stimuli, source)
    except ValidationError as error:
        raise InputError(f"The answers are more than a session holds; {explain_first(error)}") from None
    record = import_rating_session(
        database,
        study_id=study.id,
        name=name,
        design=design.model_dump(mode="json"),
        folders=study.folders.model_dump(mode="json"),
        stimuli=stimuli,
        raters=[
            _make_rater(rater, mine, numbers, beside=len(stimuli) - 1 if is_pair else None)
            for rater, mine in _by_rater(rows).items()
        ],
        is_simulated=is_simulated,
    )
    return ImportedSession(record, n_images=len(kinds), n_found=len(files), n_again=n_again)


def _name_set(row: Mapping[Any, Any], folders: StudyFolders) -> dict[str, Any]:
    """Call a row's set what the study calls it."""
    given = str(row["synthetic"])
    for one in folders.synthetic:
        if not given or one.name.casefold() == given.casefold():
            return {str(column): cell for column, cell in row.items()} | {
                "synthetic": one.name if given else ""
            }
    known = ", ".join(repr(one.name) for one in folders.synthetic)
    raise UnknownNameError(f"The study has no synthetic set {given!r}; its sets are: {known}.")


def _key(row: Mapping[str, Any]) -> ItemKey:
    return row["truth"] == "fake", row["synthetic"], row["item"]


def _find_kinds(rows: Sequence[Mapping[str, Any]]) -> dict[ItemKey, TrialKind]:
    """What each image is there for, in the order of names; a repeat shows an image of a test."""
    kinds: dict[ItemKey, TrialKind] = {}
    for row in sorted(rows, key=_key):
        kind = TrialKind(row["kind"])
        kind = TrialKind.TEST if kind is TrialKind.REPEAT else kind
        if kinds.setdefault(_key(row), kind) is not TrialKind.TEST:
            kinds[_key(row)] = kind
    return kinds


def _describe_design(
    rows: Sequence[Mapping[str, Any]], stimuli: Sequence[StimulusRecord], source: RealSource
) -> SessionDesign:
    """The design as far as the answers tell it."""
    is_pair = rows[0]["task"] == Task.PAIR.value
    shown = [one for one in stimuli if one.kind is TrialKind.TEST and (one.is_fake or not is_pair)]
    counts = Counter((one.synthetic, one.class_name) for one in shown)
    if is_pair:
        # A real image stood beside each fake one.
        counts.update(Counter((None, one.class_name) for one in shown))
    exposures = sorted(row["exposure_ms"] for row in rows if not math.isnan(row["exposure_ms"]))
    raters = _by_rater(rows)
    most = {
        kind: max(sum(row["kind"] == kind for row in mine) for mine in raters.values())
        for kind in ("training", "repeat", "check")
    }
    n_trials = sum(counts.values()) // (2 if is_pair else 1)
    return SessionDesign(
        counts=tuple(
            SetCount(synthetic=synthetic, class_name=class_name, n=n)
            for (synthetic, class_name), n in sorted(
                counts.items(), key=lambda one: tuple(part or "" for part in one[0])
            )
        ),
        real_source=source,
        task=Task.PAIR if is_pair else Task.SINGLE,
        timing=Timing.FIXED if exposures else Timing.UNTIMED,
        # At 60 Hz, the usual rate of screens.
        exposure_frames=min(600, max(1, round(exposures[len(exposures) // 2] * 0.06))) if exposures else 15,
        n_training=min(50, most["training"]),
        n_repeats=min(500, n_trials, most["repeat"]),
        n_checks=min(50, most["check"]),
        with_confidence=any(not math.isnan(row["confidence"]) for row in rows),
        n_raters=len(raters),
    )


def _by_rater(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Each rater's rows in the order of trials, raters in the order in which the file names them."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row["rater"], []).append(row)
    return {rater: sorted(mine, key=lambda row: row["trial"]) for rater, mine in parts.items()}


def _make_rater(
    name: str, rows: Sequence[Mapping[str, Any]], numbers: Mapping[ItemKey, int], *, beside: int | None
) -> ImportedRater:
    trials, answers = [], []
    for position, row in enumerate(rows):
        shown = numbers[_key(row)]
        trials.append(Trial(TrialKind(row["kind"]), (shown,) if beside is None else (shown, beside)))
        said = Answer(row["answer"])
        if beside is not None:
            said = Answer.LEFT if said is Answer.FAKE else Answer.RIGHT
        answers.append((_make_answer(position, said, row), _read_instant(row["made_at"])))
    return ImportedRater(name, trials, answers)


def _make_answer(position: int, said: Answer, row: Mapping[str, Any]) -> NewAnswer:
    def number(column: str) -> float | None:
        value = float(row[column])
        return None if math.isnan(value) else value

    confidence, frames = number("confidence"), number("frames")
    return NewAnswer(
        position=position,
        token=f"import-{position}",
        answer=said,
        confidence=None if confidence is None else int(confidence),
        reaction_time_ms=number("reaction_time_ms"),
        exposure_ms=number("exposure_ms"),
        frames=None if frames is None else int(frames),
        frame_rate_hz=number("frame_rate_hz"),
        dropped_frames=int(row["dropped_frames"]),
        was_hidden=bool(row["was_hidden"]),
        was_early=bool(row["was_early"]),
    )


def _read_instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
