"""`bias heatmap` and `bias crop` read images by the policy that they are asked for, and keep it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.bias.archive import load_bias
from core.cli import main
from core.config import get_settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.features.extraction import load_pixels
from core.images.intensity_text import parse_intensity_text
from tests.volumes import write_deep, write_series

pytestmark = pytest.mark.usefixtures("workspace")
NARROW = "window:1000/400"


def call(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == 0


def test_maps_and_their_record_follow_the_policy(tmp_path: Path) -> None:
    real = write_deep(tmp_path / "real", 24, classes=("a", "b"))
    probe = ["--frame", 32, "--patch", 16, "--stride", 16, "--permutations", 19, "--workers", 0]
    means, said = [], []
    for name, options in (("usual", []), ("narrow", ["--intensity", NARROW])):
        call("bias", "heatmap", "--real", real, "--output", tmp_path / name, *probe, *options)
        means.append(np.load(tmp_path / name / "maps" / "real" / "mean.npy"))
        said.append(load_bias(tmp_path / name).settings.intensity)
    assert np.abs(means[0] - means[1]).mean() > 5
    assert said[0] != said[1]
    assert "center 1000, width 400" in said[1]


def test_joined_slices_are_volumes(tmp_path: Path) -> None:
    for label in "ab":
        write_series(tmp_path / "real" / label, 12, seed=ord(label), n_slices=2, size=8)
    probe = ["--frame", 32, "--patch", 16, "--stride", 16, "--permutations", 19, "--workers", 0]
    call("bias", "heatmap", "--real", tmp_path / "real", "--output", tmp_path / "x", *probe, "--join-slices")
    assert load_bias(tmp_path / "x").sets[0].classes == {"a": 12, "b": 12}


def test_a_crop_is_cut_from_what_the_policy_shows(tmp_path: Path) -> None:
    real = write_series(tmp_path / "real", 2)
    call(
        "bias", "crop", "--input", real, "--output", tmp_path / "out", "--margin", 0.25, "--intensity", NARROW
    )
    policy = parse_intensity_text(NARROW)
    whole = scan_image_set(real, role=Role.REAL, name="real", intensity=policy, workers=1)
    cut = scan_image_set(tmp_path / "out", role=Role.REAL, name="real", workers=1)
    for one, part in zip(whole.items, cut.items, strict=True):
        pixels = load_pixels(one, num_channels=1, settings=get_settings())
        np.testing.assert_array_equal(
            load_pixels(part, num_channels=1, settings=get_settings()), np.rint(pixels[4:12, 4:12])
        )
