"""What a published study said that its generators cost, as data to hold one's own figures against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PUBLISHED_COSTS", "SOURCE", "PublishedCost"]

SOURCE: Final = (
    "Xing, Nan, Felder, Walsh, Yang, The Beauty or the Beast: Which Aspect of Synthetic Medical Images "
    "Deserves Our Focus?, IEEE CBMS 2023, arXiv:2305.09789"
)


@dataclass(frozen=True, slots=True)
class PublishedCost:
    """One generator; both figures were given as about so much, and the device with neither.

    Attributes:
        model: the generator.
        images: what was drawn, as far as it was said.
        memory_bytes: for 8 images at once; lower is better.
        seconds_per_1000: time for 1,000 images; lower is better.
    """

    model: str
    images: str
    memory_bytes: float
    seconds_per_1000: float


PUBLISHED_COSTS: Final = (
    PublishedCost("StyleGAN2", "not said", memory_bytes=1.19e9, seconds_per_1000=60.0),
    PublishedCost("LDM", "chest X-rays of children", memory_bytes=70.6e9, seconds_per_1000=39 * 60.0),
)
"""The published figures, cheapest first."""
