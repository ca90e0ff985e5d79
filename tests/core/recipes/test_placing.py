"""Files placed into a folder: whole or not at all, never over another's, and on from where it stopped."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.errors import CancelledError, InputError
from core.progress import SilentProgress
from core.recipes.claim import check_folder, claim_folder
from core.recipes.placing import Placed, Placement, PlacingMode, place_files


class StopsAfter(SilentProgress):
    """Cancels after some steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def advance(self, steps: int = 1) -> None:
        """Count down."""
        self._left -= steps
        if self._left < 0:
            raise CancelledError


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for row in range(4):
        (folder / f"{row}.png").write_bytes(bytes([row]) * 3000)
    return folder


def plan(sources: Path) -> list[Placement]:
    return [Placement(path, f"train/a b/{path.name}") for path in sorted(sources.iterdir())]


@pytest.mark.parametrize("mode", [PlacingMode.COPY, PlacingMode.LINK, PlacingMode.SYMLINK])
def test_files_are_placed_and_not_placed_again(sources: Path, tmp_path: Path, mode: PlacingMode) -> None:
    out = tmp_path / "out"
    n_symbolic = 4 if mode is PlacingMode.SYMLINK else 0
    assert place_files(plan(sources), out, mode=mode) == Placed(4, 0, n_symbolic)
    placed = sorted((out / "train/a b").iterdir())
    assert [path.read_bytes() for path in placed] == [path.read_bytes() for path in sorted(sources.iterdir())]
    assert placed[0].is_symlink() == (mode is PlacingMode.SYMLINK)
    assert placed[0].samefile(sources / "0.png") == (mode is not PlacingMode.COPY)
    assert place_files(plan(sources), out, mode=mode) == Placed(0, 4, n_symbolic)


def test_a_list_alone_places_nothing_but_looks_at_each_file(sources: Path, tmp_path: Path) -> None:
    gone = [*plan(sources), Placement(sources / "gone.png", "train/gone.png")]
    placed = place_files(gone, tmp_path / "out", mode=PlacingMode.MANIFEST)
    assert placed.failed == (("train/gone.png", "No such file or directory"),)
    assert not (tmp_path / "out").exists()


def test_a_stopped_run_goes_on_and_ends_as_an_uninterrupted_one(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(CancelledError):
        place_files(plan(sources), out, mode=PlacingMode.COPY, progress=StopsAfter(1))
    # What a killed process leaves behind.
    (out / "train/a b/.3.png.draft").write_bytes(b"half")
    assert place_files(plan(sources), out, mode=PlacingMode.COPY) == Placed(2, 2)
    assert sorted(path.name for path in (out / "train/a b").iterdir()) == [f"{row}.png" for row in range(4)]


@pytest.mark.parametrize("mode", [PlacingMode.COPY, PlacingMode.LINK, PlacingMode.SYMLINK])
def test_another_file_is_never_overwritten(sources: Path, tmp_path: Path, mode: PlacingMode) -> None:
    target = tmp_path / "out/train/a b/2.png"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    with pytest.raises(InputError, match=r"2\.png is there already"):
        place_files(plan(sources), tmp_path / "out", mode=mode)
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EPERM])
def test_where_there_are_no_hard_links_symbolic_ones_are_made(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "link", refuse)
    out = tmp_path / "out"
    assert place_files(plan(sources), out, mode=PlacingMode.LINK).n_symbolic == 4
    assert (out / "train/a b/1.png").read_bytes() == (sources / "1.png").read_bytes()
    assert place_files(plan(sources), out, mode=PlacingMode.LINK) == Placed(0, 4, 4)


@pytest.mark.parametrize("mode", list(PlacingMode))
def test_what_a_link_leads_out_to_is_left_out(sources: Path, tmp_path: Path, mode: PlacingMode) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    (sources / "9.png").symlink_to(secret)
    placed = place_files(plan(sources), tmp_path / "out", mode=mode, roots=(sources,))
    assert placed.failed == (("train/a b/9.png", "a link leads out of the folder of the images"),)
    assert not os.path.lexists(tmp_path / "out/train/a b/9.png")


@pytest.mark.parametrize("target", ["../x.png", "/x.png", "a/../../x.png", ""])
def test_targets_lead_out_of_the_folder_nowhere(sources: Path, tmp_path: Path, target: str) -> None:
    with pytest.raises(InputError, match="leads out of the output folder"):
        place_files([Placement(sources / "0.png", target)], tmp_path / "out", mode=PlacingMode.COPY)


def test_a_full_disk_is_said(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(InputError, match="No space left on device"):
        place_files(plan(sources), tmp_path / "out", mode=PlacingMode.COPY)


def test_a_folder_belongs_to_one_recipe(tmp_path: Path) -> None:
    out = tmp_path / "new/out"
    claim_folder(out, "one")
    claim_folder(out, "one")
    with pytest.raises(InputError, match="other options"):
        claim_folder(out, "two")


def test_folders_that_cannot_be_taken_are_refused(sources: Path, tmp_path: Path) -> None:
    for taken, message in ((sources, "not empty"), (sources / "0.png", "is a file")):
        with pytest.raises(InputError, match=message):
            claim_folder(taken, "one")
    with pytest.raises(InputError, match="within the folder of the images"):
        check_folder(sources, sources / "out")
    with pytest.raises(InputError, match="within the output folder"):
        check_folder(sources, tmp_path)
    (tmp_path / "link").symlink_to(sources)
    with pytest.raises(InputError, match="within the folder of the images"):
        check_folder(sources, tmp_path / "link" / "out")
    check_folder(sources, tmp_path / "out")
    assert not (tmp_path / "out").exists()
