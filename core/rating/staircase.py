"""Adaptive exposure: shorter after right answers, longer after wrong ones, around a rater's threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["DEFAULT_REFRESH_HZ", "HYPE_STAIRCASE", "Staircase", "frames_of"]

DEFAULT_REFRESH_HZ = 60.0
"""Taken where a browser did not measure its screen."""


@dataclass(frozen=True, slots=True)
class Staircase:
    """A rule that turns right and wrong answers into the next exposure.

    With one right answer a step it is the weighted up-down method (Kaernbach 1991), which settles where
    right answers, times their step, balance wrong ones, times theirs: `p * shorter = (1 - p) * longer`. With
    equal steps and `n_right` right answers in a row for one step down it is the transformed up-down method
    (Levitt 1971), which settles at `p ** n_right = 1/2`.

    Attributes:
        start_ms: exposure of the first trial.
        shorter_ms: by how much the exposure shrinks after `n_right` right answers in a row.
        longer_ms: by how much it grows after each wrong answer.
        n_right: right answers in a row for one step down; counted anew after every step.
        shortest_ms: lower end of the exposures.
        longest_ms: upper end of the exposures.

    References:
        Levitt, Transformed up-down methods in psychoacoustics, J. Acoust. Soc. Am. 49, 1971, table I.
        Kaernbach, Simple adaptive testing with the weighted up-down method, Perception and
        Psychophysics 49, 1991, eq. 1.
    """

    start_ms: float
    shorter_ms: float
    longer_ms: float
    n_right: int
    shortest_ms: float
    longest_ms: float

    @property
    def settles_at(self) -> float:
        """Share of right answers around which exposures settle, where the ends are out of reach."""
        return float((self.longer_ms / (self.shorter_ms + self.longer_ms)) ** (1 / self.n_right))

    def exposure_ms(self, were_right: Iterable[bool]) -> float:
        """Exposure of the trial that follows these answers.

        Args:
            were_right: of each earlier trial of the staircase, in order, whether its answer was right.
        """
        exposure_ms, in_a_row = self.start_ms, 0
        for was_right in were_right:
            in_a_row = in_a_row + 1 if was_right else 0
            if not was_right:
                exposure_ms += self.longer_ms
            elif in_a_row == self.n_right:
                exposure_ms -= self.shorter_ms
                in_a_row = 0
            exposure_ms = min(max(exposure_ms, self.shortest_ms), self.longest_ms)
        return exposure_ms


# Zhou et al. 2019 (HYPE), HYPE-time: exposures from 100 to 1000 ms, beginning at 500 ms, in steps of 10 and
# 30 ms, aimed at 75 % right answers. Steps of 10 ms down and 30 ms up have that aim (30 / (10 + 30)); the
# other way round they would settle at 25 %.
HYPE_STAIRCASE = Staircase(
    start_ms=500.0, shorter_ms=10.0, longer_ms=30.0, n_right=1, shortest_ms=100.0, longest_ms=1000.0
)
"""The staircase of sessions with `Timing.STAIRCASE`."""


def frames_of(exposure_ms: float, refresh_hz: float | None) -> int:
    """Number of frames of a screen that come nearest to an exposure, at least one.

    Args:
        exposure_ms: how long an image should be seen.
        refresh_hz: the screen's rate; None takes 60 Hz.
    """
    return max(1, round(exposure_ms * (refresh_hz or DEFAULT_REFRESH_HZ) / 1000.0))
