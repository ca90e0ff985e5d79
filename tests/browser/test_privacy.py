"""The review of copies by keys: nothing is lost, nothing is told too early, pixels are what files hold."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, WebSocket, expect

from core.audit.items import AuditItems, load_items
from core.audit.pairs import load_pairs
from core.audit.protocol import Protocol
from core.config import get_settings
from core.copies.transforms import Transform, apply_transform
from core.db.database import Database, open_database
from core.db.review_record import NewVerdict, ReviewPair, ReviewRecord, Verdict
from core.db.reviews import create_review, load_review_pairs
from core.db.verdicts import add_verdicts, list_verdicts
from core.jobs.job_folder import audit_folder
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from tests.browser.dashboard import Dashboard
from tests.browser.test_looks import check
from tests.films import keep_films
from tests.studies import keep_audit

pytestmark = pytest.mark.slow
VERDICT_KEYS = {"1": "copy", "2": "near copy", "3": "not a copy", "4": "unsure"}
PIXELS = """(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(data[at]);
  return { width: canvas.width, height: canvas.height, grey: btoa(text) };
}"""


@dataclass(frozen=True)
class Clinic:
    """A dashboard with one audit, and a way to start reviews of it."""

    server: Dashboard
    database: Database
    audit_id: str
    items: AuditItems

    def start_review(self, name: str) -> tuple[ReviewRecord, tuple[ReviewPair, ...]]:
        """Start a review of all pairs."""
        plan = ReviewPlan(seed=3)
        folder = self.server.home / "audits" / self.audit_id
        record = create_review(
            self.database,
            audit_id=self.audit_id,
            name=name,
            created_by="Chief",
            plan=plan.model_dump(mode="json"),
            pairs=plan_review(load_pairs(folder), self.items, plan),
        )
        return record, load_review_pairs(self.database, record.id)

    def read(self, item_id: str) -> np.ndarray:
        """The samples of an item's file."""
        return np.asarray(Image.open(self.items[item_id].path)).astype(np.uint16)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[Clinic]:
    """One server and one audit for all tests here; each has a review of its own."""
    server = Dashboard(tmp_path_factory.mktemp("privacy") / "server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(server.home))
        get_settings.cache_clear()
        settings = get_settings()
        audit_id = keep_audit(keep_films(), Protocol(extractors=("pixels",)))
        database = open_database(settings)
    get_settings.cache_clear()
    server.start()
    yield Clinic(server, database, audit_id, load_items(audit_folder(settings, audit_id)))
    server.close()
    database.close()


def open_review(page: Page, clinic: Clinic, review: ReviewRecord, reader: str) -> None:
    page.goto(f"{clinic.server.url}/privacy?review={review.id}&reader={reader}")
    expect(page.locator(".count")).to_contain_text("read", timeout=20_000)


def wait_until_drawn(page: Page, number: int) -> None:
    expect(page.locator(f".stage[data-drawn='{number}']")).to_be_visible(timeout=20_000)


def test_twenty_keys_without_a_gap_are_twenty_verdicts(new_page: Callable[..., Page], clinic: Clinic) -> None:
    review, pairs = clinic.start_review("Fast keys")
    page = new_page()
    open_review(page, clinic, review, "First+Reader")
    pressed = ["1", "3", "2", "4"] * 5
    for key in pressed:
        page.keyboard.press(key)
    expect(page.locator(".count")).to_have_text(f"20 of {len(pairs)} read", timeout=20_000)
    rows = list_verdicts(clinic.database, review.id)
    assert [row.number for row in rows] == list(range(20))
    assert [row.verdict for row in rows] == [VERDICT_KEYS[key] for key in pressed]
    assert {row.reviewer for row in rows} == {"First Reader"}

    # A reload resumes, and a correction is a further row.
    page.reload()
    expect(page.locator(".place")).to_have_text("Pair 21", timeout=20_000)
    page.keyboard.press("z")
    expect(page.locator(".place")).to_have_text("Pair 20")
    expect(page.locator(".count")).to_have_text(f"19 of {len(pairs)} read")
    page.keyboard.press("Shift+Digit2")
    page.keyboard.press("n")
    page.keyboard.type("Looks 1 to 1 alike")
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    expect(page.locator(".count")).to_have_text(f"20 of {len(pairs)} read")
    withdrawn, corrected = list_verdicts(clinic.database, review.id)[20:]
    assert (withdrawn.number, withdrawn.verdict) == (19, None)
    assert (corrected.number, corrected.verdict, corrected.confidence) == (19, Verdict.NEAR_COPY, 2)
    assert corrected.note == "Looks 1 to 1 alike"

    # Another reader, in another browser at the same time, starts anew and sees nothing of it.
    other = new_page()
    open_review(other, clinic, review, "Second")
    expect(other.locator(".count")).to_have_text(f"0 of {len(pairs)} read")
    expect(other.locator(".place")).to_have_text("Pair 1")
    expect(other.locator(".known")).to_be_empty()
    other.keyboard.press("4")
    page.keyboard.press("3")
    expect(other.locator(".count")).to_have_text(f"1 of {len(pairs)} read")
    expect(page.locator(".count")).to_have_text(f"21 of {len(pairs)} read")
    assert [row.number for row in list_verdicts(clinic.database, review.id, "Second")] == [0]


def test_verdicts_outlive_a_server_that_is_away(new_page: Callable[..., Page], clinic: Clinic) -> None:
    review, pairs = clinic.start_review("Lost server")
    page = new_page()
    open_review(page, clinic, review, "A")
    wait_until_drawn(page, 0)
    clinic.server.stop()
    for key in "134":
        page.keyboard.press(key)
    expect(page.locator(".count")).to_have_text(f"3 of {len(pairs)} read, 3 being stored")
    clinic.server.start()
    expect(page.locator(".count")).to_have_text(f"3 of {len(pairs)} read", timeout=40_000)
    rows = list_verdicts(clinic.database, review.id)
    assert [(row.number, row.verdict) for row in rows] == [(0, "copy"), (1, "not a copy"), (2, "unsure")]


def test_an_image_that_does_not_come_says_so_and_is_tried_again(
    new_page: Callable[..., Page], clinic: Clinic
) -> None:
    review, _ = clinic.start_review("Lost images")
    page = new_page()
    page.route("**/images/**", lambda route: route.abort("connectionrefused"))
    open_review(page, clinic, review, "A")
    expect(page.locator(".message")).to_contain_text("The server cannot be reached.")
    page.keyboard.press("4")
    expect(page.locator(".count")).to_contain_text("1 of")
    page.unroute("**/images/**")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Try again").click()
    wait_until_drawn(page, 0)
    page.keyboard.press("3")
    expect(page.locator(".known")).to_contain_text("Last verdict, pair 1: not a copy.")
    expect(page.locator(".count")).to_have_text(re.compile(r"1 of \d+ read$"))
    rows = list_verdicts(clinic.database, review.id)
    assert [(row.verdict, row.seen) for row in rows] == [(Verdict.UNSURE, False), (Verdict.NOT_A_COPY, True)]


def test_nothing_is_told_before_the_verdict(new_page: Callable[..., Page], clinic: Clinic) -> None:
    review, pairs = clinic.start_review("Blinded")
    page, frames = new_page(), []

    def listen(socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda data: frames.append(data if isinstance(data, bytes) else data.encode())
        )

    page.on("websocket", listen)
    open_review(page, clinic, review, "A")
    wait_until_drawn(page, 0)
    told = b"".join(frames).decode("utf-8", "ignore") + page.content()
    assert '"pairs"' in told, "the queue was meant to be among what was looked at"
    sent = json.JSONDecoder().raw_decode(told, told.index('{"identity"'))[0]
    assert sent["queue"] == [pair.number for pair in pairs]
    assert {tuple(sorted(one)) for one in sent["pairs"].values()} == {
        ("query", "real", "remark", "transform", "warp")
    }
    assert (sent["verdicts"], sent["evidence"], sent["history"]) == ({}, {}, [])
    for pair in pairs:
        for secret in (pair.evidence.distance, pair.evidence.rho, pair.evidence.pixel_agreement):
            assert secret is None or secret == round(secret, 3) or repr(secret) not in told
        for item in (pair.query_id, pair.real_id):
            assert clinic.items[item].item not in told
            assert clinic.items[item].digest not in told
    assert "heldout" not in told
    page.keyboard.press("1")
    first = "It is a control" if pairs[0].is_control else f"An image of {pairs[0].query_set}"
    expect(page.locator(".known")).to_contain_text(f"Last verdict, pair 1: copy. {first}")
    expect(page.locator(".known")).not_to_contain_text("pair 2")


def grey(page: Page, name: str = "left") -> np.ndarray:
    found = page.locator(f"canvas[data-pane={name}]").evaluate(PIXELS)
    samples = np.frombuffer(base64.b64decode(found["grey"]), dtype=np.uint8)
    return samples.astype(np.int32).reshape(found["height"], found["width"])


def settle(page: Page) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page: Page, key: str) -> np.ndarray:
    page.keyboard.press(key)
    settle(page)
    return grey(page)


def test_modes_and_windows_change_what_is_drawn(new_page: Callable[..., Page], clinic: Clinic) -> None:
    review, pairs = clinic.start_review("Modes")
    stranger = next(
        pair for pair in pairs if pair.evidence.distance is not None and pair.evidence.distance > 0.5
    )
    page = new_page(reduced_motion="reduce")
    open_review(page, clinic, review, "A")
    for _ in range(stranger.number):
        page.keyboard.press("ArrowRight")
    wait_until_drawn(page, stranger.number)
    beside = grey(page)
    swiped = press(page, "m")
    assert swiped.shape != beside.shape
    moved = press(page, ",")
    changed, divider = (moved != swiped).mean(axis=0), swiped.shape[1] // 2
    # Only what the divider went over shows the other image now; elsewhere edges of squares may round anew.
    assert changed[int(divider * 0.97) : divider].mean() > 0.5
    assert changed[: int(divider * 0.95)].max() == 0
    assert changed[divider + 1 :].mean() < 0.01
    page.locator(".divider").focus()
    dragged = press(page, "ArrowLeft")
    assert (dragged != moved).any()
    real = press(page, "m")
    assert page.locator(".stage .label").first.inner_text() == "Real training image"
    query = press(page, " ")
    assert (real != query).any()
    assert "Image under review" in page.locator(".stage .label").first.inner_text()
    assert (press(page, " ") == real).all()
    difference = press(page, "m")
    assert (difference != real).any()
    expect(page.locator(".scale")).to_contain_text(
        re.compile(r"−[\d.]+ darker.*\+[\d.]+ brighter.*Matched by ×")
    )
    assert (press(page, "m") == beside).all()
    copy = next(pair for pair in pairs if pair.evidence.distance == 0)
    for _ in range(stranger.number - copy.number):
        page.keyboard.press("ArrowLeft")
    for _ in range(copy.number - stranger.number):
        page.keyboard.press("ArrowRight")
    wait_until_drawn(page, copy.number)
    page.locator(".choice button", has_text="Difference").click()
    expect(page.locator(".scale")).to_have_text("No pixel differs.")
    assert np.ptp(press(page, "+")[200:-200, 400:-400]) == 0
    for _ in range(abs(stranger.number - copy.number)):
        page.keyboard.press("ArrowRight" if stranger.number > copy.number else "ArrowLeft")
    page.locator(".choice button", has_text="Side by side").click()
    wait_until_drawn(page, stranger.number)
    assert (press(page, "r") == beside).all()
    # Shift and drag: a narrower window has more black and white.
    box = page.locator("canvas[data-pane=left]").bounding_box()
    assert box
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 100, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    settle(page)
    windowed = grey(page)
    inside = slice(windowed.shape[0] // 4, -windowed.shape[0] // 4)
    assert np.isin(windowed[inside], (0, 255)).mean() > np.isin(beside[inside], (0, 255)).mean() + 0.1
    other = grey(page, "right")
    page.locator("canvas[data-pane=right]").dblclick()
    settle(page)
    assert (grey(page) == beside).all()
    assert (grey(page, "right") != other).any(), "both images are windowed together"
    inverted = press(page, "i")
    drawn = beside > 0
    assert np.abs(inverted[drawn] + beside[drawn] - 255).max() <= 1
    assert (press(page, "+") != inverted).any()
    press(page, "i")
    assert (press(page, "r") == beside).all()


def test_samples_arrive_unharmed_and_turned_exactly(new_page: Callable[..., Page], clinic: Clinic) -> None:
    review, pairs = clinic.start_review("Samples")
    page = new_page()
    turned = [pair for pair in pairs if pair.evidence.transform != Transform.AS_IS][:8]
    # Values under the pointer are told of judged pairs alone.
    given = [NewVerdict(pair.number, Verdict.COPY, f"t{pair.number}") for pair in turned]
    add_verdicts(clinic.database, review.id, "A", given)
    open_review(page, clinic, review, "A")
    for _ in pairs:
        page.keyboard.press("ArrowLeft")
    assert len({pair.evidence.transform for pair in turned}) > 4
    shown = 0
    for pair in turned:
        for _ in range(pair.number - shown):
            page.keyboard.press("ArrowRight")
        shown = pair.number
        wait_until_drawn(page, shown)
        expected = {
            "left": clinic.read(pair.real_id),
            "right": apply_transform(clinic.read(pair.query_id), Transform(pair.evidence.transform)),
        }
        for pane, samples in expected.items():
            box = page.locator(f"canvas[data-pane={pane}]").bounding_box()
            assert box
            page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3)
            said = page.locator(".hover").inner_text()
            found = re.fullmatch(r"(?:Real|Under review) at (\d+), (\d+): (\d+)", said)
            assert found, said
            column, row, value = map(int, found.groups())
            assert value == samples[row, column]
    # At one pixel of the screen a sample, the canvas holds every sample through the window and nothing else.
    page.keyboard.press("p")
    settle(page)
    samples = expected["left"].astype(float)
    wanted = np.rint(255 * (samples - samples.min()) / (samples.max() - samples.min()))
    canvas = grey(page)
    top, left = ((side - size) // 2 for side, size in zip(canvas.shape, samples.shape, strict=True))
    errors = [
        np.abs(canvas[y : y + samples.shape[0], x : x + samples.shape[1]] - wanted).max()
        for y in range(top - 1, top + 3)
        for x in range(left - 1, left + 3)
    ]
    assert min(errors) <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_reads_well(
    new_page: Callable[..., Page], clinic: Clinic, screenshots: Path | None, scheme: str
) -> None:
    review, pairs = clinic.start_review(f"Looks {scheme}")
    for reader, verdict in (("A", Verdict.COPY), ("B", Verdict.NOT_A_COPY)):
        said = [NewVerdict(pair.number, verdict, str(pair.number), confidence=4) for pair in pairs]
        add_verdicts(clinic.database, review.id, reader, said)
    page = new_page(color_scheme=scheme, reduced_motion="reduce")
    open_review(page, clinic, review, "A")
    wait_until_drawn(page, 0)
    page.keyboard.press("1")
    page.get_by_text("Outcome (unblinds)").click()
    expect(page.get_by_text("Lock the review")).to_be_visible(timeout=20_000)
    wrong = check(page, f"{scheme}-privacy-outcome", screenshots)
    page.get_by_role("button", name="Settle disagreements").click()
    expect(page.get_by_text("Readers said: copy, not a copy.")).to_be_visible(timeout=20_000)
    page.keyboard.press("m")
    page.keyboard.press("m")
    page.keyboard.press("m")
    wrong += check(page, f"{scheme}-privacy-difference", screenshots)
    assert not wrong, "\n".join(wrong)


def test_a_finished_review_is_exported_and_locked(new_page: Callable[..., Page], clinic: Clinic) -> None:
    review, pairs = clinic.start_review("Finished")
    page = new_page()
    open_review(page, clinic, review, "A")
    page.get_by_text("Outcome (unblinds)").click()
    expect(page.get_by_text("Nobody has given a verdict yet.")).to_be_visible()
    for pair in pairs[:-1]:
        page.keyboard.press("3" if pair.is_control or pair.evidence.q_value is None else "1")
    expect(page.locator(".count")).to_have_text(f"{len(pairs) - 1} of {len(pairs)} read", timeout=20_000)
    page.reload()
    expect(page.locator(".place")).to_have_text(f"Pair {len(pairs)}", timeout=20_000)
    page.get_by_text("Outcome (unblinds)").click()
    expect(page.get_by_text("1 pairs are left for you to read.")).to_be_visible()
    page.locator(".place").click()
    for key in "33":
        page.keyboard.press(key)
    expect(page.get_by_text("Every pair of this list is read.")).to_be_visible()
    page.reload()
    page.get_by_text("Outcome (unblinds)").click(timeout=20_000)
    with page.expect_download() as started:
        page.get_by_role("button", name="Review, JSON").click(timeout=20_000)
    document = json.loads(started.value.path().read_text(encoding="utf-8"))
    assert len(document["pairs"]) == len(pairs)
    assert document["pairs"][0]["query"]["digest"] == pairs[0].query_digest
    with page.expect_download() as started:
        page.get_by_role("button", name="Verdicts, CSV").click()
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text(encoding="utf-8-sig"))))
    # The key after the last pair says nothing.
    assert [int(row["pair"]) for row in rows] == [pair.number + 1 for pair in pairs]
    page.get_by_role("button", name="Lock the review").click()
    page.get_by_role("button", name="Lock for good").click()
    expect(page.get_by_text(re.compile("Locked by A on .*: no verdict is taken any more"))).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".verdicts button").first).to_be_disabled()
    assert len(list_verdicts(clinic.database, review.id)) == len(pairs)
