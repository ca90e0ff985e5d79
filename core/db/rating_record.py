"""What is kept of a rating session: its images, its raters with their trials, and every answer ever given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "Answer",
    "AnswerRecord",
    "Background",
    "NewAnswer",
    "RaterRecord",
    "RatingSessionRecord",
    "StimulusRecord",
    "Trial",
    "TrialKind",
]


class Answer(StrEnum):
    """What a rater says. In a pair the answer names the side of the fake image."""

    REAL = "real"
    FAKE = "fake"
    LEFT = "left"
    RIGHT = "right"


class TrialKind(StrEnum):
    """What a trial is for; only `TEST` enters the rates."""

    TRAINING = "training"
    TEST = "test"
    REPEAT = "repeat"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class RatingSessionRecord:
    """A session as it was designed.

    Attributes:
        id: 16 hex digits.
        study_id: its study.
        name: unique within the study; raters never see it.
        created_at: when.
        design: `core.rating.design.SessionDesign` as JSON.
        folders: `core.datasets.study_folders.StudyFolders` of the study then, as JSON.
        is_simulated: whether its answers were made by simulated raters; shown wherever its numbers are.
        prepared_at: when its images were written; raters can begin from then on. None before.
        closed_at: when it was closed; no answer is taken from then on. None while it is open.
    """

    id: str
    study_id: str
    name: str
    created_at: datetime
    design: Mapping[str, Any]
    folders: Mapping[str, Any]
    is_simulated: bool
    prepared_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StimulusRecord:
    """One image of a session.

    Attributes:
        number: its place in the session's list, from 0; its file in the workspace is named by it.
        kind: `TEST`, `TRAINING` or `CHECK`.
        synthetic: name of its synthetic set; None for a real image.
        class_name: its class, or None.
        is_fake: the truth. An attention check is a scrambled image, which is fake (`synthetic` is None then).
        file: path below its set's folder, for people.
        digest: SHA-256 of its file; None for a check, which has no file.
    """

    number: int
    kind: TrialKind
    synthetic: str | None
    class_name: str | None
    is_fake: bool
    file: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of one rater.

    Attributes:
        kind: what it is for.
        stimuli: number of its image, or of the left and the right one.
    """

    kind: TrialKind
    stimuli: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Background:
    """What a rater said of themselves (one entry an expert in a joint session).

    Attributes:
        role: such as "radiologist".
        years: years of experience with such images.
    """

    role: str
    years: float


@dataclass(frozen=True, slots=True)
class RaterRecord:
    """One rater of a session, who has one link.

    Attributes:
        id: 16 hex digits.
        session_id: the session.
        number: from 0 in the order of making; with the session's seed it gives the order of the trials.
        name: what the researcher calls the link ("Rater 1"); the rater's own name is never asked.
        trials: all of the rater's trials, in order.
        background: empty until the rater gave it.
        consented_at: when the rater agreed to take part; None before.
        screen: what the browser measured: `width`, `height`, `pixel_ratio`, `refresh_hz`; empty before.
        finished_at: when the last answer came; None before.
        revoked_at: when the researcher took the link back; None otherwise.
    """

    id: str
    session_id: str
    number: int
    name: str
    trials: tuple[Trial, ...]
    background: tuple[Background, ...]
    consented_at: datetime | None
    screen: Mapping[str, float]
    finished_at: datetime | None
    revoked_at: datetime | None

    @property
    def rated_elsewhere(self) -> bool:
        """Whether the answers were given elsewhere and imported: whoever rates here agrees to it here."""
        return self.finished_at is not None and self.consented_at is None


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer, or the withdrawal of one, as the browser hands it in.

    Attributes:
        position: the trial's place among the rater's trials, from 0.
        token: made by the browser, so that an answer sent twice is kept once; 64 characters at most.
        answer: None withdraws the standing answer of this trial (undo).
        confidence: 1 to 5, or None.
        reaction_time_ms: from the first frame of the image to the key, 0 or more; None for a withdrawal.
        exposure_ms: how long the image was on the screen, measured by frames; None when untimed.
        frames: frames for which it was on the screen; None when untimed.
        frame_rate_hz: the screen's measured rate; None when unknown.
        dropped_frames: frames that the screen skipped while the image was shown.
        was_hidden: whether the tab or window was hidden at any time during the trial.
        was_early: whether the key came before the image was on the screen (fast typing ahead).
    """

    position: int
    token: str
    answer: Answer | None
    confidence: int | None = None
    reaction_time_ms: float | None = None
    exposure_ms: float | None = None
    frames: int | None = None
    frame_rate_hz: float | None = None
    dropped_frames: int = 0
    was_hidden: bool = False
    was_early: bool = False


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """A kept answer or withdrawal; rows are added and never changed.

    Attributes:
        id: rises in the order of writing.
        rater_id: who gave it.
        given: what was handed in.
        made_at: when it was kept.
    """

    id: int
    rater_id: str
    given: NewAnswer
    made_at: datetime
