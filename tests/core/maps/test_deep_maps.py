"""Maps of audits of deep images and of volumes: from the same features as the audit's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.audit.items import AuditItems, tabulate_items
from core.audit.protocol import Execution, Protocol
from core.audit.result import AuditSummary, ExtractorRecord, ProtocolRecord
from core.audit.set_features import extract_sets
from core.config import get_settings
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.errors import CancelledError
from core.features.registry import load_extractor
from core.maps import feature_map
from core.maps.map_options import MapOptions
from core.progress import SilentProgress
from tests.core.audit.fixtures import make_row, make_summary
from tests.volumes import NARROW, write_deep, write_series, write_volumes


@pytest.mark.parametrize("write", [write_deep, write_volumes, write_series])
def test_features_are_those_of_the_audit(
    write: object, tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(write)
    protocol = Protocol(extractors=("pixels",), intensity=NARROW, join_slices=True, resolution=8)
    study = Study.from_folders(
        real=write(tmp_path / "real", 4, seed=1), synthetic={"one": write(tmp_path / "one", 3, seed=2)}
    )
    settings, progress = get_settings(), SilentProgress()
    sets = scan_study(
        study, intensity=NARROW, join_slices=True, workers=0, settings=settings, progress=progress
    )
    extractor = load_extractor("pixels", protocol.extractor_options(Execution()))
    expected = extract_sets(
        sets, extractor, title="", protocol=protocol, execution=Execution(store=False, workers=0),
        settings=settings, progress=progress,
    )  # fmt: skip
    seen: list[NDArray[np.float32]] = []

    def look(features: NDArray[np.float32], **_: object) -> None:
        seen.append(features)
        raise CancelledError("seen")

    monkeypatch.setattr(feature_map, "compute_embedding", look)
    items = AuditItems(tabulate_items(sets), {one.name: str(one.root) for one in sets})
    monkeypatch.setattr(feature_map, "load_items", lambda _: items)
    with pytest.raises(CancelledError, match="seen"):
        feature_map.make_map(
            tmp_path, _summarise(protocol, extractor.identity), extractor="pixels",
            options=MapOptions(), execution=Execution(workers=0, store=False), settings=settings, progress=progress,
        )  # fmt: skip
    np.testing.assert_array_equal(seen[0], np.concatenate([batch.features for batch in expected]))


def _summarise(protocol: Protocol, identity: str) -> AuditSummary:
    summary = make_summary([make_row("fd", 1.0, 0.5)])
    record = ExtractorRecord(
        name="pixels", identity=identity, weights_sha256=None, metrics=("distribution",), standardised=False
    )
    changes = {"choices": protocol.model_dump(mode="json"), "extractors": (record,)}
    made: ProtocolRecord = summary.protocol.model_copy(update=changes)
    return summary.model_copy(update={"protocol": made})
