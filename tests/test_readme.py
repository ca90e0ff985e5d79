"""README tells what is true: its commands exist, and its tables of facts are those of the registries."""

from __future__ import annotations

import re
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
    assert block[1].count("\n") > 2


def test_every_environment_variable_is_documented() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "core").rglob("*.py"))
    for variable in set(re.findall(r"MEDSYN_[A-Z_]+", code)):
        assert f"`{variable}`" in README, variable


def test_every_requirement_says_why_it_is_there() -> None:
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name = re.split(r"[<>=]", line)[0]
            assert re.search(rf"^\| {re.escape(name)}\b", README, flags=re.MULTILINE | re.IGNORECASE), name


def test_ci_runs_readmes_own_test_command() -> None:
    command = "pip install -r requirements.txt -r tests/requirements.txt && pytest"
    assert command in README
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command.replace("pip install", "pip install -q") in script
