"""An audit of volumes: what is measured along planes, pooled and on montages, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torchvision.models.video import r3d_18

from core.audit.protocol import Execution, Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.audit.set_features import extract_views
from core.audit.volume_views import check_view, describe_view
from core.cli import main
from core.config import get_settings
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import InputError
from core.features.base import FeatureKind
from core.features.registry import get_extractor_info, load_extractor
from core.features.volume_view import VIEW_OF_MONTAGES, VIEW_OF_PLANES, VolumeView
from core.images.slices import Plane
from core.metrics.frechet import compute_frechet_distance
from core.progress import SilentProgress
from core.report.deidentify import deidentify
from core.report.findings import find_answers
from tests.core.audit.fixtures import make_floor, make_row, make_summary
from tests.core.features.volume_sets import make_volume, write_array, write_volumes
from tests.images import write_images

EXECUTION = Execution(device="cpu", workers=1)
DISTRIBUTIONS = {"fd", "kid", "precision", "recall", "density", "coverage", "feature_std", "vendi_score"}


@pytest.fixture
def study(tmp_path: Path, workspace: Path) -> Study:
    fakes = tmp_path / "blurred"
    rng = np.random.default_rng(3)
    for index in range(9):
        soft = gaussian_filter(make_volume(rng).astype(np.float32), 1.5)
        write_array(fakes / f"{index}.npy", soft.astype(np.uint8))
    return Study.from_folders(
        real=write_volumes(tmp_path / "real", 14, seed=1),
        heldout=write_volumes(tmp_path / "heldout", 9, seed=2),
        synthetic={"fresh": write_volumes(tmp_path / "fresh", 9, seed=4), "blurred": fakes},
    )


class NoCopies:
    """Stands in the place of the search for copies, which other tests look at and which takes its time."""

    rows: ClassVar[list[object]] = []
    warnings: ClassVar[list[str]] = []
    table = pd.DataFrame()
    pairs = None

    def __init__(self, sets: object, **_: object) -> None:
        self.asked: list[str] = []

    def add_features(self, *, extractor: str, **_: object) -> None:
        self.asked.append(extractor)

    def add_pixels(self) -> None:
        assert not any("@" in name for name in self.asked)


@pytest.fixture(autouse=True)
def no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.audit.run.StudyCopies", NoCopies)


def list_rows(result: AuditResult, extractor: str) -> set[str]:
    return {row.metric for row in result.summary.results if row.extractor == extractor}


def test_planes_stand_beside_the_pooled_features(study: Study) -> None:
    protocol = Protocol(extractors=("pixels",), resolution=16)
    result = run_audit(study, protocol, execution=EXECUTION)
    for plane in Plane:
        assert list_rows(result, f"pixels@{plane}") == DISTRIBUTIONS
    assert list_rows(result, "pixels") == DISTRIBUTIONS | {
        "fidelity", "privacy", "precision_privacy", "authenticity"
    }  # fmt: skip
    floors = [row.floor_detail for row in result.summary.results if row.metric == "fd"]
    assert len(floors) == 2 * 4  # sets and views
    assert all(floor is not None and floor.kind == "heldout" for floor in floors)
    assert {one.view for one in result.summary.protocol.extractors} == {VIEW_OF_PLANES}
    assert result.summary.protocol.choices["volume_view"] == "tri-planar"
    planes = {f"pixels@{plane}" for plane in Plane}
    assert result.summary.plane_extractors == planes
    assert any("@axial" in notice for notice in result.summary.notices)
    # What is too few for one plane is too few for all, and said once.
    left_out = [warning for warning in result.summary.warnings if "left out with 'pixels" in warning]
    assert left_out
    assert not any("@" in warning for warning in left_out)


def test_an_extractor_for_copies_alone_has_no_planes(study: Study) -> None:
    assert study.heldout is not None
    few = Study.from_folders(real=study.heldout, synthetic={"fresh": study.synthetic[0].folder})
    result = run_audit(few, Protocol(extractors=("weight-free",), resolution=32), execution=EXECUTION)
    measured = {row.extractor for row in result.summary.results}
    assert {"texture", "texture@axial", "pixels"} <= measured
    assert not {f"pixels@{plane}" for plane in Plane} & measured


def test_a_montage_is_one_picture(study: Study) -> None:
    protocol = Protocol(extractors=("pixels",), volume_view=VolumeView.MONTAGE)
    result = run_audit(study, protocol, execution=EXECUTION)
    assert result.summary.plane_extractors == frozenset()
    assert not any("@" in (row.extractor or "") for row in result.summary.results)
    assert result.summary.protocol.extractors[0].view == VIEW_OF_MONTAGES
    assert any("montage" in notice for notice in result.summary.notices)


def test_degraded_volumes_lie_further_away_along_every_plane(study: Study) -> None:
    settings, progress = get_settings(), SilentProgress()
    protocol = Protocol(resolution=32)
    sets = scan_study(study, settings=settings, progress=progress)
    views = extract_views(
        sets,
        load_extractor("texture", protocol.extractor_options(EXECUTION)),
        title="texture",
        protocol=protocol,
        execution=EXECUTION,
        settings=settings,
        progress=progress,
    )
    assert set(views) == {None, *Plane}
    for batches in views.values():
        real, heldout, fresh, blurred = (batch.features for batch in batches)
        far = compute_frechet_distance(real=real, synthetic=blurred).value
        assert far > 3 * compute_frechet_distance(real=real, synthetic=heldout).value
        assert far > 3 * compute_frechet_distance(real=real, synthetic=fresh).value
        # Each view is standardised by its own real features.
        assert np.abs(real.mean(axis=0)).max() < 0.5


def test_what_does_not_go_together_is_refused_in_one_sentence(
    study: Study, tmp_path: Path, workspace: Path
) -> None:
    volumes = scan_study(study, settings=get_settings(), progress=SilentProgress())
    codes = replace(get_extractor_info("pixels"), kind=FeatureKind.DISCRETE)
    with pytest.raises(InputError, match="codes, which have no mean over the slices"):
        check_view(codes, "codes", volumes, VolumeView.TRI_PLANAR)
    check_view(codes, "codes", volumes, VolumeView.MONTAGE)
    network = get_extractor_info("r3d-18")
    assert describe_view(network, volumes, VolumeView.TRI_PLANAR) == "whole volumes"

    torch.save(r3d_18(weights=None).state_dict(), tmp_path / "r3d.pth")
    pictures = Study.from_folders(
        real=write_images(tmp_path / "pictures", 6), synthetic={"one": write_images(tmp_path / "made", 6)}
    )
    name = f"r3d-18?weights={tmp_path / 'r3d.pth'}"
    with pytest.raises(InputError, match=r"r3d-18.* looks at volumes, and the study's sets hold pictures"):
        run_audit(pictures, Protocol(extractors=(name,), resolution=16), execution=EXECUTION)

    views = extract_views(
        volumes[1:3],
        load_extractor(name, Protocol(resolution=16).extractor_options(EXECUTION)),
        title=name,
        protocol=Protocol(),
        execution=EXECUTION,
        settings=get_settings(),
        progress=SilentProgress(),
    )
    assert list(views) == [None]
    assert [batch.features.shape for batch in views[None]] == [(9, 512)] * 2


def test_a_report_that_leaves_the_house_names_planes_but_no_paths(study: Study) -> None:
    result = run_audit(study, Protocol(extractors=("pixels",)), execution=EXECUTION)
    own = "timm:resnet18?weights=/secret/a.pth"
    renamed = [
        row.model_copy(update={"extractor": row.extractor and row.extractor.replace("pixels", own)})
        for row in result.summary.results
    ]
    records = tuple(one.model_copy(update={"name": own}) for one in result.summary.protocol.extractors)
    protocol = result.summary.protocol.model_copy(update={"extractors": records})
    summary = result.summary.model_copy(update={"results": tuple(renamed), "protocol": protocol})
    clean = deidentify(replace(result, summary=summary)).summary
    short = "timm:resnet18 (own weights)"
    assert {row.extractor for row in clean.results} - {None} == {
        short, *(f"{short}@{plane}" for plane in Plane)
    }  # fmt: skip
    assert clean.notices == result.summary.notices
    assert "secret" not in clean.model_dump_json()


def test_answers_are_of_all_planes_together() -> None:
    rows = [
        make_row("fd", value, 1.0, extractor=name, floor=make_floor(10.0, 1.0, n=60, value_at_n=value))
        for name, value in (("texture", 12.0), ("texture@axial", 900.0))
    ]
    summary = make_summary(rows)
    first, *others = summary.protocol.extractors
    seen = (first.model_copy(update={"view": VIEW_OF_PLANES}), *others)
    protocol = summary.protocol.model_copy(update={"extractors": seen})
    (answer,) = find_answers(summary.model_copy(update={"protocol": protocol}))
    assert "@" not in answer.fidelity.sentence
    assert "@" in find_answers(summary)[0].fidelity.sentence  # of pictures, a name as any other


def test_the_command_line_takes_the_view(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return int(ended.value.code or 0)

    table = tmp_path / "out" / "features.parquet"
    asked = ("extract", "--images", str(study.real), "--extractor", "pixels", "-o", str(table))
    assert run(*asked, "--planes") == 0
    frame = pd.read_parquet(table)
    planes = [np.stack(frame[f"features_{plane}"]) for plane in Plane]
    np.testing.assert_allclose(np.stack(frame["features"]), np.mean(planes, axis=0), atol=1e-5)
    assert "14 volumes" in capsys.readouterr().out
    assert run(*asked, "--volume-view", "montage") == 0
    assert "features_axial" not in pd.read_parquet(table).columns
    assert not np.allclose(np.stack(pd.read_parquet(table)["features"]), np.stack(frame["features"]))
    assert run(*asked, "--volume-view", "montage", "--planes") != 0
    assert "--planes goes with volumes" in capsys.readouterr().err
