"""`python -m core report`: another report of a finished audit, without a browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.cli import main
from core.config import get_settings
from core.db.database import open_database
from core.jobs.job_folder import audit_folder
from tests.studies import keep_audit, keep_study


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit, to be looked at, not changed."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        audit_id = keep_audit(keep_study())
        open_database(get_settings()).close()
        folder = audit_folder(get_settings(), audit_id)
    get_settings.cache_clear()
    return folder


@pytest.fixture
def folder(kept: Path, workspace: Path) -> Path:
    """The audit, in a fresh workspace."""
    return kept


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["report", *map(str, arguments)])
    output, errors = capsys.readouterr()
    return int(stop.value.code or 0), output, errors


def test_the_content_is_chosen(capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "report.html"
    sizes = []
    for options, has_images, has_names in (
        ((), True, True),
        (("--no-images",), False, True),
        (("--de-identified",), False, False),
        (("--no-images", "--de-identified"), False, False),
    ):
        status, output, _ = run(capsys, "--audit", folder, "--output", out, *options)
        assert (status, output) == (0, f"Report: {out}\n")
        body = out.read_text(encoding="utf-8").partition('id="figure-data"')[0]
        assert ("<img " in body, "0003.png" in body) == (has_images, has_names)
        sizes.append(out.stat().st_size)
    assert sizes[2] == sizes[3]
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--output", "report.txt"), "must end with .html"),
        (("--output", "x.html", "--review", "none"), "none"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    status, _, errors = run(capsys, "--audit", folder, *arguments)
    assert status == 2
    assert words in errors
    assert errors.count("\n") == 1


def test_a_folder_without_an_audit_is_named(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    status, _, errors = run(capsys, "--audit", tmp_path, "--output", tmp_path / "x.html")
    assert status == 2
    assert str(tmp_path / "audit.json") in errors


def test_a_missing_browser_is_said_before_any_work(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    status, _, errors = run(capsys, "--audit", folder, "--output", tmp_path / "x.html", "--pdf")
    assert status == 2
    assert "MEDSYN_CHROMIUM" in errors
    assert not (tmp_path / "x.html").exists()


def test_the_pdf_stands_beside_the_page(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        '#!/bin/sh\nfor one in "$@"; do case $one in --print-to-pdf=*) echo %PDF > "${one#*=}";; esac; done\n'
    )
    browser.chmod(0o755)
    monkeypatch.setenv("MEDSYN_CHROMIUM", str(browser))
    get_settings.cache_clear()
    status, output, _ = run(
        capsys, "--audit", folder, "--output", tmp_path / "x.html", "--no-images", "--pdf"
    )
    assert (status, output.splitlines()[1]) == (0, f"PDF: {tmp_path / 'x.pdf'}")
    assert (tmp_path / "x.pdf").read_bytes() == b"%PDF\n"
