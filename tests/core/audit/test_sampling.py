"""Drawing of samples: by seed alone, each set and class on its own."""

from __future__ import annotations

import pyarrow as pa
import pytest

from core.audit.items import AuditItems, make_item_id
from core.audit.sampling import draw_samples

SETS = ("real", "gan", "ddpm")


def make_items(order: int = 1) -> AuditItems:
    rows = [
        (make_item_id(name, f"{label}/{i}", f"{i}"), name, label)
        for name in SETS
        for label in ("a", "b")
        for i in range(30)
    ][::order]
    columns = dict(zip(("id", "set", "label"), map(list, zip(*rows, strict=True)), strict=True))
    return AuditItems(pa.table(columns | {"file": [b""] * len(rows)}), dict.fromkeys(SETS, "/"))


def test_the_seed_decides_whatever_else_is_asked_for() -> None:
    both = draw_samples(make_items(), sets=SETS, classes=("a", "b", None), n=6, seed=3)
    assert set(both) == {(name, label) for name in SETS for label in ("a", "b", None)}
    alone = draw_samples(make_items(-1), sets=["gan"], classes=["b"], n=6, seed=3)
    assert alone["gan", "b"] == both["gan", "b"]
    fewer = draw_samples(make_items(), sets=["gan"], classes=["b"], n=2, seed=3)
    assert both["gan", "b"][:2] == fewer["gan", "b"]
    other = draw_samples(make_items(), sets=["gan"], classes=["b"], n=6, seed=4)
    assert set(other["gan", "b"]) != set(both["gan", "b"])


def test_samples_are_different_and_of_their_set_and_class() -> None:
    items = make_items()
    table = items.to_pandas().set_index("id")
    drawn = draw_samples(items, sets=SETS, classes=("a", None), n=25, seed=0)
    for (name, label), ids in drawn.items():
        assert len(set(ids)) == 25
        assert set(table.loc[list(ids), "set"]) == {name}
        assert set(table.loc[list(ids), "label"]) == ({"a", "b"} if label is None else {label})


@pytest.mark.parametrize(("label", "n"), [("a", 30), (None, 60), ("none", 0)])
def test_small_classes_give_all_they_have(label: str | None, n: int) -> None:
    assert len(draw_samples(make_items(), sets=["real"], classes=[label], n=99, seed=0)["real", label]) == n


def test_every_image_is_drawn_about_equally_often() -> None:
    items = make_items()
    seen: dict[str, int] = {}
    for seed in range(150):
        for one in draw_samples(items, sets=["gan"], classes=["a"], n=10, seed=seed)["gan", "a"]:
            seen[one] = seen.get(one, 0) + 1
    # 150 draws at 1 in 3: 50, with a standard deviation of 5.8.
    assert len(seen) == 30 and min(seen.values()) > 28 and max(seen.values()) < 74
