"""Whether an answer is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.db.rating_record import Answer, StimulusRecord, Trial

__all__ = ["find_truth", "is_right"]


def find_truth(trial: Trial, is_fake: Mapping[int, bool]) -> Answer:
    """Return the right answer of a trial.

    Args:
        trial: one image, or two of which exactly one is fake.
        is_fake: the truth by number of image.
    """
    if len(trial.stimuli) == 1:
        return Answer.FAKE if is_fake[trial.stimuli[0]] else Answer.REAL
    return Answer.LEFT if is_fake[trial.stimuli[0]] else Answer.RIGHT


def is_right(trial: Trial, answer: Answer | None, stimuli: Sequence[StimulusRecord]) -> bool:
    """Whether an answer names the truth.

    Args:
        trial: what was asked.
        answer: what was answered.
        stimuli: all of the session's images, in the order of their numbers.
    """
    return answer is find_truth(trial, {number: stimuli[number].is_fake for number in trial.stimuli})
