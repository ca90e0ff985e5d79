"""The review of volumes: slices step linked by wheel and keys, turned as the match, and verdicts go on."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
from playwright.sync_api import Page, Route, WebSocket, expect

from core.audit.items import AuditItems, load_items
from core.audit.pairs import load_pairs
from core.audit.protocol import Protocol
from core.config import get_settings
from core.db.database import Database, open_database
from core.db.review_record import ReviewPair, Verdict
from core.db.reviews import create_review, load_review_pairs
from core.db.verdicts import list_verdicts
from core.jobs.job_folder import audit_folder
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from core.review.volume_match import find_matches
from tests.browser.dashboard import Dashboard
from tests.browser.test_looks import check
from tests.browser.test_privacy import PIXELS
from tests.heads import SHAPE, keep_heads
from tests.studies import keep_audit

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Clinic:
    """A dashboard with one review of volumes."""

    server: Dashboard
    database: Database
    items: AuditItems
    audit_id: str
    review_id: str
    pairs: tuple[ReviewPair, ...]
    starts: dict[int, tuple[int, int, int]]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[Clinic]:
    server = Dashboard(tmp_path_factory.mktemp("volumes") / "server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(server.home))
        get_settings.cache_clear()
        settings = get_settings()
        audit_id = keep_audit(keep_heads(), Protocol(extractors=("pixels",)))
        database = open_database(settings)
        folder = audit_folder(settings, audit_id)
        items, table, plan = load_items(folder), load_pairs(folder), ReviewPlan(seed=3)
    get_settings.cache_clear()
    record = create_review(
        database,
        audit_id=audit_id,
        name="Volumes",
        created_by="Chief",
        plan=plan.model_dump(mode="json"),
        pairs=plan_review(table, items, plan),
    )
    pairs = load_review_pairs(database, record.id)
    matches = find_matches(table, pairs)
    starts = {number: match.find_start(SHAPE) for number, match in matches.items()}
    server.start()
    yield Clinic(server, database, items, audit_id, record.id, pairs, starts)
    server.close()
    database.close()


def expect_slice(page: Page, plane: str, index: int) -> int:
    """Wait until a slice of the real volume is drawn; returns the number of the one beside it."""
    stage = page.locator(f".stage[data-slice^='{plane} {index} ']")
    expect(stage).to_be_visible(timeout=20_000)
    return int((stage.get_attribute("data-slice") or "").split()[2])


def test_volumes_are_read_slice_by_slice(
    new_page: Callable[..., Page], clinic: Clinic, screenshots: Path | None
) -> None:
    page, frames = new_page(color_scheme="dark", reduced_motion="reduce"), []

    def listen(socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda data: frames.append(data if isinstance(data, bytes) else data.encode())
        )

    page.on("websocket", listen)
    page.goto(f"{clinic.server.url}/privacy?review={clinic.review_id}&reader=A")
    copy = next(pair for pair in clinic.pairs if pair.evidence.distance == 0)
    for _ in range(copy.number):
        page.locator(".count").wait_for(timeout=20_000)
        page.keyboard.press("ArrowRight")
    axial, coronal, sagittal = clinic.starts[copy.number]
    assert expect_slice(page, "axial", axial) == axial

    # Where the two agree is not told before the verdict.
    told = b"".join(frames).decode("utf-8", "ignore")
    sent = json.JSONDecoder().raw_decode(told, told.index('{"identity"'))[0]
    assert sent["agreement"] == {}
    assert set(sent["pairs"][str(copy.number)]["volume"]) == {"real", "query", "shift", "over", "start"}
    expect(page.locator(".strip")).to_be_hidden()

    # Keys and the wheel step through both volumes.
    real = np.asarray(nibabel.load(clinic.items[copy.real_id].path).dataobj).transpose(2, 1, 0)
    page.locator("canvas[data-pane=left]").hover()
    page.mouse.wheel(0, 120)
    expect_slice(page, "axial", axial + 1)
    page.mouse.move(700, 400)
    page.mouse.move(500, 350)
    for slice_number in (axial + 1, axial + 2):
        expect_slice(page, "axial", slice_number)
        said = page.locator(".hover").inner_text()
        found = re.fullmatch(r"Real at (\d+), (\d+): (\d+)", said)
        assert found, said
        column, row, value = map(int, found.groups())
        assert value == real[slice_number, row, column]
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    for key, index in (("ArrowUp", axial), ("Home", 0), ("PageDown", 5), ("End", SHAPE[0] - 1)):
        page.keyboard.press(key)
        expect_slice(page, "axial", index)
    page.keyboard.press("s")
    expect_slice(page, "sagittal", sagittal)
    page.keyboard.press("c")
    expect_slice(page, "coronal", coronal)
    expect(page.locator(".slider.wide output")).to_have_text(
        f"{coronal + 1} of {SHAPE[1]}, at {coronal:.1f} mm, 1.0 mm apart"
    )
    # Turned as the match, the copy is the real volume in each plane; as stored, it is not.
    page.keyboard.press("f")
    expect(page.locator(".stage .label").last).to_contain_text("as stored; matched when turned 90° clockwise")
    for _ in range(3):
        page.keyboard.press("m")
    for key in "cas":
        page.keyboard.press(key)
        expect(page.locator(".scale")).to_have_text("No pixel differs.")
    page.keyboard.press("m")
    page.keyboard.press("f")

    # A slow server leaves what is there until the next slice comes.
    held: list[Route] = []
    is_slow = True
    page.route("**/images/**", lambda route: held.append(route) if is_slow else route.continue_())
    page.keyboard.press("Home")
    page.keyboard.press("End")
    expect(page.locator(".late")).to_have_text("Loading the slice")
    expect_slice(page, "sagittal", sagittal)
    is_slow = False
    for route in held:
        route.continue_()
    expect_slice(page, "sagittal", SHAPE[2] - 1)
    expect(page.locator(".late")).to_be_empty()

    # Unlinked, the wheel steps the volume below it.
    page.keyboard.press("l")
    page.keyboard.press("PageUp")
    before = expect_slice(page, "sagittal", SHAPE[2] - 6)
    page.locator("canvas[data-pane=right]").hover()
    page.mouse.wheel(0, -120)
    expect(page.locator(f".stage[data-slice='sagittal {SHAPE[2] - 6} {before - 1}']")).to_be_visible()
    page.keyboard.press("l")
    expect(page.locator(f".stage[data-slice='sagittal {SHAPE[2] - 6} {before}']")).to_be_visible()

    page.keyboard.press("1")
    expect(page.locator(".count")).to_have_text(f"1 of {len(clinic.pairs)} read")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("4")
    expect(page.locator(".count")).to_have_text(f"2 of {len(clinic.pairs)} read")
    rows = list_verdicts(clinic.database, clinic.review_id)
    assert (rows[0].number, rows[0].verdict) == (copy.number, Verdict.COPY)
    assert rows[0].seen
    assert rows[1].verdict == Verdict.UNSURE
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".strip")).to_contain_text("Agreement of sagittal slices")
    assert not (wrong := check(page, "dark-privacy-volumes", screenshots)), "\n".join(wrong)


def test_a_large_volume_is_looked_through_slice_by_slice(
    new_page: Callable[..., Page], clinic: Clinic
) -> None:
    page = new_page(color_scheme="light")
    page.goto(f"{clinic.server.url}/compare?audit={clinic.audit_id}")
    tiles = page.locator(".tile")
    expect(tiles.first).to_be_visible(timeout=20_000)
    item = clinic.items[tiles.first.get_attribute("data-item") or ""]
    tiles.first.click()
    dialog = page.locator("dialog.large")
    middle = SHAPE[0] // 2
    expect(dialog).to_have_attribute("data-slice", f"axial {middle}")
    dialog.locator("canvas").hover()
    page.mouse.wheel(0, 120)
    expect(dialog).to_have_attribute("data-slice", f"axial {middle + 1}")
    values = np.asarray(nibabel.load(item.path).dataobj).transpose(2, 1, 0).astype(float)
    levels = 255 * (values[middle + 1] - values.min()) / (values.max() - values.min())
    found = dialog.locator("canvas").evaluate(PIXELS)
    drawn = np.frombuffer(base64.b64decode(found["grey"]), np.uint8).reshape(levels.shape)
    assert np.abs(drawn - levels).max() <= 1
    page.keyboard.press("s")
    page.keyboard.press("End")
    expect(dialog).to_have_attribute("data-slice", f"sagittal {values.shape[2] - 1}")
    expect(dialog.locator(".about")).to_contain_text(f"sagittal {values.shape[2]} of {values.shape[2]}, at ")
    # Where a volume was looked at, the next one is looked at, too.
    other = page.locator(".tile[data-row='1'][data-column='0']").get_attribute("data-item")
    page.keyboard.press("ArrowDown")
    expect(dialog).to_have_attribute("data-item", other or "")
    expect(dialog.locator("canvas")).to_have_attribute("aria-label", re.compile("sample 2, sagittal 24$"))
