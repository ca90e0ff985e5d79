"""`audit` and `study audit` hand intensity, joining and view on to the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import core.audit.run
import core.jobs.submission
from core.audit.protocol import Protocol
from core.cli import main
from core.config import get_settings
from core.db.database import open_database
from core.db.studies import save_study
from core.errors import InputError
from core.features.volume_view import VolumeView
from core.images.intensity import PRESETS
from tests.images import write_images
from tests.studies import small_folders

ASKED = ["--intensity", "lung", "--join-slices", "--volume-view", "montage"]
WANTED = {"intensity": PRESETS["lung"], "join_slices": True, "volume_view": VolumeView.MONTAGE}


@pytest.mark.parametrize(("options", "wanted"), [([], {}), (ASKED, WANTED)])
def test_options_reach_the_protocol(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], wanted: dict[str, Any]
) -> None:
    seen: list[Protocol] = []

    def capture(*arguments: Any, **_: Any) -> None:
        seen.extend(one for one in arguments if isinstance(one, Protocol))
        raise InputError("reached")

    monkeypatch.setattr(core.audit.run, "run_audit", capture)
    monkeypatch.setattr(core.jobs.submission, "submit_audit", capture)
    data = workspace / "data"
    write_images(data / "real", 2)
    places = ["--real", str(data / "real"), "--synthetic", str(data / "real"), "--output", str(data / "out")]
    save_study(open_database(get_settings()), name="Films", folders=small_folders(data))
    for command in (["audit", *places], ["study", "audit", "Films"]):
        with pytest.raises(SystemExit):
            main([*command, *options])
    assert seen == [Protocol().model_copy(update=wanted)] * 2
