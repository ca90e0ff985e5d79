"""What a researcher chooses for a rating session: with the study, everything that decides what raters see."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity

__all__ = ["RealSource", "SessionDesign", "SetCount", "Task", "Timing"]


class Task(StrEnum):
    """What a trial asks."""

    SINGLE = "single"
    """One image: real or fake?"""
    PAIR = "pair"
    """Two images beside each other, one of them fake: which? (two-alternative forced choice)"""


class Timing(StrEnum):
    """How long an image is seen."""

    UNTIMED = "untimed"
    """Until the answer."""
    FIXED = "fixed"
    """For a number of frames of the rater's screen, with a mask after it."""
    STAIRCASE = "staircase"
    """For a time that becomes shorter with right answers and longer with wrong ones, with a mask after it."""


class RealSource(StrEnum):
    """Where the real images of a session come from."""

    HELDOUT = "heldout"
    TRAIN = "train"


class SetCount(BaseModel):
    """How many images of one class of one synthetic set are shown.

    Attributes:
        synthetic: name of the synthetic set; None for the real images.
        class_name: one of the set's classes; None for images without a class.
        n: number of images, drawn without replacement.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    synthetic: str | None
    class_name: str | None = None
    n: int = Field(ge=1, le=2000)


class SessionDesign(BaseModel):
    """A rating session's design; it never changes after the session was made.

    Attributes:
        counts: images by set and class. A pair takes one synthetic and one real image, of the same class
            where both have classes; so in `Task.PAIR` each class needs as many real images as synthetic ones.
        real_source: held-out real images by default, since no generator has seen them.
        task: what a trial asks.
        timing: how long images are seen.
        exposure_frames: frames of the rater's screen for `Timing.FIXED`; at 60 Hz 15 frames are 250 ms.
        n_training: trials with feedback before the session, on images that are not shown later.
        n_repeats: trials that are shown a second time, for self-consistency.
        n_checks: attention checks: images whose answer is obvious.
        with_confidence: whether each answer is followed by a confidence from 1 (guess) to 5 (certain).
        is_joint: whether several experts sit together and agree on one answer.
        shows_score: whether raters see how many they got right after their last trial.
        side_px: side of the square in which every image is shown, and to which all of them are resampled
            the same way.
        intensity: which values of images deeper than 8 bits are black and white, for all images alike.
        join_slices: whether the DICOM slices of one series are one volume, not an image each.
        n_raters: raters that are planned; the power analysis and the first links use it.
        seed: seeds the draw of the images, and with the rater's number the order of the trials.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    counts: tuple[SetCount, ...] = Field(min_length=2)
    real_source: RealSource = RealSource.HELDOUT
    task: Task = Task.SINGLE
    timing: Timing = Timing.UNTIMED
    exposure_frames: int = Field(default=15, ge=1, le=600)
    n_training: int = Field(default=0, ge=0, le=50)
    n_repeats: int = Field(default=0, ge=0, le=500)
    n_checks: int = Field(default=0, ge=0, le=50)
    with_confidence: bool = False
    is_joint: bool = False
    shows_score: bool = False
    side_px: int = Field(default=512, ge=64, le=1024)
    intensity: Intensity = DEFAULT_INTENSITY
    join_slices: bool = False
    n_raters: int = Field(default=3, ge=1, le=200)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _check(self) -> Self:
        keys = [(one.synthetic, one.class_name) for one in self.counts]
        if len(set(keys)) != len(keys):
            raise ValueError("each set and class has one count")
        if not any(one.synthetic is None for one in self.counts):
            raise ValueError("a session needs real images, too; give a count for them")
        if not any(one.synthetic is not None for one in self.counts):
            raise ValueError("a session needs synthetic images; give a count for at least one set")
        if self.timing is Timing.STAIRCASE and self.task is Task.PAIR:
            raise ValueError("the staircase shows one image at a time; choose it without pairs")
        if self.n_repeats > self.n_trials:
            raise ValueError("no more trials can be repeated than there are")
        return self

    @property
    def n_real(self) -> int:
        """Real images that are shown in scored trials, repeats not counted."""
        return sum(one.n for one in self.counts if one.synthetic is None)

    @property
    def n_synthetic(self) -> int:
        """Synthetic images that are shown in scored trials, repeats not counted."""
        return sum(one.n for one in self.counts if one.synthetic is not None)

    @property
    def n_trials(self) -> int:
        """Scored trials of one rater; training, repeats and attention checks come on top."""
        return self.n_synthetic + (self.n_real if self.task is Task.SINGLE else 0)
