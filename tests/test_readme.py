"""README tells what is true: its commands exist, and its tables of facts are those of the registries."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import Settings
from tests.readme import BLOCKS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["metrics", "extractors"])
def test_tables_of_facts_are_those_of_the_code(name: str) -> None:
    block = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, flags=re.DOTALL)
    assert block is not None
    assert block[1] == BLOCKS[name](Settings.from_environment()), f"run `python -m tests.readme {name}`"


@pytest.mark.parametrize("name", BLOCKS)
def test_every_table_was_written(name: str) -> None:
    block = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, flags=re.DOTALL)
    assert block is not None
    assert block[1].count("\n") >= 2


def test_every_environment_variable_is_documented() -> None:
    files = [
        ROOT / "app.py",
        *(path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*.py")),
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    for variable in set(re.findall(r"MEDSYN_[A-Z_]+", code)):
        assert f"`{variable}`" in README, variable


def test_every_option_of_streamlit_is_documented() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))

    def names(part: dict[str, object], above: str = "") -> Iterator[str]:
        for name, value in part.items():
            if isinstance(value, dict):
                yield from names(value, f"{above}{name}.")
            else:
                yield f"{above}{name}"

    for name in names(config):
        group, _, last = name.rpartition(".")
        assert f"`{name}`" in README or (f"`{group}.*`" in README and f"`{last}`" in README), name


def test_every_page_is_documented() -> None:
    frame = (ROOT / "pages" / "_shared" / "frame.py").read_text(encoding="utf-8")
    titles = re.findall(r'^    \("\w+", "[\w/.]+", "([^"]+)"', frame, flags=re.MULTILINE)
    assert len(titles) >= 5
    for title in titles:
        assert f"| {title} |" in README, title


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file(), picture


def test_every_requirement_says_why_it_is_there() -> None:
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name = re.split(r"[<>=]", line)[0]
            assert re.search(rf"^\| {re.escape(name)}\b", README, flags=re.MULTILINE | re.IGNORECASE), name


def test_ci_runs_readmes_own_test_command() -> None:
    command = "pip install -r requirements.txt -r tests/requirements.txt && pytest -n 2 --dist loadgroup"
    assert command in README
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command.replace("pip install", "pip install -q") in script
