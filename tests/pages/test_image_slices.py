"""The image route for volumes: every slice exact, on one scale, turned as asked; nothing else gets out."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import nibabel
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.audit import item_volume
from core.audit.items import ITEMS_FILE, load_items, tabulate_items
from core.config import get_settings
from core.copies.transforms import TRANSFORMS, Transform, apply_transform
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.db.studies import StudyRecord
from core.images.intensity import Intensity, IntensityMode
from core.jobs.job_folder import audit_folder
from core.progress import SilentProgress
from pages._shared import image_addresses, image_route
from pages._shared.image_addresses import LOGIN_COOKIE, address_image
from pages._shared.image_route import IMAGE_ROUTE

SHAPE = (5, 6, 7)  # slices, rows, columns
SPACING = (3.0, 2.0, 0.5)


@dataclass(frozen=True)
class Shelf:
    """An audit of volumes: ids of one of int16 and one of float32, and their values as slices from the feet."""

    deep: str
    real: str
    values: dict[str, np.ndarray]
    paths: dict[str, Path]
    client: TestClient

    def ask(self, item_id: str, **asked: object) -> Any:
        return self.client.get(add(address_image("a1", item_id, form="slice"), asked))


def add(address: str, asked: dict[str, object]) -> str:
    return f"{address}&{urlencode(asked)}"


@pytest.fixture
def shelf(study: StudyRecord, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    settings = get_settings()
    folder = settings.data_roots[0].path / "volumes"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    slices = {
        "deep.nii": rng.integers(-1000, 1500, SHAPE).astype(np.int16),
        "real.nii": rng.normal(0, 1e-3, SHAPE).astype(np.float32),
    }
    for name, values in slices.items():
        # NIfTI counts columns to the right, rows to the front, slices upwards; slices here run left and back.
        stored = values.transpose(2, 1, 0)[::-1, ::-1]
        affine = np.diag([*reversed(SPACING), 1.0])
        nibabel.save(nibabel.Nifti1Image(stored, affine), folder / name)
    scanned = scan_image_set(
        folder, role=Role.SYNTHETIC, name="gan", settings=settings, progress=SilentProgress()
    )
    place = audit_folder(settings, "a1")
    place.mkdir(parents=True)
    pq.write_table(tabulate_items([scanned]), place / ITEMS_FILE)
    cookies: dict[str, str] = {}
    monkeypatch.setattr(image_addresses.st, "context", type("Context", (), {"cookies": cookies}))
    items = load_items(place)
    ids = {items[one].item: one for one in items.table.column("id").to_pylist()}
    image_route._VOLUMES.clear()
    yield Shelf(
        deep=ids["deep.nii"],
        real=ids["real.nii"],
        values={ids[name]: values for name, values in slices.items()},
        paths={one: items[one].path for one in ids.values()},
        client=TestClient(Starlette(routes=[IMAGE_ROUTE])),
    )
    image_route._VOLUMES.clear()


def read(answer: Any) -> np.ndarray:
    """Stored values of an answer."""
    fact = {name[8:]: value for name, value in answer.headers.items() if name.startswith("x-image-")}
    samples = np.frombuffer(answer.content, "<u2" if fact["bits"] == "16" else "u1")
    values = samples.astype(np.float64) * float(fact["slope"]) + float(fact["intercept"])
    return values.reshape(int(fact["height"]), int(fact["width"]))


def test_every_slice_holds_the_values_of_the_turned_volume(shelf: Shelf) -> None:
    for turn, over in itertools.product(TRANSFORMS, (0, 1)):
        wanted = np.stack([apply_transform(one, turn) for one in shelf.values[shelf.deep]])
        wanted = wanted[::-1] if over else wanted
        for plane, axis in (("axial", 0), ("coronal", 1), ("sagittal", 2)):
            for index in (0, wanted.shape[axis] - 1):
                answer = shelf.ask(shelf.deep, plane=plane, index=index, turn=turn.value, over=over)
                assert answer.status_code == 200, answer.text
                expected = wanted.take(index, axis)
                # The head is at the top of pictures.
                assert np.array_equal(read(answer), expected if axis == 0 else expected[::-1])
                assert int(answer.headers["X-Image-Slices"]) == wanted.shape[axis]
                assert answer.headers["Cache-Control"] == "no-store"


def test_slices_have_the_scale_of_their_volume(shelf: Shelf) -> None:
    for item_id, tolerance in ((shelf.deep, 0), (shelf.real, 1e-7)):
        values = shelf.values[item_id]
        for index in range(SHAPE[0]):
            answer = shelf.ask(item_id, plane="axial", index=index)
            facts = answer.headers
            low, high = (
                float(facts["X-Image-Intercept"]) + float(facts["X-Image-Slope"]) * int(facts[name])
                for name in ("X-Image-Low", "X-Image-High")
            )
            assert np.allclose((low, high), (values.min(), values.max()), atol=1e-7)
            assert np.abs(read(answer) - values[index]).max() <= tolerance
            shown = (float(facts["X-Image-Black"]), float(facts["X-Image-White"]))
            assert shown == (values.min(), values.max())
    assert shelf.ask(shelf.deep, plane="axial", index=0).headers["X-Image-Exact"] == "1"
    assert shelf.ask(shelf.real, plane="axial", index=0).headers["X-Image-Exact"] == "0"


def test_pixels_tell_their_shape_and_slices_their_distance(shelf: Shelf) -> None:
    wanted = {"axial": (2 / 0.5, 3.0), "coronal": (3 / 0.5, 2.0), "sagittal": (3 / 2, 0.5)}
    for plane, (aspect, step) in wanted.items():
        facts = shelf.ask(shelf.deep, plane=plane, index=0).headers
        assert float(facts["X-Image-Aspect"]) == pytest.approx(aspect)
        assert float(facts["X-Image-Step-Mm"]) == pytest.approx(step)
        assert facts["X-Image-Oriented"] == "1"
    quarter = Transform.TURNED_CLOCKWISE.value
    facts = shelf.ask(shelf.deep, plane="coronal", index=0, turn=quarter).headers
    assert float(facts["X-Image-Step-Mm"]) == pytest.approx(0.5)
    assert float(facts["X-Image-Aspect"]) == pytest.approx(3 / 2)


def test_the_first_window_is_that_of_the_audit(shelf: Shelf) -> None:
    window = Intensity(mode=IntensityMode.WINDOW, center=40.5, width=401)
    place = audit_folder(get_settings(), "a1") / "audit.json"
    place.write_text(json.dumps({}))
    assert float(shelf.ask(shelf.deep, plane="axial", index=0).headers["X-Image-Black"]) < -900
    with pytest.MonkeyPatch.context() as patch:
        record = SimpleNamespace(choices={"intensity": window.model_dump(mode="json")})
        patch.setattr(item_volume, "load_summary", lambda _: SimpleNamespace(protocol=record))
        facts = shelf.ask(shelf.deep, plane="axial", index=0).headers
    assert (float(facts["X-Image-Black"]), float(facts["X-Image-White"])) == (-160.0, 240.0)


@pytest.mark.parametrize(
    ("asked", "status", "sentence"),
    [
        ({"plane": "axial", "index": 5}, 404, "The volume has 5 axial slices, 0 to 4; there is no 5."),
        ({"plane": "axial", "index": -1}, 400, "A slice has a whole number, counted from 0."),
        ({"plane": "axial", "index": "²"}, 400, "A slice has a whole number, counted from 0."),
        ({"plane": "axial", "index": "9" * 5000}, 400, "A slice has a whole number, counted from 0."),
        (
            {"plane": "oblique", "index": 0},
            400,
            "A slice lies in one of the planes axial, coronal, sagittal.",
        ),
        ({"plane": "axial", "index": 0, "turn": "x"}, 400, "A volume is turned by one of: as is, "),
        ({"plane": "axial", "index": 0, "over": 2}, 400, "Whether a volume is turned over is 0 or 1."),
        ({}, 400, "A slice lies in one of the planes axial, coronal, sagittal."),
    ],
)
def test_a_slice_that_is_not_there_is_refused(
    shelf: Shelf, asked: dict[str, object], status: int, sentence: str
) -> None:
    answer = shelf.ask(shelf.deep, **asked)
    assert answer.status_code == status
    assert answer.text.startswith(sentence)
    assert "deep" not in answer.text


def test_slices_are_for_whoever_was_given_the_address(shelf: Shelf) -> None:
    asked = {"plane": "axial", "index": 0}
    address = add(address_image("a1", shelf.deep, form="slice"), asked)
    assert shelf.client.get(address).status_code == 200
    assert shelf.client.get(address.replace("form=slice", "form=samples")).status_code == 403
    assert shelf.client.get(address.replace(shelf.deep, shelf.real)).status_code == 403
    samples = add(address_image("a1", shelf.deep, form="samples"), asked)
    assert shelf.client.get(samples.replace("form=samples", "form=slice")).status_code == 403
    image_addresses.st.context.cookies[LOGIN_COOKIE] = "somebody"
    theirs = add(address_image("a1", shelf.deep, form="slice"), asked)
    assert shelf.client.get(theirs).status_code == 403
    shelf.client.cookies.set(LOGIN_COOKIE, "somebody")
    assert shelf.client.get(theirs).status_code == 200


def test_a_changed_volume_is_not_shown(shelf: Shelf) -> None:
    assert shelf.ask(shelf.deep, plane="axial", index=0).status_code == 200
    path = shelf.paths[shelf.deep]
    path.write_bytes(path.read_bytes()[:-2] + b"\1\1")
    answer = shelf.ask(shelf.deep, plane="axial", index=0)
    assert (answer.status_code, answer.text) == (
        410, "The image cannot be shown: it has changed since the audit."
    )  # fmt: skip


def test_a_volume_stands_for_itself_as_its_middle_slice_and_as_a_montage(shelf: Shelf) -> None:
    answer = shelf.client.get(address_image("a1", shelf.deep, form="thumbnail", side_px=512))
    small = np.asarray(Image.open(io.BytesIO(answer.content)))
    # Pixels of 2.0 x 0.5 mm become square ones of 0.5 mm.
    assert small.shape == (6 * 4, 7)
    values = shelf.values[shelf.deep].astype(float)
    wanted = np.rint(255 * (values[2] - values.min()) / (values.max() - values.min()))
    assert np.array_equal(small[::23], wanted[::5])
    facts = shelf.client.get(address_image("a1", shelf.deep, form="samples")).headers
    assert facts["X-Image-Bits"] == "8"
    assert int(facts["X-Image-Width"]) == int(facts["X-Image-Height"])


def test_a_picture_has_no_slices(shelf: Shelf) -> None:
    settings = get_settings()
    folder = settings.data_roots[0].path / "pictures"
    folder.mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / "one.png")
    Image.fromarray(np.ones((4, 4), np.uint8)).save(folder / "two.png")
    scanned = scan_image_set(
        folder, role=Role.SYNTHETIC, name="flat", settings=settings, progress=SilentProgress()
    )
    place = audit_folder(settings, "a2")
    place.mkdir(parents=True)
    pq.write_table(tabulate_items([scanned]), place / ITEMS_FILE)
    one = load_items(place).table.column("id")[0].as_py()
    answer = shelf.client.get(add(address_image("a2", one, form="slice"), {"plane": "axial", "index": 0}))
    assert (answer.status_code, answer.text) == (404, "The image is a picture: it has no slices.")
