"""Nearest training images of samples, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core.audit.pairs import PAIRS_SCHEMA
from core.report.nearest_real import find_nearest_real


def make_pairs(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(PAIRS_SCHEMA.names) | {"distance": 0.5} | row for row in rows])


def test_the_extractor_made_for_copies_is_asked() -> None:
    pairs = make_pairs(
        {"query_id": "q", "real_id": "x", "extractor": "texture"},
        {
            "query_id": "q",
            "real_id": "y",
            "extractor": "pixels",
            "transform": "turned 180°",
            "flagged": False,
        },
        {"query_id": "p", "real_id": "z", "extractor": "pixels", "transform": "as is", "flagged": False},
    )
    found = find_nearest_real(pairs, ["q", "not there"])
    assert set(found) == {"q"}
    assert (found["q"].real_id, found["q"].extractor) == ("y", "pixels")
    assert found["q"].sentence == "matches the sample turned 180°"
    assert find_nearest_real(pairs, ["p"])["p"].sentence == ""
    only = find_nearest_real(pairs[pairs["extractor"] == "texture"], ["q"])
    assert (only["q"].real_id, only["q"].sentence) == ("x", "")
    assert find_nearest_real(make_pairs()[[]].assign(extractor=[], query_id=[]), ["q"]) == {}


def test_likely_copies_come_first() -> None:
    pairs = make_pairs(
        {
            "query_id": "q", "real_id": "x", "extractor": "pixels", "flagged": True, "q_value": 0.0123,
            "transform": "mirrored left-right",
        }
    )  # fmt: skip
    assert find_nearest_real(pairs, ["q"])["q"].sentence == (
        "Looks like a copy (q = 0.0123), matches the sample mirrored left-right"
    )


def test_of_volumes_turned_over_the_sentence_says_so() -> None:
    row = {"query_id": "a", "real_id": "b", "extractor": "pixels", "transform": "as is", "turned_over": True}
    assert find_nearest_real(make_pairs(row), ["a"])["a"].sentence == (
        "matches the sample turned over, head to foot"
    )
