"""Calibrated copies within an audit: planted copies, the null, what is kept, and studies that are too small."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.audit.aligned_search import number_groups
from core.audit.copy_null import Witnesses, choose_null
from core.audit.items import load_items, read_item
from core.audit.pairs import PAIRS_SCHEMA, load_pairs
from core.audit.protocol import Execution, Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.audit.study_copies import StudyCopies
from core.config import DataRoot, get_settings
from core.copies import search as search_module
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import ImageReadError, InputError, TooFewImagesError, UnknownNameError
from core.features.base import FeatureKind
from core.metrics.calibrated_copies import compute_calibrated_copies
from core.progress import SilentProgress
from core.report.writer import write_audit
from tests.core.copies.films import draw_films

RATE = 0.05


def write_films(folder: Path, films: list, start: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, film in enumerate(films):
        Image.fromarray(np.ascontiguousarray(film)).save(folder / f"{start + index:03d}.png")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 real films, 24 held-out ones of which one is a mirrored real one, and copies among fresh films."""
    root = tmp_path_factory.mktemp("films")
    real = list(draw_films(0, 40)[0])
    write_films(root / "real", real)
    write_films(root / "heldout", [*draw_films(1, 24)[0][:23], real[39][:, ::-1]])
    write_films(root / "gan", [real[0], real[1][:, ::-1], np.rot90(real[2]), *draw_films(2, 16)[0]])
    return root


def audit(folders: Path, *, heldout: bool = True, **choices: object) -> AuditResult:
    study = Study.from_folders(
        real=folders / "real",
        heldout=folders / "heldout" if heldout else None,
        synthetic={"gan": folders / "gan"},
    )
    protocol = Protocol.model_validate({"extractors": ("weight-free",), "false_flag_rate": RATE} | choices)
    return run_audit(study, protocol)


@pytest.fixture(scope="module")
def result(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(tmp_path_factory.mktemp("workspace")))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        yield audit(folders, extractors=("weight-free", "random-conv"))
    get_settings.cache_clear()


def rows_of(result: AuditResult, metric: str, extractor: str = "pixels") -> list:
    return [
        r
        for r in result.summary.results
        if (r.metric, r.extractor, r.class_name) == (metric, extractor, None)
    ]


def test_planted_copies_are_flagged_with_film_and_transform(result: AuditResult) -> None:
    copies = result.copies[result.copies.extractor == "pixels"].set_index("synthetic_item")
    for item, real, transform in (
        ("000.png", "000.png", "as is"),
        ("001.png", "001.png", "mirrored left-right"),
        ("002.png", "002.png", "turned 90° clockwise"),
    ):
        row = copies.loc[item]
        assert (row["nearest_real"], row["transform"], row["distance"], row["rho"]) == (
            real,
            transform,
            0.0,
            0.0,
        )
        assert row.flagged
        assert row.p_value == 1 / 24
        assert row.q_value == pytest.approx(19 * (1 / 24) / copies.flagged.sum())
    assert (copies.distance[3:] > 0.4).all()


def test_every_extractor_has_its_own_calibration_and_the_same_pixels_to_look_at(result: AuditResult) -> None:
    networks = result.copies[result.copies.extractor == "random-conv"].set_index("synthetic_item")
    assert networks.loc["000.png"].distance == 0.0
    assert networks.loc["000.png"].flagged
    assert networks.loc["000.png", "transform"] == "as is"
    assert networks.pixel_agreement.between(-1, 1).all()
    assert set(networks.set) <= {"copy", "real", "non-real"}


def test_a_heldout_repeat_leaves_the_null_and_is_reported(result: AuditResult) -> None:
    (flagged,) = rows_of(result, "flagged")
    assert flagged.floor_detail.kind == "heldout"
    assert flagged.floor_detail.n == 23
    assert "23 held-out images" in flagged.note
    assert "false flags are expected" in flagged.note
    assert any("1 of 24 held-out images show the same picture" in one for one in result.summary.warnings)
    controls = result.pairs.to_pandas().query("query_role == 'heldout' and extractor == 'pixels'")
    assert len(controls) == 23
    assert controls.p_value.isna().all()


def test_files_say_the_same_and_name_items_by_id(result: AuditResult, tmp_path: Path) -> None:
    write_audit(result, tmp_path)
    pairs, items = load_pairs(tmp_path), load_items(tmp_path)
    assert list(pairs.columns) == PAIRS_SCHEMA.names
    table = pd.read_csv(tmp_path / "copies.csv")
    ours = pairs[(pairs.query_role == "synthetic") & (pairs.extractor == "pixels")]
    theirs = table[table.extractor == "pixels"]
    assert [items[one].item for one in ours.query_id] == list(theirs.synthetic_item)
    assert [items[one].item for one in ours.real_id] == list(theirs.nearest_real)
    assert np.allclose(ours.rho, theirs.rho)
    assert "000.png" not in "".join(ours.query_id)
    with pytest.raises(UnknownNameError, match="no image"):
        items["0" * 20]


def test_an_image_is_read_only_below_a_root_and_unchanged(
    folders: Path, result: AuditResult, tmp_path: Path
) -> None:
    write_audit(result, tmp_path)
    items = load_items(tmp_path)
    item = items[items.table.column("id")[0].as_py()]
    here = dataclasses.replace(get_settings(), data_roots=(DataRoot("films", folders),))
    assert np.array_equal(read_item(item, here).pixels, np.asarray(Image.open(item.path)))
    elsewhere = dataclasses.replace(here, data_roots=(DataRoot("other", tmp_path),))
    with pytest.raises(ImageReadError, match="outside its folder root"):
        read_item(item, elsewhere)
    with pytest.raises(ImageReadError, match="changed since the audit"):
        read_item(dataclasses.replace(item, digest="0" * 64), here)
    with pytest.raises(InputError, match="run the audit again"):
        load_pairs(tmp_path / "none")


@pytest.mark.usefixtures("workspace")
def test_without_heldout_images_training_images_are_left_out(folders: Path) -> None:
    result = audit(folders, heldout=False)
    (flagged,) = rows_of(result, "flagged")
    assert flagged.floor_detail.kind == "left-out"
    assert "training images left out one at a time" in flagged.note
    copies = result.copies.set_index("synthetic_item")
    assert copies.flagged[:3].all()
    assert copies.flagged[3:].sum() <= 3
    controls = result.pairs.to_pandas().query("query_role == 'real'")
    assert len(controls) == 40
    assert (controls.query_id != controls.real_id).all()
    assert not rows_of(result, "membership_auc")


@pytest.mark.usefixtures("workspace")
def test_a_rate_that_nothing_can_hold_flags_nothing_and_says_so(folders: Path) -> None:
    result = audit(folders, false_flag_rate=0.001)
    (flagged,) = rows_of(result, "flagged")
    assert flagged.value is None
    assert "can flag nothing at a rate of 0.001" in flagged.note
    assert not result.copies.flagged.any()
    assert rows_of(result, "copy_excess")[0].value is not None


@pytest.mark.usefixtures("workspace")
def test_a_second_audit_searches_nothing_again(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = audit(folders)

    def fail(*_: object) -> None:
        raise AssertionError("searched again")

    monkeypatch.setattr(search_module, "_search_block", fail)
    again = audit(folders)
    assert again.pairs.equals(first.pairs)
    with pytest.raises(AssertionError, match="searched again"):
        study = Study.from_folders(real=folders / "real", synthetic={"gan": folders / "gan"})
        run_audit(study, Protocol(extractors=("weight-free",)), execution=Execution(store=False))


@pytest.mark.usefixtures("workspace")
def test_a_study_too_small_to_calibrate_keeps_the_plain_numbers(tmp_path: Path) -> None:
    film = draw_films(0, 8)[0][0]
    write_films(tmp_path / "real", [film] * 8)
    write_films(tmp_path / "gan", list(draw_films(2, 6)[0]))
    study = Study.from_folders(real=tmp_path / "real", synthetic={"gan": tmp_path / "gan"})
    result = run_audit(study, Protocol(extractors=("weight-free",)))
    assert any("could not be calibrated" in warning for warning in result.summary.warnings)
    assert len(result.copies) == 6
    assert result.copies.rho.isna().all()
    assert result.pairs.num_rows == 0


def test_the_null_that_can_flag_is_taken() -> None:
    many, few = (Witnesses(np.ones(n), np.arange(n)) for n in (120, 30))

    assert choose_null(heldout=many, left_out=_no_witness, false_flag_rate=0.01).kind == "heldout"
    assert choose_null(heldout=few, left_out=lambda: many, false_flag_rate=0.01).kind == "left-out"
    assert choose_null(heldout=few, left_out=lambda: few, false_flag_rate=0.01).kind == "heldout"
    assert choose_null(heldout=None, left_out=lambda: few, false_flag_rate=0.01).kind == "left-out"
    with pytest.raises(TooFewImagesError):
        choose_null(heldout=None, left_out=_no_witness, false_flag_rate=0.01)


@pytest.mark.usefixtures("workspace")
def test_codes_are_compared_by_the_share_that_differs(folders: Path) -> None:
    study = Study.from_folders(
        real=folders / "real", heldout=folders / "heldout", synthetic={"gan": folders / "gan"}
    )
    settings, progress = get_settings(), SilentProgress()
    sets = scan_study(study, settings=settings, progress=progress)
    rng = np.random.default_rng(0)
    codes = {one.name: rng.integers(0, 8, (len(one), 64)) for one in sets}
    codes["gan"][5] = codes["real"][7]
    codes["gan"][5, :2] = 9
    copies = StudyCopies(
        sets,
        protocol=Protocol(false_flag_rate=RATE),
        execution=Execution(),
        settings=settings,
        progress=progress,
    )
    raw = pd.DataFrame(columns=["synthetic", "set"])
    copies.add_features(extractor="codes", kind=FeatureKind.DISCRETE, features=codes, raw=raw)
    found = copies.table.set_index("synthetic_item").loc["005.png"]
    assert (found["nearest_real"], found["distance"]) == ("007.png", 2 / 64)
    assert found["flagged"]
    assert found["rho"] == pytest.approx((2 / 64) / _left_out(codes["real"], 7))
    assert {row.metric for row in copies.rows} >= {"flagged", "membership_auc"}


def _no_witness() -> Witnesses:
    raise TooFewImagesError("none")


def _left_out(codes: np.ndarray, row: int) -> float:
    return float((np.delete(codes, row, axis=0) != codes[row]).mean(axis=1).min())


def test_one_image_speaks_for_its_patient_and_picture() -> None:
    ratios = np.arange(12.0)
    groups = number_groups(
        [(patient, digest) for patient, digest in zip("aabbccddefgh", "123456788xyz", strict=True)]
    )
    # Patients a, b and c, the two pictures of d and e that are one, and three alone.
    assert groups.tolist() == [0, 0, 2, 2, 4, 4, 6, 6, 6, 9, 10, 11]
    drawn = [Witnesses(ratios, groups).draw(seed) for seed in range(50)]
    assert {len(one) for one in drawn} == {7}
    assert {tuple(groups[one.astype(int)]) for one in drawn} == {(0, 2, 4, 6, 9, 10, 11)}
    assert {one[3] for one in drawn} == {6.0, 7.0, 8.0}
    null = choose_null(
        heldout=Witnesses(ratios, groups), left_out=lambda: Witnesses(ratios, groups), false_flag_rate=0.2
    )
    assert null.title == "7 of 12 held-out images, one of each patient and picture"
    assert number_groups([(None, None)] * 3).tolist() == [0, 1, 2]


def test_clustered_images_are_flagged_at_the_rate_all_the_same() -> None:
    """With every image of a patient in the null, more than the rate would be flagged."""
    rng = np.random.default_rng(0)
    flagged, naive, n = 0, 0, 4000
    for seed in range(n):
        patients = rng.normal(size=25)
        groups = np.repeat(np.arange(25), 4)
        ratios = np.exp(patients[groups] + 0.05 * rng.normal(size=100))
        fresh = np.exp(np.array([rng.normal()]))
        null = choose_null(
            heldout=Witnesses(ratios, groups),
            left_out=_no_witness,
            false_flag_rate=0.04,
            seed=seed,
        )
        judged = compute_calibrated_copies(
            synthetic=fresh, null=null.ratios, n_real=100, false_flag_rate=0.04
        )
        flagged += int(judged.flagged[0])
        raw = compute_calibrated_copies(synthetic=fresh, null=ratios, n_real=100, false_flag_rate=0.04)
        naive += int(raw.flagged[0])
    # The rate that 25 patients can hold is 1 / 26.
    assert abs(flagged / n - 1 / 26) < 3 * (1 / 26 / n) ** 0.5
    assert naive > flagged
