"""A PDF is printed by an installed browser, or one sentence says what is missing."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import time
from pathlib import Path

import psutil
import pytest

from core.config import Settings, get_settings
from core.errors import CancelledError, InputError, StoreError
from core.progress import SilentProgress
from core.report.content import ReportContent
from core.report.document import render_report
from core.report.pdf import find_browser, print_pdf
from tests.core.audit.fixtures import build_result


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return get_settings()


def pretend(path: Path, script: str) -> Path:
    """A program in the browser's place."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def works(pid: int) -> bool:
    """Whether a process is there; one that ended may wait for its parent to ask after it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_a_report_becomes_a_pdf_of_several_pages(settings: Settings, tmp_path: Path) -> None:
    try:
        find_browser(settings)
    except InputError as error:
        if os.environ.get("MEDSYN_REQUIRE_ALL") == "1":
            raise
        pytest.skip(str(error))
    path = tmp_path / "report.pdf"
    before = set(tmp_path.iterdir())
    print_pdf(render_report(build_result(), content=ReportContent.NO_IMAGES), path, settings=settings)
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > 2
    # Chromium writes the headings as the document's outline; folded parts of the page are among them.
    for heading in (b"The answer", b"Metrics", b"Nearest pairs", b"Settings", b"Glossary"):
        assert b"(" + heading + b")" in data
    assert set(tmp_path.iterdir()) == before | {path}


def test_no_browser_is_one_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match="MEDSYN_CHROMIUM, or take the HTML report"):
        find_browser(settings)
    with pytest.raises(InputError, match="no program"):
        find_browser(dataclasses.replace(settings, chromium=Path("/no/such/browser")))


def test_the_chosen_browser_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Path) -> None:
    chosen = pretend(tmp_path / "my-browser", "exit 0")
    monkeypatch.setenv("MEDSYN_CHROMIUM", str(chosen))
    get_settings.cache_clear()
    assert find_browser(get_settings()) == chosen


def test_a_browser_that_prints_nothing_is_named(settings: Settings, tmp_path: Path) -> None:
    mute = pretend(tmp_path / "mute", "exit 1")
    with pytest.raises(InputError, match="mute printed nothing"):
        print_pdf("<p>", tmp_path / "x.pdf", settings=dataclasses.replace(settings, chromium=mute))
    assert not (tmp_path / "x.pdf").exists()


def test_the_browser_gets_no_network_and_its_own_profile(settings: Settings, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f'echo "$@" > {seen}; for one in "$@"; do case $one in --print-to-pdf=*) echo %PDF > "${{one#*=}}";; esac; done'
    browser = pretend(tmp_path / "browser", script)
    print_pdf("<p>", tmp_path / "x.pdf", settings=dataclasses.replace(settings, chromium=browser))
    options = seen.read_text()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in options
    assert "--user-data-dir=" in options
    assert ("--no-sandbox" in options) == (os.geteuid() == 0)
    profile = re.search(r"--user-data-dir=(\S+)", options)
    assert profile is not None
    assert not Path(profile[1]).parent.exists()


@pytest.mark.parametrize("why", ["slow", "cancelled"])
def test_a_browser_that_hangs_is_ended_with_what_it_started(
    settings: Settings, tmp_path: Path, why: str
) -> None:
    note = tmp_path / "pid"
    hangs = pretend(tmp_path / "hangs", f"sleep 60 & echo $! > {note}; wait")

    class Impatient(SilentProgress):
        def advance(self, steps: int = 1) -> None:
            if why == "cancelled" and note.exists() and note.read_text():
                raise CancelledError

    begun = time.monotonic()
    with pytest.raises(CancelledError if why == "cancelled" else InputError):
        print_pdf(
            "<p>",
            tmp_path / "x.pdf",
            settings=dataclasses.replace(settings, chromium=hangs),
            progress=Impatient(),
            timeout_s=30 if why == "cancelled" else 1,
        )
    assert time.monotonic() - begun < 20
    child = int(note.read_text())
    while works(child):
        assert time.monotonic() - begun < 30
        time.sleep(0.05)


def test_a_folder_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    browser = pretend(
        tmp_path / "browser",
        'for one in "$@"; do case $one in --print-to-pdf=*) echo %PDF > "${one#*=}";; esac; done',
    )
    with pytest.raises(StoreError, match="cannot be written"):
        print_pdf("<p>", tmp_path / "no" / "x.pdf", settings=dataclasses.replace(settings, chromium=browser))
