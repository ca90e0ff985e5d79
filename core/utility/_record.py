"""What every record of an experiment's JSON is: unchangeable, without fields that nobody knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Record"]


class Record(BaseModel):
    """A part of an experiment's JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
