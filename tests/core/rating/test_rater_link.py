"""Links of raters: made with the workspace's own key."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from core.config import get_settings
from core.errors import StoreError
from core.rating.rater_link import make_rater_path


def test_a_link_is_good_for_one_rater_of_one_workspace(workspace: Path, tmp_path: Path) -> None:
    settings = get_settings()
    path = make_rater_path(settings, "0a1b2c3d4e5f6789")
    assert re.fullmatch(r"/rate/0a1b2c3d4e5f6789-[0-9a-f]{32}", path)
    assert make_rater_path(settings, "0a1b2c3d4e5f6789") == path
    elsewhere = dataclasses.replace(settings, home=tmp_path / "other")
    signatures = {
        one.rpartition("-")[2]
        for one in (
            path,
            make_rater_path(settings, "0a1b2c3d4e5f6788"),
            make_rater_path(elsewhere, "0a1b2c3d4e5f6789"),
        )
    }
    assert len(signatures) == 3
    assert (workspace / "image-key").stat().st_mode & 0o077 == 0


def test_a_damaged_key_is_named(workspace: Path) -> None:
    make_rater_path(get_settings(), "a")
    (workspace / "image-key").write_bytes(b"short")
    with pytest.raises(StoreError, match="is damaged; remove it, and a new one is made"):
        make_rater_path(get_settings(), "a")
