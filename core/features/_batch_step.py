"""One step of an extractor, with what can go wrong in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.features.base import Extractor, FeatureBatch

__all__ = ["extract_batch"]


def extract_batch(extractor: Extractor, prepared: NDArray[np.float32]) -> FeatureBatch:
    """Run an extractor on a batch.

    Raises:
        InputError: if the batch does not fit into memory.
    """
    try:
        batch = extractor.extract(prepared)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
            raise InputError(
                f"A batch of {len(prepared)} images does not fit into memory; use a smaller --batch-size."
            ) from error
        raise
    if len(batch.features) != len(prepared):
        raise AssertionError(f"{extractor.name} gave {len(batch.features)} rows for {len(prepared)} images")
    return batch
