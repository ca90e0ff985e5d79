"""The answers of a session as arrays: who said what of which image, checked and in a fixed order."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.db.rating_record import TrialKind
from core.errors import InputError
from core.rating.design import Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REQUIRED_COLUMNS", "AnswerTable", "ShownImage", "TabulatedAnswers", "tabulate_answers"]

REQUIRED_COLUMNS: Final = ("rater", "trial", "item", "synthetic", "truth", "answer")
UNNAMED: Final = "synthetic"
"""What the set of fake images without a set's name is called."""

_WORDS: Final = {"real": False, "fake": True}


@dataclass(frozen=True, slots=True)
class ShownImage:
    """One image (in a pair, the fake one).

    Attributes:
        item: its id in the session.
        synthetic: its synthetic set, or None for a real image.
        class_name: its class, or None.
    """

    item: str
    synthetic: str | None
    class_name: str | None


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Answers, ordered by rater, trial and image; every array is (n,).

    Attributes:
        raters: names, in natural order; `rater` counts from 0 in it.
        images: what was shown; `image` counts in it.
        sets: synthetic sets by name; `synthetic` counts in it, -1 for real images.
        classes: classes by name; `class_code` counts in it, -1 without a class.
        rater: code of who answered.
        image: code of the image.
        synthetic: code of its set.
        class_code: code of its class.
        trial: position among the rater's trials.
        is_fake: the truth.
        said_fake: the answer. In a pair, whether the fake one was named.
        confidence: 1 to 5, NaN without.
        reaction_time_ms: NaN without.
        exposure_ms: NaN without.
        frames: frames of the screen for which the image was shown, NaN without.
        dropped_frames: 0 where unknown.
        was_hidden: whether the window was hidden during the trial.
        was_early: whether the key came before the image.
    """

    raters: tuple[str, ...]
    images: tuple[ShownImage, ...]
    sets: tuple[str, ...]
    classes: tuple[str, ...]
    rater: NDArray[np.intp]
    image: NDArray[np.intp]
    synthetic: NDArray[np.intp]
    class_code: NDArray[np.intp]
    trial: NDArray[np.int64]
    is_fake: NDArray[np.bool_]
    said_fake: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    reaction_time_ms: NDArray[np.float64]
    exposure_ms: NDArray[np.float64]
    frames: NDArray[np.float64]
    dropped_frames: NDArray[np.float64]
    was_hidden: NDArray[np.bool_]
    was_early: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rater)

    @property
    def stratum(self) -> NDArray[np.intp]:
        """(n,) code of the image's set from 0, where real images are a set of their own."""
        strata: NDArray[np.intp] = self.synthetic + 1
        return strata

    def select(self, mask: NDArray[np.bool_]) -> AnswerTable:
        """Some of the answers; names and codes stay."""
        columns: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        chosen: dict[str, Any] = {
            name: one[mask] for name, one in columns.items() if isinstance(one, np.ndarray)
        }
        return replace(self, **chosen)


@dataclass(frozen=True, slots=True)
class TabulatedAnswers:
    """A session's answers by what their trials were for.

    Attributes:
        task: what the trials asked.
        test: the answers that rates are computed from, one a rater and image.
        repeat: answers to images shown again.
        check: answers to attention checks.
        n_training: answers of training trials, which count nowhere.
        n_again: answers of test trials to an image that the rater had seen in an earlier test trial; they
            are among `repeat`.
    """

    task: Task
    test: AnswerTable
    repeat: AnswerTable
    check: AnswerTable
    n_training: int
    n_again: int


def tabulate_answers(frame: pd.DataFrame) -> TabulatedAnswers:
    """Check a table of answers and turn it into arrays.

    Args:
        frame: one row an answer, with `REQUIRED_COLUMNS` and any of `kind`, `task`, `class`, `confidence`,
            `reaction_time_ms`, `exposure_ms`, `frames`, `dropped_frames`, `was_hidden`, `was_early`. Without
            `kind` every row is a test trial, without `task` a single image. The order of rows is of no
            account.

    Raises:
        InputError: if a required column is missing, `truth` or `answer` is neither `real` nor `fake`, a kind
            or task is unknown, or single images and pairs are mixed.
    """
    lacking = [name for name in REQUIRED_COLUMNS if name not in frame.columns]
    if lacking:
        raise InputError(f"The answers have no column {', '.join(map(repr, lacking))}: add it.")
    kinds = _texts(frame, "kind", TrialKind.TEST)
    for kind in set(kinds) - {one.value for one in TrialKind}:
        raise InputError(f"'{kind}' is no kind of trial: use {', '.join(one.value for one in TrialKind)}.")
    tasks = set(_texts(frame, "task", Task.SINGLE))
    for task in tasks - {one.value for one in Task}:
        raise InputError(f"'{task}' is no task: use {', '.join(one.value for one in Task)}.")
    if len(tasks) > 1:
        raise InputError("The answers mix single images and pairs: score them as two tables.")
    table = _build(frame)
    of_kind = {kind: np.array([one == kind.value for one in kinds], dtype=bool) for kind in TrialKind}
    order = _order(table)
    table, of_kind = table.select(order), {kind: mask[order] for kind, mask in of_kind.items()}
    test = of_kind[TrialKind.TEST]
    seen = table.rater * max(len(table.images), 1) + table.image
    first = np.zeros(len(table), dtype=bool)
    first[np.flatnonzero(test)[np.unique(seen[test], return_index=True)[1]]] = True
    return TabulatedAnswers(
        task=Task(tasks.pop()) if tasks else Task.SINGLE,
        test=table.select(first),
        repeat=table.select(of_kind[TrialKind.REPEAT] | (test & ~first)),
        check=table.select(of_kind[TrialKind.CHECK]),
        n_training=int(of_kind[TrialKind.TRAINING].sum()),
        n_again=int((test & ~first).sum()),
    )


def _build(frame: pd.DataFrame) -> AnswerTable:
    is_fake, said_fake = _answers(frame, "truth"), _answers(frame, "answer")
    items, raters, classes = _texts(frame, "item"), _texts(frame, "rater"), _texts(frame, "class")
    given = _texts(frame, "synthetic")
    names = [(one or UNNAMED) if fake else "" for one, fake in zip(given, is_fake, strict=True)]
    sets = tuple(sorted(set(names) - {""}))
    known_classes = tuple(sorted(set(classes) - {""}))
    known_raters = tuple(sorted(set(raters), key=_natural))
    # One id may stand for other images in other sets.
    keys = list(zip(names, items, strict=True))
    known = {key: at for at, key in enumerate(sorted(set(keys)))}
    class_of = dict(zip(keys, classes, strict=True))
    images = tuple(
        ShownImage(item=item, synthetic=name or None, class_name=class_of[name, item] or None)
        for name, item in known
    )
    return AnswerTable(
        raters=known_raters,
        images=images,
        sets=sets,
        classes=known_classes,
        rater=_codes(raters, known_raters),
        image=np.array([known[key] for key in keys], dtype=np.intp),
        synthetic=_codes(names, sets),
        class_code=_codes(classes, known_classes),
        trial=np.rint(np.nan_to_num(_numbers(frame, "trial"))).astype(np.int64),
        is_fake=is_fake,
        said_fake=said_fake,
        confidence=_numbers(frame, "confidence"),
        reaction_time_ms=_numbers(frame, "reaction_time_ms"),
        exposure_ms=_numbers(frame, "exposure_ms"),
        frames=_numbers(frame, "frames"),
        dropped_frames=np.nan_to_num(_numbers(frame, "dropped_frames")),
        was_hidden=np.nan_to_num(_numbers(frame, "was_hidden")) > 0,
        was_early=np.nan_to_num(_numbers(frame, "was_early")) > 0,
    )


def _order(table: AnswerTable) -> Any:
    """Places in the order of raters, trials and images."""
    return np.lexsort((table.image, table.trial, table.rater))


def _natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort "Rater 10" behind "Rater 2"."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


def _codes(values: list[str], known: tuple[str, ...]) -> NDArray[np.intp]:
    places = {name: at for at, name in enumerate(known)}
    return np.array([places.get(value, -1) for value in values], dtype=np.intp)


def _texts(frame: pd.DataFrame, column: str, default: str = "") -> list[str]:
    """A column as texts, missing ones as the default."""
    if column not in frame.columns:
        return [default] * len(frame)
    missing = frame[column].isna().tolist()
    return [
        default if none or value == "" else str(value)
        for none, value in zip(missing, frame[column].tolist(), strict=True)
    ]


def _numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as numbers, NaN where there is none."""
    import pandas as pd

    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    values: NDArray[np.float64] = pd.to_numeric(frame[column], errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    return values


def _answers(frame: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    values = _texts(frame, column)
    for at, value in enumerate(values):
        if value not in _WORDS:
            raise InputError(f"'{column}' of answer {at + 1} is '{value}': write 'real' or 'fake'.")
    return np.array([_WORDS[value] for value in values], dtype=bool)
