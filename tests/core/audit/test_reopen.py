"""A finished audit comes back from its files as it was."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.audit.reopen import load_copies, reopen_audit
from core.errors import InputError
from core.report.document import render_report
from core.report.pictures import picture_pairs
from core.report.writer import write_audit
from tests.core.audit.fixtures import build_result
from tests.core.audit.planted import PlantedAudit


def test_everything_comes_back(planted: PlantedAudit) -> None:
    before, after = planted.result, reopen_audit(planted.folder)
    assert after.summary == before.summary
    pd.testing.assert_frame_equal(after.copies, before.copies)
    assert before.items is not None
    assert after.items is not None
    assert after.items.equals(before.items, check_metadata=True)
    assert after.pairs is not None
    assert after.pairs.equals(before.pairs)
    assert list(after.mean_images) == list(before.mean_images)
    for key, picture in before.mean_images.items():
        np.testing.assert_allclose(after.mean_images[key].mean, picture.mean, atol=1e-4)
        assert after.mean_images[key].n == picture.n


def test_the_same_report_can_be_written_again(planted: PlantedAudit) -> None:
    again = reopen_audit(planted.folder)
    pictures = picture_pairs(again, settings=planted.settings)
    assert len(pictures) > 4
    kept = (planted.folder / "report.html").read_text(encoding="utf-8")
    # Mean images keep less than all digits; everything else is equal letter by letter.
    before = render_report(dataclasses.replace(planted.result, mean_images={}), pictures=pictures)
    assert render_report(dataclasses.replace(again, mean_images={}), pictures=pictures) == before
    assert all(picture.uri in kept for picture in pictures.values())


def test_names_survive_the_guard_against_formulas(tmp_path: Path) -> None:
    names = ["=sum(1).png", "-1.png", "@x.png", "NA", "a,b\"c'.png", "line\rfeed.png", "./x.png", "é.png"]
    result = build_result()
    copies = result.copies.head(len(names)).assign(synthetic_item=names, nearest_real=names[::-1])
    write_audit(dataclasses.replace(result, copies=copies), tmp_path / "audit")
    pd.testing.assert_frame_equal(load_copies(tmp_path / "audit"), copies)


def test_an_audit_of_an_earlier_version_lacks_what_it_did_not_write(tmp_path: Path) -> None:
    result = build_result()
    write_audit(result, tmp_path)
    (tmp_path / "mean_images.npz").unlink()
    found = reopen_audit(tmp_path)
    assert (found.items, found.pairs, len(found.mean_images)) == (None, None, 0)
    pd.testing.assert_frame_equal(found.copies, result.copies)
    assert "Nearest pairs" in render_report(found)


def test_flags_may_be_missing_for_one_extractor(tmp_path: Path) -> None:
    result = build_result()
    flags = pd.Series([None, True, False] * (len(result.copies) // 3), dtype=object)
    write_audit(dataclasses.replace(result, copies=result.copies.assign(flagged=flags)), tmp_path)
    assert list(load_copies(tmp_path)["flagged"])[:3] == [None, True, False]


@pytest.mark.parametrize(
    "file", ["audit.json", "copies.csv", "items.parquet", "pairs.parquet", "mean_images.npz"]
)
def test_a_damaged_file_is_named(planted: PlantedAudit, tmp_path: Path, file: str) -> None:
    folder = tmp_path / "audit"
    shutil.copytree(planted.folder, folder)
    (folder / file).write_bytes(b"\x00damaged")
    with pytest.raises(InputError, match="run the audit again"):
        reopen_audit(folder)


def test_a_folder_without_an_audit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run the audit again"):
        reopen_audit(tmp_path)
