"""Picture grids of a page, as the component was handed them."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

__all__ = ["read_grid"]


def read_grid(app: AppTest) -> dict[str, Any] | None:
    """Read the page's picture grid, or None where there is none."""
    found = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    grids: list[dict[str, Any]] = [data for data in found if "leastPx" in data]
    return grids[0] if grids else None
