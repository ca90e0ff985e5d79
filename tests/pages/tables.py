"""Tables of a page as rows of texts, by the key that the page gave them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from streamlit.testing.v1 import AppTest

__all__ = ["ShownTable", "read_components", "read_tables"]


@dataclass(frozen=True)
class ShownTable:
    """What a table component was handed.

    Attributes:
        columns: titles by column id.
        rows: cells by column id, as handed over.
        caption: the sentence above it.
    """

    columns: dict[str, str]
    rows: list[dict[str, dict[str, Any]]]
    caption: str

    def texts(self, column: str) -> list[str]:
        """What a column shows."""
        return [row[column]["text"] if row.get(column) else "" for row in self.rows]


def read_tables(app: AppTest) -> dict[str, ShownTable]:
    """Read every table of a page."""
    found = {}
    for element in app.get("bidi_component"):
        data = json.loads(element.proto.json)
        if "fileName" not in data:
            continue  # another component
        ids = [column["id"] for column in data["columns"]]
        found[element.proto.id.rsplit("-", 1)[-1]] = ShownTable(
            columns={column["id"]: column["title"] for column in data["columns"]},
            rows=[dict(zip(ids, row["cells"], strict=True)) for row in data["rows"]],
            caption=data["caption"],
        )
    return found


def read_components(app: AppTest) -> list[dict[str, Any]]:
    """Read what every component of a page was handed."""
    return [dict(json.loads(element.proto.json)) for element in app.get("bidi_component")]
