"""Copies among volumes within an audit: planted ones are found with turn and shift, and their pairs are kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from core.audit.aligned_search import AlignedSearch
from core.audit.items import tabulate_items
from core.audit.pairs import PAIRS_FILE, PAIRS_SCHEMA, VOLUME_PAIRS_SCHEMA, load_pairs
from core.audit.protocol import Execution, Protocol
from core.audit.reopen import load_copies
from core.audit.study_copies import StudyCopies
from core.config import get_settings
from core.copies import volume_search as search_module
from core.copies.transforms import Transform
from core.copies.volume_search import search_volumes
from core.copies.volume_turns import VolumeTurn, turn_volume
from core.csv_text import render_csv
from core.datasets.image_set import ImageSet
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.features.base import FeatureKind
from core.metrics.calibrated_copies import compute_calibrated_copies
from core.progress import SilentProgress
from core.report.pictures import picture_pairs
from core.report.safe_sentences import keep_safe_sentences
from core.report.strongest_pairs import collect_controls, collect_pairs
from tests.core.copies.volumes import draw_volumes, make_volume_thumbnails

N_REAL, N_HELDOUT, N_FRESH = 8, 10, 3


def write_volumes(folder: Path, volumes: list[np.ndarray]) -> None:
    folder.mkdir()
    for index, volume in enumerate(volumes):
        np.save(folder / f"{index:02d}.npy", np.ascontiguousarray(volume))


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImageSet, ...]:
    """Three copies among fresh volumes; the last held-out volume is a real one turned over."""
    root = tmp_path_factory.mktemp("volumes")
    real = list(draw_volumes(0, N_REAL))
    turned = turn_volume(real[1], VolumeTurn(Transform.TURNED_CLOCKWISE, turned_over=True))
    shifted = np.roll(real[2], (2, 0, -2), (0, 1, 2))
    write_volumes(root / "real", real)
    write_volumes(root / "heldout", [*draw_volumes(2, N_HELDOUT)[:-1], real[7][::-1]])
    write_volumes(root / "gan", [real[0], turned, shifted, *draw_volumes(1, N_FRESH)])
    study = Study.from_folders(real=root / "real", heldout=root / "heldout", synthetic={"gan": root / "gan"})
    return scan_study(study, settings=get_settings(), progress=SilentProgress())


def audit(sets: tuple[ImageSet, ...], execution: Execution | None = None) -> StudyCopies:
    copies = StudyCopies(
        sets,
        protocol=Protocol(false_flag_rate=0.1),
        execution=execution or Execution(),
        settings=get_settings(),
        progress=SilentProgress(),
    )
    copies.add_pixels()
    return copies


@pytest.fixture(scope="module")
def found(sets: tuple[ImageSet, ...], tmp_path_factory: pytest.TempPathFactory) -> StudyCopies:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(tmp_path_factory.mktemp("workspace")))
        get_settings.cache_clear()
        yield audit(sets)
    get_settings.cache_clear()


def test_planted_copies_are_flagged_with_volume_turn_and_shift(found: StudyCopies) -> None:
    table = found.table.set_index("synthetic_item")
    assert table.nearest_real.tolist()[:3] == ["00.npy", "01.npy", "02.npy"]
    assert table.flagged.tolist() == [True] * 3 + [False] * N_FRESH
    assert (table.p_value[:3] == 1 / N_HELDOUT).all()
    assert table.distance.tolist()[:2] == [0.0, 0.0]
    assert (table.distance[3:] > 0.4).all()
    turned = table.loc["01.npy"]
    assert (turned["transform"], turned["turned_over"]) == ("turned 90° anticlockwise", True)
    assert not table.turned_over[["00.npy", "02.npy"]].any()
    shifts = table.loc["02.npy", ["shift_slices", "shift_rows", "shift_columns"]].astype(float)
    np.testing.assert_allclose(shifts, [-2 / 24, 0, 2 / 20], atol=0.02)


def test_words_say_volumes_and_a_heldout_repeat_leaves_the_null(found: StudyCopies) -> None:
    (flagged,) = [row for row in found.rows if row.metric == "flagged"]
    assert flagged.value == 3 / (3 + N_FRESH)
    assert f"{N_HELDOUT - 1} held-out volumes" in flagged.note
    (warning,) = found.warnings
    assert warning.startswith(
        f"1 of {N_HELDOUT} held-out volumes show the same picture as a real (train) volume"
    )
    assert keep_safe_sentences([warning], sets=["gan"], classes=[], extractors=[])[0] == (warning,)


def test_pairs_hold_how_volumes_lie_and_where_they_agree(found: StudyCopies, tmp_path: Path) -> None:
    pairs = found.pairs
    assert pairs.schema.equals(VOLUME_PAIRS_SCHEMA)
    assert VOLUME_PAIRS_SCHEMA.names[: len(PAIRS_SCHEMA)] == PAIRS_SCHEMA.names
    pq.write_table(pairs, tmp_path / PAIRS_FILE)
    kept = load_pairs(tmp_path)
    assert kept.query_role.value_counts().to_dict() == {"synthetic": 3 + N_FRESH, "heldout": N_HELDOUT - 1}
    agreement = np.stack(kept.slice_agreement.to_list()).reshape(-1, 3, 32)
    np.testing.assert_allclose(agreement[:2][np.isfinite(agreement[:2])], 1.0, atol=1e-6)
    assert np.nanmedian(agreement[3:]) < 0.8
    np.testing.assert_array_equal(np.stack(kept["shift"].to_list())[:2], 0.0)
    # What an audit of pictures has written is read as it was.
    pq.write_table(pairs.select(PAIRS_SCHEMA.names), tmp_path / PAIRS_FILE)
    assert list(load_pairs(tmp_path).columns) == PAIRS_SCHEMA.names


def test_the_table_of_copies_comes_back_from_its_file(found: StudyCopies, tmp_path: Path) -> None:
    (tmp_path / "copies.csv").write_text(render_csv(found.table, paths=()), encoding="utf-8")
    again = load_copies(tmp_path)
    assert again.turned_over.tolist() == found.table.turned_over.tolist()
    np.testing.assert_array_equal(again.shift_rows, found.table.shift_rows)


def test_a_second_search_finds_everything_kept(
    sets: tuple[ImageSet, ...], found: StudyCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("searched again")

    monkeypatch.setattr(search_module, "_search_block", fail)
    monkeypatch.setattr("core.audit.thumbnailers.compute_volume_thumbnail", fail)
    again, first = audit(sets).pairs.to_pandas(), found.pairs.to_pandas()
    # NaN equals NaN here.
    np.testing.assert_array_equal(
        np.stack(again.pop("slice_agreement")), np.stack(first.pop("slice_agreement"))
    )
    np.testing.assert_array_equal(np.stack(again.pop("shift")), np.stack(first.pop("shift")))
    assert again.drop(columns="warp").equals(first.drop(columns="warp"))
    with pytest.raises(AssertionError, match="searched again"):
        audit(sets, Execution(store=False))


def test_pairs_of_an_extractor_are_aligned_as_volumes(sets: tuple[ImageSet, ...], found: StudyCopies) -> None:
    rng = np.random.default_rng(0)
    features = {one.name: rng.normal(size=(len(one), 4)).astype(np.float32) for one in sets}
    features["gan"][1] = features["real"][1]
    del found  # its thumbnails are kept in the workspace
    copies = StudyCopies(
        sets,
        protocol=Protocol(false_flag_rate=0.1),
        execution=Execution(),
        settings=get_settings(),
        progress=SilentProgress(),
    )
    raw = copies.table.reindex(columns=["synthetic", "set"])
    copies.add_features(extractor="net", kind=FeatureKind.CONTINUOUS, features=features, raw=raw)
    row = copies.table.set_index("synthetic_item").loc["01.npy"]
    assert (row["nearest_real"], row["turned_over"], row["pixel_agreement"]) == ("01.npy", True, 1.0)
    assert isinstance(copies.pairs, pa.Table) and "slice_agreement" in copies.pairs.column_names


def test_pictures_and_volumes_of_one_study_are_told_apart_by_the_real_set(
    sets: tuple[ImageSet, ...], found: StudyCopies
) -> None:
    del found
    search = AlignedSearch(sets[0], execution=Execution(), settings=get_settings(), progress=SilentProgress())
    assert search.kind.noun == "volumes" and search.real.values.shape == (N_REAL, 32, 32, 32)


def test_a_report_shows_volumes_turned_and_says_where_they_agree(
    sets: tuple[ImageSet, ...], found: StudyCopies
) -> None:
    summary = SimpleNamespace(results=found.rows, protocol=SimpleNamespace(choices={}))
    result = SimpleNamespace(
        copies=found.table, pairs=found.pairs, items=tabulate_items(sets), summary=summary
    )
    (group,) = collect_pairs(result)
    by_name = {pair.query: pair for pair in group.pairs}
    turned = by_name["01.npy"]
    assert turned.turn.words == "turned 90° anticlockwise, turned over, head to foot"
    assert turned.slices == (
        "All axial slices that can be compared, 2 to 23 of 24, agree about equally well (r = 1.00)."
    )
    assert all(pair.slices for pair in (*group.pairs, *collect_controls(result)))
    pictures = picture_pairs(result, settings=get_settings())
    query, real = pictures[turned.query_id, turned.turn.words], pictures[turned.real_id, "as is"]
    assert query.uri == real.uri != pictures[by_name["00.npy"].query_id, "as is"].uri


@pytest.mark.slow
def test_fresh_volumes_are_flagged_at_the_rate() -> None:
    """p-values of innocent volumes are not smaller than they should be."""
    rate, n, flags = 0.1, 20, 0
    for seed in (10, 20):
        real, heldout, fresh = (make_volume_thumbnails(draw_volumes(seed + part, n)) for part in range(3))
        groups = np.arange(n)
        radius = search_volumes(queries=real, real=real, query_groups=groups, real_groups=groups).distance
        null, asked = (search_volumes(queries=one, real=real) for one in (heldout, fresh))
        judged = compute_calibrated_copies(
            synthetic=asked.distance / radius[asked.real_index],
            null=null.distance / radius[null.real_index],
            n_real=n,
            false_flag_rate=rate,
        )
        flags += int(judged.flagged.sum())
    attained = np.floor(rate * (n + 1)) / (n + 1)
    assert stats.binomtest(flags, 2 * n, attained, alternative="greater").pvalue > 0.01
