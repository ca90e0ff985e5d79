"""Prints a report as PDF with an installed Chromium or Chrome, which is no part of this package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.config import Settings
from core.errors import InputError, StoreError
from core.progress import Progress, SilentProgress

__all__ = ["find_browser", "print_pdf"]

_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
_TIMEOUT_S: Final = 180.0
_LOOK_EVERY_S: Final = 0.2

# A report holds everything that it shows; a browser that prints one has no business elsewhere.
_OPTIONS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    # As wide as the page in landscape, so that the layout is that of the paper.
    "--window-size=1120,1400",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)


def find_browser(settings: Settings) -> Path:
    """Find the browser that prints.

    Args:
        settings: may name one.

    Raises:
        InputError: if there is none, with what to do.
    """
    if settings.chromium is not None:
        if shutil.which(settings.chromium) is None:
            raise InputError(
                f"MEDSYN_CHROMIUM names {str(settings.chromium)!r}, which is no program; name the file of a "
                "Chromium or Chrome."
            )
        return settings.chromium
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise InputError(
        "A PDF is printed by Chromium or Chrome, and none was found: install one, name its file in "
        "MEDSYN_CHROMIUM, or take the HTML report."
    )


def print_pdf(
    html: str,
    path: Path,
    *,
    settings: Settings,
    progress: Progress | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> None:
    """Print a report to a PDF file in one step.

    The browser runs without a window and without a network, in a profile of its own that is removed
    afterwards, and in its sandbox (except for root, whom Chromium's sandbox refuses).

    Args:
        html: what `core.report.document.render_report` gave.
        path: the file to write; what is there is replaced.
        settings: may name the browser.
        progress: asked now and then whether to stop.
        timeout_s: after this long, the browser is ended.

    Raises:
        InputError: if there is no browser, or it prints nothing.
        StoreError: if the file cannot be written.
        CancelledError: if progress says so.
    """
    browser = find_browser(settings)
    progress = progress or SilentProgress()
    progress.start("Printing as PDF", 1, unit="documents")
    try:
        with tempfile.TemporaryDirectory(prefix="medsynaudit-print-") as name:
            folder = Path(name)
            # Names of any bytes stand in a report as they are read.
            (folder / "report.html").write_text(html, encoding="utf-8", errors="backslashreplace")
            _run(_command(browser, folder), folder, progress, timeout_s)
            printed = folder / "report.pdf"
            if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
                raise InputError(
                    f"The browser {browser} printed nothing; name another one in MEDSYN_CHROMIUM, or take "
                    "the HTML report and print it from a browser."
                )
            draft = path.with_name(f".{path.name}.draft")
            shutil.copyfile(printed, draft)
            draft.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"The PDF {path} cannot be written ({reason}).") from error
    progress.advance()


def _command(browser: Path, folder: Path) -> list[str]:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        str(browser),
        *_OPTIONS,
        *(["--no-sandbox"] if is_root else []),
        f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={folder / 'report.pdf'}",
        (folder / "report.html").as_uri(),
    ]


def _run(command: list[str], folder: Path, progress: Progress, timeout_s: float) -> None:
    """Run the browser to its end; it and what it started are ended when it takes too long or work stops."""
    # Its own words may repeat what the page holds: they go nowhere.
    process = subprocess.Popen(  # noqa: S603  the user's own browser
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder),
        },
        start_new_session=True,
    )
    end = time.monotonic() + timeout_s
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_EVERY_S)
                return
            progress.advance(0)
            if time.monotonic() > end:
                raise InputError(
                    f"The browser did not print the report within {timeout_s:.0f} seconds; take the HTML "
                    "report and print it from a browser."
                )
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the browser and its helpers; the group outlives its first process while helpers still run."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
