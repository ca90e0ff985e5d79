"""Addresses that are good for a whole audit, and the route of maps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.audit.items import load_items
from core.config import get_settings
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder
from core.maps.map_points import pack_points
from pages._shared import image_addresses
from pages._shared.image_addresses import LOGIN_COOKIE, address_image, address_map, address_pattern
from pages._shared.image_route import IMAGE_ROUTE
from pages._shared.map_route import MAP_ROUTE
from tests.maps import keep_known_map


@pytest.fixture
def place(
    study: StudyRecord, audit_id: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str, Path]]:
    """An audit, its map, and its folder."""
    folder = audit_folder(get_settings(), audit_id)
    n = len(load_items(folder))
    key = keep_known_map(folder, np.random.default_rng(0).random((n, 2), dtype=np.float32))
    cookies: dict[str, str] = {}
    monkeypatch.setattr(image_addresses.st, "context", type("Context", (), {"cookies": cookies}))
    yield audit_id, key, folder


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[IMAGE_ROUTE, MAP_ROUTE]))


def test_one_signature_is_good_for_every_image_of_the_audit_and_form(
    place: tuple[str, str, Path], client: TestClient
) -> None:
    audit_id, _, folder = place
    pattern = address_pattern(audit_id, form="thumbnail", side_px=16)
    ids = load_items(folder).table.column("id").to_pylist()
    for item_id in ids:
        one = client.get(pattern.replace("{item}", item_id))
        assert (
            one.content == client.get(address_image(audit_id, item_id, form="thumbnail", side_px=16)).content
        )
        assert one.status_code == 200
    first = pattern.replace("{item}", ids[0])
    assert client.get(first.replace("form=thumbnail", "form=samples")).status_code == 403
    assert client.get(first.replace("side=16", "side=512")).status_code == 403
    assert client.get(first.replace(audit_id, "0" * len(audit_id), 1)).status_code == 403
    assert client.get(pattern.replace("{item}", "*")).status_code == 404
    # An address of one image opens no other.
    single = address_image(audit_id, ids[0], form="thumbnail", side_px=16)
    assert client.get(single.replace(ids[0], ids[1])).status_code == 403


def test_a_map_is_sent_to_whoever_holds_its_address(place: tuple[str, str, Path], client: TestClient) -> None:
    audit_id, key, folder = place
    answer = client.get(address_map(audit_id, key))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content == pack_points(folder, key)
    assert client.get(address_map(audit_id, key).replace(key, "0" * 16, 1)).status_code == 403
    assert client.get(address_map(audit_id, "0" * 16)).status_code == 404
    # What is signed for images opens no map, whatever is made of it.
    pattern = address_pattern(audit_id, form="thumbnail", side_px=16)
    for form in ("thumbnail", "map"):
        query = pattern.partition("?")[2].replace("form=thumbnail", f"form={form}")
        assert client.get(f"/maps/{audit_id}/{key}?{query}").status_code == 403
    assert client.get(f"{address_map(audit_id, key).rpartition('=')[0]}=é").status_code == 403
    # Nor is the address of any use to another visitor.
    image_addresses.st.context.cookies[LOGIN_COOKIE] = "somebody"
    address = address_map(audit_id, key)
    assert client.get(address).status_code == 403
    client.cookies.set(LOGIN_COOKIE, "somebody")
    assert client.get(address).status_code == 200
