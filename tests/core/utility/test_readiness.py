"""What a utility experiment needs of a study, and how much work it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.errors import InputError
from core.utility.presets import UtilityProtocol
from core.utility.readiness import check_readiness
from core.utility.size import measure_experiment
from tests.experiments import CLASSES, N_TEST, keep_classified_study


def test_a_study_with_classes_and_a_heldout_set_is_ready(workspace: Path) -> None:
    ready = check_readiness(keep_classified_study().folders, get_settings())
    assert (ready.n_real, ready.n_test, ready.classes, ready.problem) == (16, N_TEST, CLASSES, "")


def test_without_a_heldout_set_it_is_not(workspace: Path) -> None:
    ready = check_readiness(keep_classified_study(heldout=False).folders, get_settings())
    assert "held-out set" in ready.problem and ready.n_test == 0


def test_without_classes_it_is_not_until_labels_tell_them(workspace: Path) -> None:
    folders, settings = keep_classified_study(classes=False).folders, get_settings()
    assert "two classes" in check_readiness(folders, settings).problem
    labels = settings.home / "data" / "labels.csv"
    labels.write_text("file,label\nreal/0000.png,x\nreal/0001.png,y\nreal/0002.png,\n")
    ready = check_readiness(
        folders.model_copy(update={"labels": FolderRef(root="data", path="labels.csv")}), settings
    )
    assert (ready.classes, ready.problem) == (("x", "y"), "")


def test_a_folder_that_is_gone_is_named(workspace: Path) -> None:
    folders = keep_classified_study().folders
    gone = folders.model_copy(update={"heldout": FolderRef(root="data", path="gone")})
    with pytest.raises(InputError, match="gone"):
        check_readiness(gone, get_settings())


def test_trainings_are_counted_and_too_few_repeats_told() -> None:
    protocol = UtilityProtocol(repeats=8, label_fractions=(0.5,))
    size = measure_experiment("augmentation", protocol, ["one", "two"])
    # none, traditional; per set: with, both, alone; a fraction alone and with each set.
    assert (size.n_arms, size.n_runs) == (2 + 2 * 3 + 1 + 2, 11 * 8)
    # All but the baseline itself and the fraction without synthetic images.
    assert size.n_comparisons == 9
    assert "9 repeats are the fewest" in size.too_few_repeats
    assert not measure_experiment("feature-extraction", protocol, ["one"]).too_few_repeats
