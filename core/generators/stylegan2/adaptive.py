"""The probability of augmentation, which follows how much the discriminator has learnt by heart.

References:
    Karras et al. 2020 (limited data), sec. 3, eq. 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["AdaptiveProbability"]

_EVERY = 4  # sec. 3: adjusted once every four minibatches


@dataclass(slots=True)
class AdaptiveProbability:
    """Raises p while r_t = E[sign(D(real))] is above its target, and lowers it below.

    r_t is 1 where the discriminator is sure of every training image, 0 where it cannot tell: D of unseen real
    images drifts towards that of generated ones as training images are learnt by heart.

    Attributes:
        value: p, the probability of each change.
        target: r_t to aim for.
        images: images within which p can go from 0 to 1.
        most: the highest p.
        sign: r_t at the last adjustment.
    """

    value: float
    target: float
    images: int
    most: float
    sign: float = 0.0
    _total: float = field(default=0.0, init=False)
    _seen: int = field(default=0, init=False)
    _batches: int = field(default=0, init=False)

    def add(self, mean_sign: float, *, n: int) -> None:
        """Take in a batch, and adjust p after every fourth.

        Args:
            mean_sign: mean sign of the discriminator on the batch's real images, as it sees them.
            n: images of the batch.
        """
        self._total += mean_sign * n
        self._seen += n
        self._batches += 1
        if self._batches < _EVERY:
            return
        self.sign = self._total / self._seen
        step = self._seen / self.images
        moved = self.value + (step if self.sign > self.target else -step)
        self.value = min(max(moved, 0.0), self.most)
        self._total, self._seen, self._batches = 0.0, 0, 0

    def state(self) -> dict[str, float]:
        """What a resumed run needs."""
        return {
            "augment_p": self.value,
            "augment_sign": self.sign,
            "augment_total": self._total,
            "augment_seen": float(self._seen),
            "augment_batches": float(self._batches),
        }

    def load_state(self, state: dict[str, float]) -> None:
        """Take over what `state` gave."""
        self.value, self.sign = state["augment_p"], state["augment_sign"]
        self._total = state["augment_total"]
        self._seen, self._batches = int(state["augment_seen"]), int(state["augment_batches"])
