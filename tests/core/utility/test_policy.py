"""The intensity policy of a utility experiment: its pixels, its keys, and the ways it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core.utility.experiment as experiment_module
from core.cli import main
from core.config import Settings, get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.image_set import ImageSet, Role
from core.datasets.item_source import decode_source
from core.datasets.scan import scan_image_set
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.jobs import add_job, load_job
from core.db.studies import save_study
from core.errors import InputError
from core.features.base import Device, ResizeMode
from core.features.resize import resize_image
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import find_preset
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from core.jobs.utility_job import UtilityPayload
from core.progress import SilentProgress
from core.utility.data import load_images
from core.utility.presets import UtilityProtocol
from core.utility.sets import prepare_sets
from core.utility.training_plan import plan_trainings
from tests.volumes import NARROW, write_deep, write_series, write_volumes

pytestmark = pytest.mark.usefixtures("workspace")
CLASSES = ("a", "b")


def scan(folder: Path, role: Role = Role.REAL, **options: Any) -> ImageSet:
    return scan_image_set(folder, role=role, name=folder.name, workers=1, **options)


def test_pixels_and_keys_follow_the_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_deep(tmp_path / "real", 4, classes=CLASSES)
    options: dict[str, Any] = {"classes": CLASSES, "resolution": 32, "channels": 1, "workers": 0}
    options |= {"settings": get_settings(), "progress": SilentProgress()}
    usual = load_images(scan(folder), **options).pixels
    narrow = load_images(scan(folder, intensity=NARROW), **options).pixels
    assert np.abs(usual.astype(float) - narrow).mean() > 20
    # Of large sets, what lies in the workspace is that of the same policy.
    monkeypatch.setattr("core.utility.data._MOST_BYTES_IN_MEMORY", 0)
    for _ in range(2):
        np.testing.assert_array_equal(load_images(scan(folder), **options).pixels, usual)
        np.testing.assert_array_equal(load_images(scan(folder, intensity=NARROW), **options).pixels, narrow)


def test_runs_of_another_policy_are_not_taken(tmp_path: Path) -> None:
    folders = [write_deep(tmp_path / name, 12, seed=at, classes=CLASSES) for at, name in enumerate("rth")]

    def keys(protocol: UtilityProtocol, **options: Any) -> list[str]:
        real, test, gan = (
            scan(folder, role, **options)
            for folder, role in zip(folders, (Role.REAL, Role.HELDOUT, Role.SYNTHETIC), strict=True)
        )
        plan = plan_trainings("augmentation", prepare_sets(real, test, [gan]), protocol, device=Device.CPU)
        return list(plan.keys.values())

    usual, asked = UtilityProtocol(repeats=1), UtilityProtocol(repeats=1, intensity=NARROW)
    assert not set(keys(usual)) & set(keys(asked, intensity=NARROW))
    # Whether slices were joined, the images themselves say.
    assert keys(usual) == keys(usual.model_copy(update={"join_slices": True}))
    with pytest.raises(ValueError, match="another intensity policy"):
        keys(asked)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What reaches the experiment: slices and policies of all items, and the protocol."""
    found: list[tuple[Any, ...]] = []

    def capture(kind: str, sets: Any, protocol: UtilityProtocol, **_: Any) -> None:
        items = [item for one in (sets.real, sets.test, *sets.synthetic) for item in one.items]
        found.append(({item.facts.slices for item in items}, {item.intensity for item in items}, protocol))
        raise InputError("reached")

    monkeypatch.setattr(experiment_module, "run_experiment", capture)
    return found


def write_sets(data: Path) -> None:
    for seed, name in enumerate(("real", "heldout", "gan")):
        for at, label in enumerate(CLASSES):
            write_series(data / name / label, 2, seed=10 * seed + at)


def test_the_command_reads_by_the_policy(tmp_path: Path, seen: list[tuple[Any, ...]]) -> None:
    write_sets(tmp_path)
    places = ["--real", tmp_path / "real", "--test", tmp_path / "heldout"]
    places += ["--synthetic", tmp_path / "gan", "--output", tmp_path / "out"]
    for options in ([], ["--intensity", "lung", "--join-slices"]):
        with pytest.raises(SystemExit):
            main(["utility", "augmentation", *map(str, places), *options])
    assert [one[:2] for one in seen] == [({1}, {DEFAULT_INTENSITY}), ({3}, {find_preset("lung")})]
    assert seen[1][2] == UtilityProtocol(intensity=find_preset("lung"), join_slices=True)


def test_the_job_reads_by_the_policy(seen: list[tuple[Any, ...]]) -> None:
    settings: Settings = get_settings()
    write_sets(settings.home / "data")
    place: Callable[[str], FolderRef] = lambda name: FolderRef(root="data", path=name)  # noqa: E731
    folders = StudyFolders(
        real=place("real"),
        heldout=place("heldout"),
        synthetic=(SyntheticFolder(name="gan", folder=place("gan")),),
    )
    database = open_database(settings)
    study = save_study(database, name="CT", folders=folders)
    protocol = UtilityProtocol(intensity=NARROW, join_slices=True)
    payload = UtilityPayload(folders=folders, kind="augmentation", protocol=protocol).model_dump(mode="json")
    JOB_KINDS["utility"].check(payload)
    job = add_job(database, kind="utility", title="Utility", payload=payload, study_id=study.id)
    run_job(database, settings, job.id)
    assert load_job(database, job.id).exit_reason == "reached"
    assert seen == [({3}, {NARROW}, protocol)]
    database.close()


def test_volumes_are_learned_from_their_montages(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    for at, label in enumerate(CLASSES):
        write_volumes(folder / label, 2, seed=at)
    images = load_images(
        scan(folder, intensity=NARROW), classes=CLASSES, resolution=32, channels=1, workers=0,
        settings=get_settings(), progress=SilentProgress(),
    )  # fmt: skip
    for item, pixels in zip(images.items, images.pixels, strict=True):
        montage = decode_source(item.source, get_settings(), intensity=NARROW).pixels.astype(np.float32)
        wanted = resize_image(montage[..., np.newaxis], side=32, mode=ResizeMode.CLEAN)
        np.testing.assert_allclose(pixels.astype(np.float32), wanted, atol=0.1)
