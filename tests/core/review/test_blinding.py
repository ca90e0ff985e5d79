"""What would tell a control from a synthetic image, and which readings count as blinded."""

from __future__ import annotations

import pyarrow as pa
import pytest

from core.audit.items import AuditItems
from core.db.review_record import Verdict
from core.review.agreement import compute_agreements, compute_false_alarms
from core.review.blinding import find_tells
from core.review.standing import find_blinded, find_current
from tests.core.review.rows import make_pair, make_rows

COPY, NOT = Verdict.COPY, Verdict.NOT_A_COPY


def make_items(*rows: tuple[str, str, int, int, int]) -> AuditItems:
    columns = zip(*rows, strict=True)
    sets, roles, sides, channels, depths = (list(column) for column in columns)
    names = [str(at) for at in range(len(rows))]
    table = {
        "id": names, "set": sets, "role": roles, "item": names, "file": [b""] * len(rows), "digest": names,
        "label": [None] * len(rows), "width": sides, "height": sides, "channels": channels, "bit_depth": depths,
    }  # fmt: skip
    return AuditItems(pa.table(table), {})


def test_what_all_share_tells_nothing() -> None:
    items = make_items(
        ("real", "real", 64, 1, 8), ("heldout", "heldout", 64, 1, 8), ("gan", "synthetic", 64, 1, 8)
    )
    assert find_tells(items) == ()


def test_sizes_depths_and_colours_that_differ_throughout_are_named() -> None:
    items = make_items(
        ("heldout", "heldout", 64, 1, 8),
        ("heldout", "heldout", 32, 1, 8),
        ("gan", "synthetic", 32, 3, 16),
        ("ddpm", "synthetic", 128, 1, 8),
    )
    found = find_tells(items)
    assert [next(w for w in ("size", "bit depth", "colour") if w in one) for one in found] == [
        "bit depth", "colour", "size",
    ]  # fmt: skip
    assert "'gan'" in found[0]
    assert "'ddpm'" in found[2]
    assert find_tells(items, ["ddpm"]) == found[2:]


def test_the_first_word_counts_and_corrections_are_counted() -> None:
    pairs = [make_pair(number, is_control=number < 3) for number in range(4)]
    rows = [
        *make_rows("Ada", {0: COPY, 1: COPY, 2: NOT, 3: COPY}),
        *make_rows("Ada", {0: None, 1: NOT}),
        *make_rows("Ada", {0: NOT}),
    ]
    assert find_current(rows)["Ada"][0].verdict is NOT
    assert {n: row.verdict for n, row in find_blinded(rows)["Ada"].items()} == {
        0: COPY,
        1: COPY,
        2: NOT,
        3: COPY,
    }
    (found,) = compute_false_alarms(pairs, rows)
    assert (found.n_controls, found.n_alarms, found.n_changed, found.n_unblinded) == (3, 2, 2, 0)
    assert found.rate is not None
    assert found.rate.value == pytest.approx(2 / 3)


def test_readings_after_the_outcome_was_seen_do_not_count() -> None:
    pairs = [make_pair(number, is_control=True) for number in range(3)]
    rows = [
        *make_rows("Ada", {0: COPY}),
        *make_rows("Ada", {1: NOT, 2: NOT}, blinded=False),
        *make_rows("Bo", {0: COPY, 1: COPY, 2: NOT}),
    ]
    ada, bo = compute_false_alarms(pairs, rows)
    assert (ada.n_controls, ada.n_alarms, ada.n_unblinded) == (1, 1, 2)
    assert (bo.n_controls, bo.n_alarms, bo.n_unblinded) == (3, 2, 0)
    assert {one.n for one in compute_agreements(rows)} == {1}
