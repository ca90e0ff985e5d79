"""How a review picks its pairs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ReviewPlan"]


class ReviewPlan(BaseModel):
    """What decides the pairs of a review and their order, together with the audit.

    Attributes:
        extractor: whose nearest real images and evidence are taken; `pixels` searches under flips and turns.
        sets: the synthetic sets under review; empty takes all.
        classes: the classes under review; empty takes all, images without a class included.
        max_q: only images with a q-value up to this; None takes all.
        n_strongest: every flagged image is read, and where there are fewer than this many, the strongest of
            the others make up for it.
        control_share: controls for each image under review; 0 does without, and with them the share of
            readers' false alarms.
        seed: seeds which controls are drawn and where they stand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extractor: str = "pixels"
    sets: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    max_q: float | None = Field(default=None, ge=0, le=1)
    n_strongest: int = Field(default=50, ge=0, le=100_000)
    control_share: float = Field(default=0.25, ge=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
