"""What has to hold when pytest divides the tests between processes: `pytest -n 2 --dist loadgroup`.

Tests of a file stay together, since they share fixtures. Those that share the demo or the rating server, or run
audits, are one group: such servers are started once. Nothing runs beside a test that drives a browser, nor beside
one marked `alone`, which measures time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["group_tests", "is_alone", "name_worker", "take_turn"]

_TESTS = Path(__file__).parent
_BROWSER = _TESTS / "browser"
# The browser tests' fixtures that take long, and serve several files.
_SHARED = {"demo", "rating_server"}


def name_worker() -> str | None:
    """The name of this process among the workers; None where pytest runs all tests itself."""
    return os.environ.get("PYTEST_XDIST_WORKER")


def group_tests(items: list[pytest.Item]) -> None:
    """Name for each test the group that one worker runs in one go, unless it names one itself.

    Workers take groups in the order of their first tests. The long one comes early; what drives a browser besides
    comes last, when the long one has ended or will soon.
    """
    if name_worker() is None:
        return
    groups = {item.path: item.path.relative_to(_TESTS).as_posix() for item in items}
    for item in items:
        if marker := item.get_closest_marker("xdist_group"):
            groups[item.path] = marker.args[0]
        elif item.path.is_relative_to(_BROWSER) and _SHARED & set(getattr(item, "fixturenames", ())):
            groups[item.path] = "servers"
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(groups[item.path]))
    items.sort(key=lambda item: item.path.is_relative_to(_BROWSER) and groups[item.path] != "servers")


def is_alone(item: pytest.Item) -> bool:
    """Tell whether nothing may run beside a test: it measures time, or drives a browser.

    Server, jobs and browser of one test keep two cores busy. Its waits are those of a machine with nothing else to
    do, and with another test beside them some were too short.
    """
    return item.get_closest_marker("alone") is not None or item.path.is_relative_to(_BROWSER)


@contextmanager
def take_turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait until a test may begin, and keep others from beginning as long as it needs.

    Args:
        folder: where the workers' locks are; the same for all workers of a run.
        alone: wait until no other test runs, and let none begin.
    """
    with _lock_file(folder / "entrance.lock") as entrance, _lock_file(folder / "running.lock") as running:
        # Who waits for the others to end holds the entrance, so that nobody overtakes.
        fcntl.flock(entrance, fcntl.LOCK_EX)
        fcntl.flock(running, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(entrance, fcntl.LOCK_UN)
        try:
            yield
        finally:
            # Said, not left to the closing: a forked child may have the file open still.
            fcntl.flock(running, fcntl.LOCK_UN)
            fcntl.flock(entrance, fcntl.LOCK_UN)


@contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield opened
    finally:
        os.close(opened)
