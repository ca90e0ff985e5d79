"""The strongest pairs: which they are, what is said of them, and that the pictures are theirs."""

from __future__ import annotations

import base64
import dataclasses
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from core.audit.items import AuditItems, decode_item
from core.copies.transforms import Transform
from core.errors import CancelledError
from core.progress import SilentProgress
from core.report import pictures as report_pictures
from core.report.content import ReportContent
from core.report.document import render_report
from core.report.pictures import Picture, picture_pairs
from core.report.strongest_pairs import Pair, collect_controls, collect_pairs
from tests.core.audit.fixtures import build_result
from tests.core.audit.planted import PlantedAudit
from tests.core.report.test_document import Page


def read(picture: Picture) -> np.ndarray:
    data = base64.b64decode(picture.uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)))


def test_copies_come_first_with_the_flip_that_matched(planted: PlantedAudit) -> None:
    groups = {group.name: group for group in collect_pairs(planted.result)}
    first, second, third = groups["gan"].pairs[:3]
    found = {first.transform: first, second.transform: second}
    assert "mirrored" in found[Transform.MIRRORED_LEFT_RIGHT].query
    assert "copied" in found[Transform.AS_IS].query
    assert first.is_repeat
    assert second.verdict == "Shows the same picture as a training image"
    assert third.rho is not None
    assert third.rho > 0
    copies = planted.result.copies
    assert groups["gan"].n_flagged == sum(copies["flagged"][copies["synthetic"] == "gan"])
    assert "2 show the same picture as a training image." in groups["gan"].sentences


def test_pairs_are_ordered_by_evidence(planted: PlantedAudit) -> None:
    for group in collect_pairs(planted.result):
        keys = [(pair.p_value, pair.rho) for pair in group.pairs]
        assert keys == sorted(keys)
        rows = planted.result.copies[planted.result.copies["synthetic"] == group.name]
        assert keys[0] == min(zip(rows["p_value"], rows["rho"], strict=True))


def test_an_audit_without_calibration_is_ordered_by_distance() -> None:
    for group in collect_pairs(build_result()):
        distances = [pair.distance for pair in group.pairs]
        assert distances == sorted(distances)
        assert group.n_flagged is None
        assert {pair.verdict for pair in group.pairs} == {""}


@pytest.mark.parametrize(
    ("flagged", "q", "is_repeat", "words"),
    [
        (True, 0.01, False, "Looks like a copy of a training image"),
        (True, 0.4, False, "Flagged, as a few images of any set are by chance"),
        (False, 0.9, False, "As near as fresh real images come by chance"),
        (True, 0.4, True, "Shows the same picture as a training image"),
    ],
)
def test_words_say_what_the_numbers_do(flagged: bool, q: float, is_repeat: bool, words: str) -> None:
    pair = Pair("a", "b", "1", "2", 0.1, flagged=flagged, q_value=q, is_repeat=is_repeat)
    assert pair.verdict == words
    assert pair.needs_look is (words[0] in "LS")


def test_pictures_are_lossless_and_turned_the_way_the_real_one_lies(planted: PlantedAudit) -> None:
    pictures = picture_pairs(planted.result, settings=planted.settings)
    assert planted.result.items is not None
    items = AuditItems.from_table(planted.result.items)
    for pair in collect_pairs(planted.result)[0].pairs[:2]:
        query, real = pictures[pair.query_id, pair.transform], pictures[pair.real_id, Transform.AS_IS]
        np.testing.assert_array_equal(read(real), decode_item(items[pair.real_id], planted.settings).pixels)
        np.testing.assert_array_equal(read(query), read(real))


def test_controls_are_held_out_images(planted: PlantedAudit) -> None:
    controls = collect_controls(planted.result)
    assert planted.result.items is not None
    items = AuditItems.from_table(planted.result.items)
    assert {items[pair.query_id].role for pair in controls} == {"heldout"}
    assert [pair.rho for pair in controls] == sorted(pair.rho or 0 for pair in controls)


def test_the_report_shows_each_pair_beside_its_real_image(planted: PlantedAudit) -> None:
    pictures = picture_pairs(planted.result, settings=planted.settings)
    html = render_report(planted.result, pictures=pictures)
    page = Page(html)
    sources = [attrs["src"] for attrs in page.all("img")]
    first = collect_pairs(planted.result)[0].pairs[0]
    place = sources.index(pictures[first.query_id, first.transform].uri)
    assert sources[place + 1] == pictures[first.real_id, Transform.AS_IS].uri
    assert "Shows the same picture as a training image (q = " in page.text
    assert "real images that cannot be copies" in page.text
    assert page.open == []


def test_images_can_be_switched_off(planted: PlantedAudit) -> None:
    pictures = picture_pairs(planted.result, settings=planted.settings)
    page = Page(render_report(planted.result, pictures=pictures, content=ReportContent.NO_IMAGES))
    assert not page.all("img")
    assert "Version without images." in page.text
    assert collect_pairs(planted.result)[0].pairs[0].query in page.text


def test_an_image_that_changed_is_not_shown(planted: PlantedAudit, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert planted.result.items is not None
    items = AuditItems.from_table(planted.result.items)
    pair = collect_pairs(planted.result)[0].pairs[0]
    path, kept = items[pair.query_id].path, tmp_path / "kept.png"
    shutil.copy(path, kept)
    try:
        path.write_bytes(b"something else")
        pictures = picture_pairs(planted.result, settings=planted.settings)
    finally:
        shutil.copy(kept, path)
    assert pictures[pair.query_id, pair.transform].uri == ""
    text = Page(render_report(planted.result, pictures=pictures)).text
    assert "This image is not shown: it has changed since the audit." in text


def test_images_outside_the_folder_roots_are_not_shown(planted: PlantedAudit, tmp_path) -> None:  # type: ignore[no-untyped-def]
    confined = dataclasses.replace(planted.settings, confined_to=(tmp_path,))
    pictures = picture_pairs(planted.result, settings=confined)
    assert pictures
    assert {picture.uri for picture in pictures.values()} == {""}


def test_pictures_of_many_sets_shrink(planted: PlantedAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    full = picture_pairs(planted.result, settings=planted.settings)
    monkeypatch.setattr(report_pictures, "_SMALLEST_SIDE", 16)
    monkeypatch.setattr(report_pictures, "_MOST_SAMPLES", len(full) * 32**2)
    small = picture_pairs(planted.result, settings=planted.settings)
    assert {read(picture).shape for picture in full.values()} == {(48, 48)}
    assert {read(picture).shape for picture in small.values()} == {(32, 32)}
    assert {(picture.width, picture.height) for picture in small.values()} == {(48, 48)}


def test_reading_pictures_can_be_stopped(planted: PlantedAudit) -> None:
    class Impatient(SilentProgress):
        def advance(self, steps: int = 1) -> None:
            raise CancelledError

    with pytest.raises(CancelledError):
        picture_pairs(planted.result, settings=planted.settings, progress=Impatient())
