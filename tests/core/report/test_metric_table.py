from __future__ import annotations

import pytest

from core.audit.result import MetricRow
from core.metrics.catalogue import METRICS
from core.metrics.metric_facts import Direction
from core.report.best_in_row import find_best
from core.report.metric_groups import GROUPS, find_facts
from core.report.metric_table import TableRow, build_metric_table
from tests.core.audit.fixtures import CLASSES, SETS, build_result, make_floor, make_row, make_summary


def build_rows(*rows: MetricRow) -> list[TableRow]:
    table = build_metric_table(make_summary(list(rows)), None)
    return [row for group in table.groups for row in group.rows]


def test_every_metric_has_its_place() -> None:
    placed = [metric for metrics in GROUPS.values() for metric in metrics]
    assert len(placed) == len(set(placed))
    assert set(METRICS) <= set(placed)


def test_a_metric_without_facts_is_shown_by_its_id() -> None:
    facts = find_facts("brand_new")
    assert facts.name == "brand_new"
    assert facts.direction is Direction.NONE
    (row,) = build_rows(make_row("brand_new", 0.5))
    assert row.facts.id == "brand_new"


@pytest.mark.parametrize(
    ("values", "direction", "best"),
    [
        ([(5, 4, 6), (9, 8, 10)], Direction.LOWER, 0),
        ([(5, 4, 6), (9, 8, 10)], Direction.HIGHER, 1),
        ([(5, 4, 6), (9, 8, 10)], Direction.NONE, None),
        ([(5, 4, 8), (9, 8, 10)], Direction.LOWER, None),  # they touch
        ([(5, 4, 8.5), (9, 8, 10)], Direction.HIGHER, None),
        ([(5, 4, 6), (5, 4, 6), (9, 8, 10)], Direction.LOWER, None),
        ([(5, 4, 6), None, (9, 8, 10)], Direction.LOWER, 0),
        ([(5, 4, 6), None], Direction.LOWER, None),
        ([None, None], Direction.LOWER, None),
        ([], Direction.LOWER, None),
    ],
)
def test_best_has_its_interval_apart_from_all_others(
    values: list[tuple[float, float, float] | None], direction: Direction, best: int | None
) -> None:
    assert find_best(values, direction) == best


def test_best_is_marked_in_its_row_only_when_it_can_be_told() -> None:
    table = build_metric_table(build_result().summary, None)
    rows = {(row.facts.id, row.qualifier): row for group in table.groups for row in group.rows}

    def marked(metric: str, qualifier: str = "") -> list[str]:
        cells = rows[metric, qualifier].cells
        return [name for name, cell in zip(SETS, cells, strict=True) if cell and cell.best]

    assert marked("fd") == ["diffusion 512"]
    assert marked("fd", "at 100 images a side") == ["diffusion 512"]
    assert marked("precision") == []  # 0.83 and 0.93 with half-width 0.06 overlap
    assert marked("authenticity") == []
    assert marked("density") == []  # 1.62 is the largest, and no better than 1
    assert marked("feature_std") == []
    assert marked("variety") == []  # no interval
    assert marked("mean_image_png_bytes") == []


def test_numbers_beyond_the_aim_are_no_better_than_each_other() -> None:
    def marked(metric: str, first: float, second: float, floor: float | None = None) -> list[bool]:
        rows = [
            make_row(metric, value, 0.01, synthetic=name, floor=None if floor is None else make_floor(
                floor, 0.01, value_at_n=value, value_at_n_low=value - 0.01, value_at_n_high=value + 0.01))
            for name, value in (("one", first), ("two", second))
        ]  # fmt: skip
        (row,) = build_rows(*rows)
        return [cell is not None and cell.best for cell in row.cells]

    assert marked("copy_excess", -0.2, 0.0) == [False, False]
    assert marked("copy_excess", -0.2, 0.1) == [True, False]
    assert marked("membership_auc", 0.4, 0.45) == [False, False]
    assert marked("fd", 20, 30, floor=40) == [False, False]
    assert marked("fd", 20, 50, floor=40) == [True, False]


def test_numbers_that_move_with_size_are_not_ranked_between_sizes() -> None:
    def cells(metric: str, n: int) -> tuple[bool, str]:
        table = build_metric_table(
            make_summary(
                [
                    make_row(metric, 0.9, 0.01, synthetic="a", n_synthetic=200),
                    make_row(metric, 0.2, 0.01, synthetic="b", n_synthetic=n),
                ]
            ),
            None,
        )
        first = table.groups[0].rows[0].cells[0]
        assert first is not None
        return first.best, " ".join(table.notes)

    assert cells("recall", 200) == (True, "")
    best, notes = cells("recall", 50)
    assert not best
    assert "differ in size" in notes
    assert cells("privacy", 50)[0]


def test_fid_takes_the_place_of_the_same_number_called_fd() -> None:
    rows = build_rows(
        make_row("fd", 20.0, 1.0, extractor="inception-fid"),
        make_row("fid", 20.0, 1.0, extractor="inception-fid"),
        make_row("fd", 70.0, 1.0, extractor="texture"),
    )
    assert [(row.facts.id, row.extractor) for row in rows] == [("fid", "inception-fid"), ("fd", "texture")]


def test_distance_has_a_second_row_at_the_floors_size() -> None:
    floor = make_floor(39, 6, n=100, value_at_n=79.2, value_at_n_low=75, value_at_n_high=83)
    whole, at_n = build_rows(make_row("fd", 76.8, 4, floor=floor))
    assert whole.floor is None
    assert at_n.qualifier == "at 100 images a side"
    assert at_n.cells[0] is not None
    assert (at_n.cells[0].value, at_n.cells[0].interval) == ("79", "[75, 83]")
    assert at_n.floor is not None
    assert (at_n.floor.value, at_n.floor.interval) == ("39", "[33, 45]")
    assert at_n.floor.n == "held-out images, n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}100 a side"


def test_floors_of_different_sizes_stand_beside_their_own_sets() -> None:
    def floor(n: int, value: float) -> object:
        return make_floor(value, 6, n=n, value_at_n=79, value_at_n_low=75, value_at_n_high=83)

    rows = build_rows(
        make_row("fd", 76.8, 4, synthetic="a", floor=floor(100, 39)),  # type: ignore[arg-type]
        make_row("fd", 20.0, 4, synthetic="b", floor=floor(40, 61)),  # type: ignore[arg-type]
    )
    at_n = rows[1]
    assert at_n.floor is None
    first, second = at_n.cells
    assert first is not None
    assert second is not None
    assert first.detail[0].startswith("floor 39 [33, 45]")
    assert second.detail[0].startswith("floor 61 [55, 67]")
    assert "40 a side" in second.n
    assert not first.best
    assert not second.best


def test_shared_floor_has_a_column_of_its_own() -> None:
    (row,) = build_rows(make_row("privacy", 0.6, 0.05, floor=make_floor(0.61, 0.05)))
    assert row.floor is not None
    assert (row.floor.value, row.floor.interval) == ("0.61", "[0.56, 0.66]")
    assert row.cells[0] is not None
    assert row.cells[0].detail == ()


def test_undefined_values_are_a_dash_with_the_reason() -> None:
    table = build_metric_table(
        make_summary(
            [
                make_row("variety", None, extractor=None, note="Needs two sets."),
                make_row("privacy", 0.5, 0.1, synthetic="other"),
            ]
        ),
        None,
    )
    variety = table.groups[0].rows[0]
    assert variety.cells[0] is not None
    assert variety.cells[0].value == "–"
    assert table.notes[variety.cells[0].notes[0] - 1] == "Needs two sets."
    assert variety.cells[1] is None


def test_a_count_is_written_where_it_differs_from_the_heads() -> None:
    rows = [make_row(m, 0.5, 0.1) for m in ("precision", "recall", "density")]
    rows.append(make_row("privacy", 0.5, 0.1, n_synthetic=150, n_real=80))
    table = build_metric_table(make_summary(rows), None)
    assert table.n == ("200",)
    assert table.n_real == "200"
    privacy = table.groups[-1].rows[0].cells[0]
    precision = table.groups[0].rows[0].cells[0]
    assert privacy is not None
    assert precision is not None
    assert privacy.n.replace("\N{NO-BREAK SPACE}", " ") == "n = 150, real n = 80"
    assert precision.n == ""


def test_classes_have_tables_of_their_own() -> None:
    summary = build_result().summary
    table = build_metric_table(summary, CLASSES[0])
    assert table.n == ("100",) * len(SETS)
    assert sum(len(group.rows) for group in table.groups) >= 15
