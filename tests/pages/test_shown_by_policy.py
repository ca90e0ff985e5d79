"""Pictures of an audit's deep images are those that its numbers are of: report, thumbnails, patches."""

from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.audit.archive import save_audit_summary
from core.audit.items import AuditItem, AuditItems
from core.audit.protocol import Protocol
from core.audit.result import AuditResult
from core.audit.run import run_audit
from core.config import get_settings
from core.copies.transforms import Transform
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import save_study
from core.images.display import to_levels
from core.images.reading import decode_image
from core.jobs.job_folder import audit_folder
from core.report.pictures import picture_pairs
from core.report.strongest_pairs import collect_pairs
from core.report.writer import write_audit
from pages._shared.bias_patch_grid import cut_listed
from pages._shared.image_addresses import address_image
from pages._shared.image_route import IMAGE_ROUTE
from tests.volumes import NARROW, write_deep


@pytest.fixture
def audited(workspace: object) -> Iterator[tuple[str, AuditResult]]:
    """An audit of deep images by a narrow window."""
    settings = get_settings()
    for seed, name in enumerate(("real", "gan")):
        write_deep(settings.home / "data" / name, 6, seed=seed)
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )
    study = save_study(open_database(settings), name="Deep", folders=folders)
    result = run_audit(folders.resolve(settings), Protocol(extractors=("pixels",), intensity=NARROW))
    audit_id = secrets.token_hex(8)
    write_audit(result, audit_folder(settings, audit_id))
    save_audit_summary(open_database(settings), result.summary, audit_id=audit_id, study_id=study.id)
    yield audit_id, result
    open_database(settings).close()


def read(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def shown(item: AuditItem) -> np.ndarray:
    image = decode_image(item.path.read_bytes(), max_pixels=10_000)
    levels = to_levels(image, NARROW)
    assert np.abs(levels.astype(int) - to_levels(image)).mean() > 20
    return levels


def test_all_pictures_follow_the_audit(audited: tuple[str, AuditResult]) -> None:
    audit_id, result = audited
    settings = get_settings()
    assert result.items is not None
    items = AuditItems.from_table(result.items)
    pair = collect_pairs(result)[0].pairs[0]
    item, levels = items[pair.real_id], shown(items[pair.real_id])

    picture = picture_pairs(result, settings=settings)[pair.real_id, Transform.AS_IS]
    np.testing.assert_array_equal(read(base64.b64decode(picture.uri.partition(",")[2])), levels)

    patch = cut_listed(audit_folder(settings, audit_id), (item.id,), (0.0, 0.0, 1.0, 1.0), settings)[item.id]
    np.testing.assert_array_equal(read(patch.png), levels)

    client = TestClient(Starlette(routes=[IMAGE_ROUTE]))
    answer = client.get(address_image(audit_id, item.id, form="thumbnail", side_px=32))
    np.testing.assert_array_equal(read(answer.content), levels)
