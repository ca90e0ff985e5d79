"""What a user may choose about a map of an audit's feature space."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["MapOptions"]


class MapOptions(BaseModel):
    """Choices that decide a UMAP, besides the audit and the extractor.

    Attributes:
        n_neighbors: neighbours, the image itself included, that the layout tries to keep together: few show
            detail, many show the whole.
        min_dist: how close the layout may put neighbours, from 0 (tight clumps) to 0.99.
        seed: seeds the layout, and which images are shown where there are too many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_neighbors: int = Field(default=15, ge=2, le=200)
    min_dist: float = Field(default=0.1, ge=0.0, le=0.99)
    seed: int = Field(default=0, ge=0, lt=2**32)
