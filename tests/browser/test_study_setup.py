"""A study made with the folder picker: from real X-rays, and below a root full of traps."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.audits import write_study
from tests.browser.dashboard import Dashboard
from tests.images import write_images, write_png

pytestmark = pytest.mark.slow

MARKUP = "<img src=x onerror=alert(1)>"
ODD = ("with two  spaces", "Größe äöü", "line\nfeed", "-leading dash", MARKUP, "a & b;c#d?e%41=f+g", "'\"`")
N_FILES, N_FOLDERS = 50_000, 3_000


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder root with names, links and numbers that break what is not careful."""
    root = tmp_path_factory.mktemp("hostile") / "root"
    outside = root.parent / "outside"
    write_images(outside / "secret", 2)
    for place, name in enumerate(ODD):
        write_images(root / "odd" / name, 3, seed=place)
    (root / "links").mkdir()
    (root / "links" / "out").symlink_to(outside)
    (root / "links" / "up").symlink_to("../..")
    (root / "links" / "absolute").symlink_to("/etc")
    (root / "links" / "within").symlink_to(root / "odd")
    (root / "many folders").mkdir()
    for number in range(N_FOLDERS):
        (root / "many folders" / f"patient {number:04d}").mkdir()
    write_png(root / "many folders" / "patient 2718" / "one.png", np.zeros((16, 16), np.uint8))
    (root / "many files").mkdir()
    for number in range(N_FILES):
        os.close(os.open(root / "many files" / f"{number:05d}.png", os.O_CREAT | os.O_WRONLY))
    (root / "odd" / "labels.csv").write_text("file,label,patient\n0000.png,normal,p1\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, hostile: Path, chromium_path: str
) -> Iterator[Dashboard]:
    """One dashboard for what is only looked at."""
    one = Dashboard(tmp_path_factory.mktemp("setup") / "server", MEDSYN_DATA_ROOTS=f"films={hostile}")
    one.start()
    yield one
    one.close()


def pick(page: Page, field: str) -> Locator:
    """Open the folder picker of a field; returns its dialog."""
    page.locator(f".st-key-pick_{field}").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Folder root")).to_be_visible()
    return dialog


def enter(dialog: Locator, name: str, *, key: str = "") -> None:
    """Open a folder of the list, with the pointer or with a key, and wait until it is the one shown."""
    button = dialog.get_by_role("table").get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    if key:
        button.focus()
        button.press(key)
    else:
        button.click()
    # It has become a step of the path, from which the way leads up again.
    steps = dialog.locator("[class*=st-key-up_]").get_by_role("button")
    expect(steps.last).to_contain_text(name)


def use(page: Page, dialog: Locator, *, key: str = "") -> None:
    """Take the folder that is shown."""
    button = dialog.get_by_role("button", name="Use this folder")
    if key:
        button.focus()
        button.press(key)
    else:
        button.click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_study_of_real_x_rays(page: Page, dashboard: Callable[..., Dashboard], shared_data: Path) -> None:
    server = dashboard(MEDSYN_DATA_ROOTS=f"xrays={shared_data}")
    page.goto(f"{server.url}/setup")
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.fill("COVID films, StyleGAN2")
    name.press("Enter")

    dialog = pick(page, "real")
    enter(dialog, "cxr_covid")
    enter(dialog, "real")
    use(page, dialog)
    expect(page.get_by_text("108 files.")).to_be_visible()
    pictures = page.locator(".thumbnails img")
    expect(pictures.first).to_be_visible()
    seen = pictures.count()
    assert seen >= 6
    assert all(pictures.evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 16)"))

    # The same with the keyboard alone.
    page.locator(".st-key-pick_synthetic").get_by_role("button").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    root = dialog.locator("[class*=st-key-up_]").get_by_role("button").first
    expect(root).to_contain_text("xrays")
    root.focus()
    page.keyboard.press("Enter")
    enter(dialog, "synthetic", key="Enter")
    enter(dialog, "cxr_covid_stylegan2_late", key="Enter")
    before = page.url
    use(page, dialog, key="Enter")
    expect(page.get_by_text("200 files.")).to_be_visible()
    page.wait_for_url(lambda url: url != before)
    expect(page.get_by_role("button", name="Save study")).to_be_visible()

    # Back undoes the last choice, forward makes it again, a reload changes nothing.
    page.go_back()
    expect(page.get_by_text("200 files.")).to_have_count(0)
    expect(page.get_by_text("108 files.")).to_be_visible()
    page.go_forward()
    expect(page.get_by_text("200 files.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("108 files.")).to_be_visible()
    expect(page.get_by_text("200 files.")).to_be_visible()
    expect(name).to_have_value("COVID films, StyleGAN2")

    page.get_by_role("button", name="Save study").click()
    expect(page.get_by_role("heading", name="Run audit")).to_be_visible()
    expect(page.get_by_role("combobox", name="Study")).to_have_value("COVID films, StyleGAN2")
    page.goto(server.url)
    expect(page.get_by_role("row").filter(has_text="COVID films, StyleGAN2")).to_have_count(1)


@pytest.mark.parametrize("path", ["../outside", "odd/../../outside", "/etc", "links/out/secret", "links/up"])
def test_an_address_leads_to_nothing_outside_the_root(page: Page, server: Dashboard, path: str) -> None:
    page.goto(f"{server.url}/setup?name=x&real=films:{path}")
    expect(page.get_by_role("heading", name="Study setup")).to_be_visible()
    refusal = page.get_by_text("Choose the real images").or_(page.get_by_text("leads out of its"))
    expect(refusal.first).to_be_visible()
    assert page.locator(".thumbnails img").count() == 0
    assert page.get_by_text(re.compile(r"\d files?\b")).count() == 0
    dialog = pick(page, "real")
    rows = dialog.get_by_role("rowheader").all_inner_texts()
    assert not {"secret", "outside", "passwd"} & set(rows)
    expect(
        dialog.get_by_text("0 files directly in this folder").or_(dialog.get_by_role("alert"))
    ).to_be_visible()


def test_the_way_up_ends_at_the_root_and_links_out_say_why(page: Page, server: Dashboard) -> None:
    page.goto(f"{server.url}/setup")
    dialog = pick(page, "real")
    steps = dialog.locator("[class*=st-key-up_]").get_by_role("button")
    expect(steps).to_have_count(1)
    expect(steps.first).to_contain_text("films")
    enter(dialog, "links")
    expect(steps).to_have_count(2)
    for name in ("out", "up", "absolute"):
        row = dialog.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row).to_contain_text("leads out of its folder root")
        expect(row.get_by_role("button")).to_have_count(0)
    enter(dialog, "within")
    expect(dialog.get_by_role("rowheader", name="Größe äöü")).to_be_visible()


def test_odd_names_are_shown_opened_and_used(page: Page, server: Dashboard) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda one: (alerts.append(one.message), one.dismiss()))
    page.goto(f"{server.url}/setup?real=films:odd")
    dialog = pick(page, "synthetic")
    steps = dialog.locator("[class*=st-key-up_]").get_by_role("button")
    enter(dialog, "odd")
    for name in ODD:
        enter(dialog, name.replace("\n", "␊"))
        expect(dialog.get_by_text("3 files directly in this folder")).to_be_visible()
        steps.nth(1).click()
        expect(steps).to_have_count(2)
    dialog.get_by_role("button", name=f"Add its {len(ODD)} sub-folders").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("3 files.")).to_have_count(len(ODD))
    expect(page.locator(".thumbnails")).to_have_count(len(ODD) + 1)
    page.reload()
    expect(page.get_by_text("3 files.")).to_have_count(len(ODD))
    assert page.locator("img[src=x]").count() == 0
    assert alerts == []


@pytest.mark.alone
def test_fifty_thousand_files_answer_within_three_seconds(page: Page, server: Dashboard) -> None:
    page.goto(f"{server.url}/setup")
    dialog = pick(page, "real")
    began = time.monotonic()
    enter(dialog, "many files")
    expect(dialog.get_by_text("50,000 files directly in this folder")).to_be_visible()
    listed = time.monotonic() - began
    began = time.monotonic()
    use(page, dialog)
    expect(page.get_by_text("50,000 files").first).to_be_visible(timeout=20_000)
    looked = time.monotonic() - began
    print(f"listed in {listed:.2f} s, looked at in {looked:.2f} s")
    assert listed < 3
    assert looked < 3
    # All of them are empty, and it says so instead of showing nothing.
    expect(page.get_by_role("alert").first).to_be_visible()


def test_one_of_three_thousand_folders_is_found_by_its_name(page: Page, server: Dashboard) -> None:
    page.goto(f"{server.url}/setup")
    dialog = pick(page, "real")
    enter(dialog, "many folders")
    expect(dialog.get_by_text(re.compile("The first 500 sub-folders"))).to_be_visible()
    sought = dialog.get_by_role("textbox", name="Find a folder here")
    sought.fill("T 2718")
    sought.press("Enter")
    expect(dialog.get_by_role("table").get_by_role("button", name=re.compile("^patient"))).to_have_count(1)
    enter(dialog, "patient 2718")
    use(page, dialog)
    expect(page.get_by_text("1 file.")).to_be_visible()


def test_a_labels_file_is_picked(page: Page, server: Dashboard) -> None:
    page.goto(f"{server.url}/setup?real=films:odd")
    dialog = pick(page, "labels")
    enter(dialog, "odd")
    expect(dialog.get_by_role("button", name="Use this folder")).to_have_count(0)
    dialog.get_by_role("button", name="labels.csv").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_url(re.compile("labels=films"))
    expect(page.get_by_text("films / odd/labels.csv")).to_be_visible()
    page.reload()
    expect(page.get_by_text("films / odd/labels.csv")).to_be_visible()


def test_every_file_is_checked_before_saving(page: Page, dashboard: Callable[..., Dashboard]) -> None:
    server = dashboard()
    write_study(server.home / "data", n=20)
    (server.home / "data" / "real" / "broken.png").write_bytes(b"\x89PNG broken")
    page.goto(f"{server.url}/setup?name=Films&real=data:real&synthetic=gan%3Ddata:gan")
    page.get_by_role("button", name="Check every file").click()
    expect(page.get_by_text("Every file was read.")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("rowheader", name="broken.png")).to_be_visible()
    # What was found is still there after a reload, and the study can be saved all the same.
    page.reload()
    expect(page.get_by_role("rowheader", name="broken.png")).to_be_visible()
    page.get_by_role("button", name="Save study").click()
    expect(page.get_by_role("heading", name="Run audit")).to_be_visible()
