"""Every set of a study is read by one policy, and by one rule of what is a volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.audit.protocol import Protocol
from core.audit.rescan import rescan_study
from core.audit.run import run_audit
from core.config import get_settings
from core.datasets.study import Study, SyntheticSource
from core.datasets.study_scan import scan_study
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.images.intensity import Intensity
from core.progress import SilentProgress
from tests.volumes import NARROW, write_deep, write_series

pytestmark = pytest.mark.usefixtures("workspace")


def deep_study(folder: Path, n: int = 6) -> Study:
    return Study(
        real=write_deep(folder / "real", n, seed=1),
        heldout=write_deep(folder / "heldout", n, seed=2),
        synthetic=(SyntheticSource(name="gan", folder=write_deep(folder / "gan", n, seed=3)),),
    )


def test_policy_and_joining_reach_every_item_of_every_set(tmp_path: Path) -> None:
    study = Study(
        real=write_series(tmp_path / "real", 2, seed=1),
        heldout=write_series(tmp_path / "heldout", 2, seed=2),
        synthetic=(SyntheticSource(name="gan", folder=write_series(tmp_path / "gan", 2, seed=3)),),
    )
    settings = get_settings()
    sets = scan_study(
        study, intensity=NARROW, join_slices=True, workers=1, settings=settings, progress=SilentProgress()
    )
    assert [one.name for one in sets] == ["real", "heldout", "gan"]
    for one in sets:
        assert [item.facts.slices for item in one.items] == [3, 3]
        assert {item.intensity for item in one.items} == {NARROW}
    apart = scan_study(study, workers=1, settings=settings, progress=SilentProgress())
    assert [len(one) for one in apart] == [6, 6, 6]
    assert {item.intensity for one in apart for item in one.items} == {DEFAULT_INTENSITY}


def test_audits_of_two_policies_see_other_pixels(tmp_path: Path) -> None:
    study = deep_study(tmp_path)

    def measure(policy: Intensity) -> tuple[str, list[float], np.ndarray]:
        result = run_audit(study, Protocol(extractors=("pixels",), resolution=8, intensity=policy))
        values = [row.value for row in result.summary.results if row.metric == "fd" and row.value is not None]
        mean = result.mean_images["real", None].mean
        # What is read again of a finished audit, for its analysis of bias, follows it, too.
        again = rescan_study(study, result.summary, settings=get_settings(), progress=SilentProgress())
        assert {item.intensity for one in again for item in one.items} == {policy}
        return result.summary.protocol.intensity, values, mean

    usual, narrow = measure(DEFAULT_INTENSITY), measure(NARROW)
    assert (usual[0], narrow[0]) == (describe_intensity(DEFAULT_INTENSITY), describe_intensity(NARROW))
    assert usual[1]
    assert np.abs(np.subtract(usual[1], narrow[1])).max() > 1
    assert np.abs(usual[2] - narrow[2]).mean() > 5


@pytest.mark.parametrize("named", ["case00", "case00/2.dcm", "2.dcm"])
def test_a_labels_csv_names_a_series_by_its_folder_or_by_a_slice(tmp_path: Path, named: str) -> None:
    write_series(tmp_path / "real", 1)
    write_series(tmp_path / "real" / "other", 1, seed=1, n_slices=2)
    (tmp_path / "real" / "other" / "case00").rename(tmp_path / "real" / "other" / "unnamed")
    (tmp_path / "labels.csv").write_text(f"file,label,patient,sex\n{named},tumour,p7,F\n")
    study = Study(
        real=tmp_path / "real",
        labels=tmp_path / "labels.csv",
        synthetic=(
            SyntheticSource(name="gan", folder=write_series(tmp_path / "gan", 2, seed=3, n_slices=2)),
        ),
    )
    real = scan_study(
        study,
        group_by=("sex",),
        join_slices=True,
        workers=1,
        settings=get_settings(),
        progress=SilentProgress(),
    )[0]
    labelled, other = real.items
    assert (labelled.id, labelled.label, labelled.patient) == ("case00", "tumour", "p7")
    assert labelled.groups == (("sex", "F"),)
    assert (other.id, other.label, other.groups) == ("other/unnamed", None, ())
