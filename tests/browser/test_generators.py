"""A generator from its first image to the audit: trained, watched, drawn from, and added to the study."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.images import write_images

N_IMAGES = 1_024


def test_real_images_alone_become_a_study_with_a_synthetic_set(
    page: Page, dashboard: Callable[..., Dashboard]
) -> None:
    server = dashboard(OMP_NUM_THREADS="1")
    write_images(server.home / "data" / "real", 24, seed=1, classes=("normal", "pneumonia"))
    page.goto(f"{server.url}/setup?name=Films&real=data:real")
    page.get_by_role("button", name="Save study").click()
    expect(page.get_by_role("heading", name="Generators", exact=True)).to_be_visible()
    page.wait_for_url(re.compile(r"/generators\?study="))

    shown = page.get_by_role("spinbutton", name="Images to show in all")
    shown.fill(str(N_IMAGES))
    shown.press("Enter")
    expect(page.get_by_text("Differs from the preset:")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=30_000)
    # Nobody reloads the page: samples appear by themselves, and the newest are followed.
    samples = page.get_by_role("table", name=re.compile("Real images beside those of gan"))
    expect(samples).to_be_visible(timeout=60_000)
    for picture in samples.locator("img").all():
        assert str(picture.get_attribute("src")).startswith("data:image/png;base64,")
    expect(page.get_by_text("It is trained to its end: 1,024 images of gan.")).to_be_visible(timeout=60_000)
    last = "Real images beside those of gan after 1,024 images"
    expect(samples).to_have_attribute("aria-label", last, timeout=30_000)
    expect(page.get_by_text("Time for 1,000 images")).to_be_visible(timeout=30_000)

    count = page.get_by_role("spinbutton", name="Images", exact=True)
    count.fill("12")
    count.press("Enter")
    page.get_by_role("button", name="Draw images").click()
    page.get_by_role("button", name="Add to study").click(timeout=60_000)
    expect(page.get_by_text("is a synthetic set of the study now")).to_be_visible(timeout=30_000)
    expect(page.locator(".thumbnails img")).to_have_count(8, timeout=30_000)
    page.get_by_role("main").get_by_role("link", name="Run audit").click()
    expect(page.get_by_role("heading", name="Run audit")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("DCGAN smoke").first).to_be_visible(timeout=30_000)
    assert len(list((server.home / "generated").rglob("*.png"))) == 12
