"""What raters said of each image: the ones that fooled most of them, and the ones that fooled nobody."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable
from core.rating.measured import Ends

__all__ = ["ImageAnswers", "compute_image_answers", "find_fooling", "find_unfooling"]


class ImageAnswers(BaseModel):
    """One image and its answers.

    Attributes:
        item: its id in the session.
        synthetic: its set, or None for a real image.
        class_name: its class, or None.
        n: raters who answered.
        n_fooled: raters who were wrong: a fake called real (in a pair, not named), a real image called fake.
        low: lower end of Wilson's interval of `n_fooled / n`.
        high: its upper end.
        answers: rater to `real` or `fake`; in a pair `fake` where the fake one was named.
        confidences: rater to 1 to 5, where given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str
    synthetic: str | None
    class_name: str | None
    n: int
    n_fooled: int
    low: float
    high: float
    answers: dict[str, str]
    confidences: dict[str, int]

    @property
    def share(self) -> float:
        """Share of raters who were wrong."""
        return self.n_fooled / self.n


def compute_image_answers(table: AnswerTable) -> tuple[ImageAnswers, ...]:
    """Collect the answers of each image, those that fooled the larger share first.

    Args:
        table: scored answers.
    """
    from core.rating.fake_rate import wilson_ends

    intervals: dict[tuple[int, int], Ends] = {}
    order = np.argsort(table.image, kind="stable")
    starts = np.flatnonzero(np.diff(table.image[order])) + 1
    found = []
    for places in np.split(order, starts) if len(order) else ():
        image = table.images[table.image[places[0]]]
        n = len(places)
        n_fooled = int((table.is_fake[places] != table.said_fake[places]).sum())
        if (n_fooled, n) not in intervals:
            intervals[n_fooled, n] = wilson_ends(n_fooled / n, n)
        low, high = intervals[n_fooled, n]
        names = [table.raters[code] for code in table.rater[places]]
        found.append(
            ImageAnswers(
                item=image.item,
                synthetic=image.synthetic,
                class_name=image.class_name,
                n=n,
                n_fooled=n_fooled,
                low=low,
                high=high,
                answers={
                    name: "fake" if said else "real"
                    for name, said in zip(names, table.said_fake[places], strict=True)
                },
                confidences={
                    name: int(grade)
                    for name, grade in zip(names, table.confidence[places], strict=True)
                    if np.isfinite(grade)
                },
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.share, -one.n, one.synthetic or "", one.item)))


def find_fooling(images: Iterable[ImageAnswers]) -> tuple[ImageAnswers, ...]:
    """Fakes that more than half of their raters took for real, the most convincing first."""
    return tuple(one for one in images if one.synthetic is not None and one.share > 0.5)


def find_unfooling(images: Iterable[ImageAnswers]) -> tuple[ImageAnswers, ...]:
    """Fakes that nobody took for real, those with the most raters first."""
    return tuple(one for one in images if one.synthetic is not None and one.n_fooled == 0)
