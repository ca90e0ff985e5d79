"""The image route: who gets an image, and what they get."""

from __future__ import annotations

import io
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.audit.items import load_items
from core.config import get_settings
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder, experiment_folder
from pages._shared import image_addresses
from pages._shared.image_addresses import LOGIN_COOKIE, address_image
from pages._shared.image_route import IMAGE_ROUTE


@pytest.fixture
def item(study: StudyRecord, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str, Path]]:
    """An audit, one of its items, and that item's file: 16 bits deep."""
    import pyarrow.parquet as pq

    from core.audit.items import tabulate_items
    from core.datasets.image_set import Role
    from core.datasets.scan import scan_image_set
    from core.progress import SilentProgress

    settings = get_settings()
    folder = settings.data_roots[0].path / "deep"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        Image.fromarray(rng.integers(0, 65536, (6, 9), dtype=np.uint16)).save(folder / f"{name}.png")
    scanned = scan_image_set(
        folder, role=Role.SYNTHETIC, name="gan", settings=settings, progress=SilentProgress()
    )
    place = audit_folder(settings, "a1")
    place.mkdir(parents=True)
    pq.write_table(tabulate_items([scanned]), place / "items.parquet")
    cookies: dict[str, str] = {}
    monkeypatch.setattr(image_addresses.st, "context", type("Context", (), {"cookies": cookies}))
    found = load_items(place)[load_items(place).table.column("id")[0].as_py()]
    yield "a1", found.id, found.path


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[IMAGE_ROUTE]))


def test_samples_arrive_unharmed(item: tuple[str, str, Path], client: TestClient) -> None:
    audit_id, item_id, path = item
    address = address_image(audit_id, item_id, form="samples")
    assert path.name not in address
    assert "gan" not in address
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    size = int(answer.headers["X-Image-Height"]), int(answer.headers["X-Image-Width"])
    assert answer.headers["X-Image-Bits"] == "16"
    assert np.array_equal(np.frombuffer(answer.content, "<u2").reshape(size), np.asarray(Image.open(path)))


def test_an_experiments_images_are_shown_too(item: tuple[str, str, Path], client: TestClient) -> None:
    settings = get_settings()
    experiment_folder(settings, "e1").parent.mkdir()
    audit_folder(settings, "a1").rename(experiment_folder(settings, "e1"))
    assert client.get(address_image("e1", item[1], form="samples")).status_code == 200
    assert client.get(address_image("a1", item[1], form="samples")).status_code == 404


def test_a_thumbnail_is_a_small_png(item: tuple[str, str, Path], client: TestClient) -> None:
    answer = client.get(address_image(item[0], item[1], form="thumbnail", side_px=4))
    assert answer.headers["Content-Type"] == "image/png"
    assert max(Image.open(io.BytesIO(answer.content)).size) == 4


@pytest.mark.parametrize("part", ["form=samples", "until=", "signature="])
def test_a_changed_address_is_refused(item: tuple[str, str, Path], client: TestClient, part: str) -> None:
    address = address_image(item[0], item[1], form="samples")
    changed = {
        "form=samples": address.replace("form=samples", "form=thumbnail"),
        "until=": address.replace("until=", "until=9"),
        "signature=": address[:-1] + ("0" if address[-1] != "0" else "1"),
    }[part]
    assert client.get(address).status_code == 200
    assert client.get(changed).status_code == 403


def test_an_address_expires(
    item: tuple[str, str, Path], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = address_image(item[0], item[1], form="samples")
    now = time.time()
    monkeypatch.setattr(image_addresses.time, "time", lambda: now + 2000)
    assert client.get(address).status_code == 403


def test_an_address_is_of_no_use_to_another_visitor(item: tuple[str, str, Path], client: TestClient) -> None:
    image_addresses.st.context.cookies[LOGIN_COOKIE] = "somebody"
    address = address_image(item[0], item[1], form="samples")
    assert client.get(address).status_code == 403
    client.cookies.set(LOGIN_COOKIE, "somebody else")
    assert client.get(address).status_code == 403
    client.cookies.set(LOGIN_COOKIE, "somebody")
    assert client.get(address).status_code == 200


def test_a_changed_or_unknown_image_is_not_shown(item: tuple[str, str, Path], client: TestClient) -> None:
    audit_id, item_id, path = item
    Image.fromarray(np.zeros((6, 9), dtype=np.uint16)).save(path)
    answer = client.get(address_image(audit_id, item_id, form="samples"))
    assert (answer.status_code, answer.text) == (
        410, "The image cannot be shown: it has changed since the audit."
    )  # fmt: skip
    assert client.get(address_image(audit_id, "f" * 20, form="samples")).status_code == 404
    assert client.get(address_image("none", item_id, form="samples")).status_code == 404


def test_the_key_is_its_owners_alone(item: tuple[str, str, Path]) -> None:
    address_image(item[0], item[1], form="samples")
    key = get_settings().home / "image-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32
