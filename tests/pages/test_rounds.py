"""Rounds of the queue while nobody looks."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import DatabaseError
from pages._shared import rounds


def test_rounds_go_on_whatever_one_of_them_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[Exception] = [DatabaseError("The database is away."), KeyError("odd"), OSError("gone")]
    made = []

    def make_round() -> None:
        made.append(1)
        if met:
            raise met.pop(0)

    async def watch() -> None:
        async with rounds.make_rounds(None):  # type: ignore[arg-type]
            while len(made) < 5:
                await asyncio.sleep(0.01)

    monkeypatch.setattr(rounds, "_EVERY_S", 0.01)
    monkeypatch.setattr(rounds, "_make_round", make_round)
    asyncio.run(asyncio.wait_for(watch(), timeout=20))
    assert len(made) >= 5
