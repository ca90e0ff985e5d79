"""Files that no scan described are read as a scan would: pictures, volumes, and the slices of a series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.config import get_settings
from core.datasets.image_set import Role
from core.datasets.item_source import decode_source
from core.datasets.scan import scan_image_set
from core.datasets.unscanned import look_at_files
from core.errors import ImageReadError
from tests.volumes import NARROW, write_deep, write_series, write_volumes

pytestmark = pytest.mark.usefixtures("workspace")


@pytest.mark.parametrize("write", [write_deep, write_volumes, write_series])
def test_it_sees_what_a_scan_sees(tmp_path: Path, write: object) -> None:
    folder = write(tmp_path / "set", 2)  # type: ignore[operator]
    item = scan_image_set(folder, role=Role.REAL, name="real", join_slices=True).items[0]
    seen = look_at_files(item.parts or (item.path,), get_settings(), digest=item.digest)
    facts = {
        name: getattr(item.facts, name) for name in ("format", "width", "height", "slices", "spacing_mm")
    }
    assert {name: getattr(seen.facts, name) for name in facts} == facts
    assert (seen.volume is not None) == item.facts.is_volume
    shown = decode_source(item.source, get_settings(), intensity=NARROW)
    np.testing.assert_array_equal(seen.show(NARROW).pixels, shown.pixels)


def test_a_volume_is_small_as_its_middle_slice_by_the_policy(tmp_path: Path) -> None:
    values = np.arange(5 * 4 * 6, dtype=np.uint16).reshape(5, 4, 6) * 30
    np.save(tmp_path / "a.npy", values)
    seen = look_at_files((tmp_path / "a.npy",), get_settings())
    wanted = np.rint(values[2] / values.max() * 255)
    np.testing.assert_array_equal(seen.show_small(), wanted.astype(np.uint8))
    narrow = np.rint(np.clip((values[2] - 799.5 - 0.0) / 399, 0, 1) * 255)
    assert np.abs(seen.show_small(NARROW).astype(int) - narrow).max() <= 1
    assert np.abs(seen.show_small(NARROW).astype(int) - seen.show_small()).max() > 50


def test_another_content_than_the_digest_says_is_refused(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "set", 1)
    paths = sorted(folder.rglob("*.dcm"))
    with pytest.raises(ImageReadError, match="changed since it was drawn"):
        look_at_files(paths, get_settings(), digest="0" * 64, since="it was drawn")
