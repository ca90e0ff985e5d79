"""A dashboard with rating sessions of every kind, whose sets, classes and files have names that give them away."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import Database, open_database
from core.db.raters import list_raters, load_rater
from core.db.rating_answers import list_answers, standing_answers
from core.db.rating_record import NewAnswer, RaterRecord, RatingSessionRecord
from core.db.studies import save_study
from core.rating.design import SessionDesign, SetCount
from core.rating.rater_link import make_rater_path
from core.rating.session import create_session
from core.rating.stimuli import prepare_session
from tests.browser.dashboard import Dashboard
from tests.images import write_png

__all__ = ["DESIGNS", "SECRETS", "RatingServer", "enter", "start_rating_server", "until", "view"]

SETS: Final = ("ganzilla", "diffusaurus")
CLASSES: Final = ("mottledlung", "clearlung")
SESSION: Final = "unspoken session"
SECRETS: Final = (
    *SETS,
    *CLASSES,
    "heldoutfilms",
    "trainfilms",
    "genuine",
    "invented",
    SESSION,
    "Hushed study",
)
"""Names of sets, classes, folders, files, session and study: none of them may reach a rater."""

_PER_CLASS = 12
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def _counts(n: int) -> tuple[SetCount, ...]:
    """So many images of each class of each synthetic set, and as many real ones in all."""
    fakes = [SetCount(synthetic=name, class_name=one, n=n) for name in SETS for one in CLASSES]
    return (*fakes, *(SetCount(synthetic=None, class_name=one, n=2 * n) for one in CLASSES))


# Timed trials take a second each: two real and two synthetic images are enough.
_FEW: Final = (
    *(SetCount(synthetic=name, class_name=CLASSES[0], n=1) for name in SETS),
    SetCount(synthetic=None, class_name=CLASSES[0], n=2),
)
DESIGNS: Final[dict[str, dict[str, Any]]] = {
    # 24 + 4 repeats + 2 checks = 30 trials
    "plain": {"counts": _counts(3), "n_repeats": 4, "n_checks": 2, "n_raters": 12},
    "many": {"counts": _counts(5), "n_repeats": 8, "n_checks": 2, "n_raters": 20},
    "pair": {"counts": _counts(1), "task": "pair", "n_training": 1, "n_raters": 3},
    "fixed": {"counts": _FEW, "timing": "fixed", "exposure_frames": 9, "n_checks": 2},
    "staircase": {"counts": _FEW, "timing": "staircase", "n_training": 1, "shows_score": True},
    "joint": {"counts": _counts(1), "n_training": 2, "with_confidence": True, "is_joint": True},
}


@dataclass
class RatingServer:
    """The dashboard, its database, and which raters of each session have not come yet."""

    dashboard: Dashboard
    database: Database
    sessions: dict[str, RatingSessionRecord]
    links: dict[str, str]
    _free: dict[str, list[str]] = field(default_factory=dict)

    def invite(self, kind: str) -> str:
        """The id of a rater of that session who has not come yet."""
        free = self._free.setdefault(
            kind, [one.id for one in list_raters(self.database, self.sessions[kind].id)]
        )
        return free.pop(0)

    def link(self, rater_id: str) -> str:
        """The full address that the rater got."""
        return self.dashboard.url + self.links[rater_id]

    def rater(self, rater_id: str) -> RaterRecord:
        """The rater as the database has it."""
        return load_rater(self.database, rater_id)

    def answers(self, rater_id: str) -> dict[int, NewAnswer]:
        """The rater's standing answers by position."""
        return standing_answers(list_answers(self.database, rater_id=rater_id))

    def given(self, rater_id: str) -> list[NewAnswer]:
        """All that the rater handed in, withdrawals among it, in order."""
        return [one.given for one in list_answers(self.database, rater_id=rater_id)]

    def picture(self, rater_id: str, position: int, slot: int = 0) -> np.ndarray:
        """The image that the rater has to see at a trial."""
        rater = self.rater(rater_id)
        number = rater.trials[position].stimuli[slot]
        path = self.dashboard.home / "ratings" / rater.session_id / f"stimulus-{number}.png"
        return np.asarray(Image.open(path).convert("L"))

    def look_at(self, page: Page, rater_id: str, position: int, slot: int = 0) -> None:
        """Wait until the image of a trial is on the screen, pixel by pixel."""
        image = self.picture(rater_id, position, slot)

        def is_drawn() -> bool:
            seen = view(page, slot)
            return seen is not None and np.array_equal(seen, image)

        until(page, is_drawn, f"the image of trial {position}")
        # Drawn is not seen: that takes until the next frame.
        page.evaluate(_TWO_FRAMES)


def start_rating_server(folder: Path, kinds: tuple[str, ...] = tuple(DESIGNS)) -> RatingServer:
    """Make a study with a session of each kind, prepared, and start the dashboard on it."""
    dashboard = Dashboard(folder / "server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(dashboard.home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        patch.delenv("MEDSYN_DATABASE_URL", raising=False)
        get_settings.cache_clear()
        settings = get_settings()
        refs = {}
        for seed, name in enumerate(("trainfilms", "heldoutfilms", *SETS)):
            _write_set(dashboard.home / "data" / name, "invented" if name in SETS else "genuine", seed)
            refs[name] = FolderRef(root="data", path=name)
        folders = StudyFolders(
            real=refs["trainfilms"],
            heldout=refs["heldoutfilms"],
            synthetic=tuple(SyntheticFolder(name=name, folder=refs[name]) for name in SETS),
        )
        database = open_database(settings)
        study = save_study(database, name="Hushed study", folders=folders)
        sessions = {}
        for kind in kinds:
            design = SessionDesign.model_validate({"side_px": 64, "seed": 3} | DESIGNS[kind])
            made = create_session(database, settings, study=study, name=f"{SESSION} {kind}", design=design)
            prepare_session(database, settings, made.id)
            sessions[kind] = made
        links = {
            rater.id: make_rater_path(settings, rater.id)
            for made in sessions.values()
            for rater in list_raters(database, made.id)
        }
    get_settings.cache_clear()
    dashboard.start()
    return RatingServer(dashboard, database, sessions, links)


def enter(page: Page, address: str, *, experts: int = 1) -> None:
    """Come in as a rater for the first time, up to the first image."""
    page.goto(address)
    for at in range(experts):
        page.get_by_role("combobox", name="Role").nth(at).select_option("radiologist")
        page.get_by_role("spinbutton", name="Years").nth(at).fill(str(7 + at))
    page.get_by_role("checkbox", name="agree").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Start")).to_be_focused()


def view(page: Page, slot: int = 0) -> np.ndarray | None:
    """The pixels that a rater sees; None where the place is blank."""
    canvas = page.locator("canvas").nth(slot)
    data = canvas.evaluate("node => node.classList.contains('blank') ? '' : node.toDataURL().split(',')[1]")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L")) if data else None


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Wait for something that shows in the database or in pixels."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, f"not within 20 s: {what}"
        page.wait_for_timeout(15)


def _write_set(folder: Path, stem: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Sizes differ between sets, as they do between scanners and generators.
    side = 64 + 16 * seed
    for at in range(_PER_CLASS * len(CLASSES)):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
        write_png(folder / CLASSES[at % len(CLASSES)] / f"{stem}{seed}-{at:03d}.png", pixels)
