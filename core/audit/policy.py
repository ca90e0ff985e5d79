"""The intensity policy that an audit or experiment followed, read from its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity

__all__ = ["read_policy"]


def read_policy(choices: Mapping[str, Any]) -> Intensity:
    """Read which values were black and white; versions without a choice followed the default.

    Args:
        choices: `ProtocolRecord.choices`, or those of a utility experiment.
    """
    chosen = choices.get("intensity")
    return Intensity.model_validate(chosen) if chosen else DEFAULT_INTENSITY
