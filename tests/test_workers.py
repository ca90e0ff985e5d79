"""Tests divided between processes: what measures time runs alone, and what shares servers stays together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import workers
from tests.workers import group_tests, is_alone, take_turn

TESTS = Path(workers.__file__).parent
SOON_S = 20.0


class Runner:
    """A worker's thread: waits for its turn, then keeps it until told to end."""

    def __init__(self, folder: Path, *, alone: bool) -> None:
        self.begun, self._may_end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(folder, alone), daemon=True)
        self._thread.start()

    def _run(self, folder: Path, alone: bool) -> None:
        with take_turn(folder, alone=alone):
            self.begun.set()
            self._may_end.wait(SOON_S)

    def end(self) -> None:
        self._may_end.set()
        self._thread.join(SOON_S)
        assert not self._thread.is_alive()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Runner]]:
    """Let another worker ask for its turn."""
    with ExitStack() as stack:

        def start(*, alone: bool = False) -> Runner:
            runner = Runner(tmp_path, alone=alone)
            stack.callback(runner.end)
            return runner

        yield start


def test_tests_run_beside_each_other(begin: Callable[..., Runner]) -> None:
    assert all(begin().begun.wait(SOON_S) for _ in range(3))


def test_who_is_alone_waits_for_the_others_and_nobody_overtakes(begin: Callable[..., Runner]) -> None:
    first = begin()
    assert first.begun.wait(SOON_S)
    alone = begin(alone=True)
    assert not alone.begun.wait(0.2)
    late = begin()
    assert not late.begun.wait(0.2)
    first.end()
    assert alone.begun.wait(SOON_S)
    assert not late.begun.wait(0.2)
    alone.end()
    assert late.begun.wait(SOON_S)


def test_a_turn_ends_with_an_error_too(tmp_path: Path, begin: Callable[..., Runner]) -> None:
    with pytest.raises(ZeroDivisionError), take_turn(tmp_path, alone=True):
        _ = 1 / 0
    assert begin(alone=True).begun.wait(SOON_S)


class Item:
    """As much of a test as its group depends on."""

    def __init__(self, path: str, *fixturenames: str, group: str | None = None) -> None:
        self.path, self.fixturenames = TESTS / path, fixturenames
        self.marks = [] if group is None else [pytest.mark.xdist_group(group).mark]

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next((one for one in self.marks if one.name == name), None)

    def add_marker(self, marker: pytest.MarkDecorator) -> None:
        self.marks.append(marker.mark)


def make_items() -> list[Any]:
    return [
        Item("browser/test_light.py"),
        Item("browser/test_rater.py"),
        Item("browser/test_rater.py", "page", "rating_server"),
        Item("browser/test_audits.py", group="servers"),
        Item("core/x/test_b.py"),
        Item("core/x/test_b.py", "demo"),
    ]


def test_files_stay_together_and_so_do_tests_with_the_same_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    items = make_items()
    group_tests(items)
    assert all(len(item.marks) == 1 for item in items)
    assert [item.marks[0].args[0] for item in items] == [
        *["servers"] * 3,
        *["core/x/test_b.py"] * 2,
        "browser/test_light.py",
    ]


def test_nothing_runs_beside_a_browser() -> None:
    browser, core = make_items()[0], make_items()[4]
    assert is_alone(browser)
    assert not is_alone(core)
    core.add_marker(pytest.mark.alone)
    assert is_alone(core)


def test_a_single_process_takes_tests_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    items = make_items()
    group_tests(items)
    assert [len(item.marks) for item in items] == [0, 0, 0, 1, 0, 0]
    assert [item.path for item in items] == [item.path for item in make_items()]
