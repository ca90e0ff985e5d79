"""The frame: one size for all, patients and equal pictures in one group, large classes sampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.bias.frame import choose_classes, choose_items, frame_set
from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.labels import load_labels
from core.datasets.scan import scan_image_set
from core.errors import ImageSetError
from core.progress import SilentProgress
from tests.images import write_images, write_png


def scan(folder: Path, labels: Path | None = None) -> ImageSet:
    return scan_image_set(
        folder,
        role=Role.REAL,
        name="real",
        labels=None if labels is None else load_labels(labels),
        settings=get_settings(),
    )


def test_images_of_any_size_and_kind_share_the_frame(workspace: Path, tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 40).astype(np.uint8)
    write_png(tmp_path / "s/a/wide.png", np.tile(ramp, (20, 1)))
    write_png(tmp_path / "s/a/deep.png", np.tile(ramp.astype(np.uint16) * 200, (40, 1)))
    colour = np.stack([np.tile(ramp, (60, 1))] * 3, axis=2)
    colour[..., 0] //= 2
    write_png(tmp_path / "s/b/colour.png", colour)
    image_set = scan(tmp_path / "s")
    classes = choose_classes(image_set)
    framed = frame_set(
        image_set, image_set.items, classes, side_px=32, settings=get_settings(), progress=SilentProgress()
    )
    assert framed.pixels.shape == (3, 32, 32)
    assert (framed.codes.tolist(), framed.classes, len(framed)) == ([0, 0, 1], ("a", "b"), 3)
    for one in framed.pixels[:2]:
        assert np.abs(one.mean(axis=0) - np.linspace(0, 255, 32)).max() < 5
    # BT.601 luma of a colour whose red is halved.
    assert framed.pixels[2, 16, -1] == pytest.approx(255 * (1 - 0.299 / 2), abs=3)


def test_patients_and_equal_pictures_are_one_group(workspace: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "s", 6, classes=("a", "b"))
    Image.open(tmp_path / "s/a/0000.png").save(tmp_path / "s/b/same.png", compress_level=0)
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "file,patient\na/0002.png,P1\nb/0001.png,P1\na/0000.png,\nb/0003.png,\na/0004.png,\nb/0005.png,\n"
    )
    image_set = scan(tmp_path / "s", labels)
    framed = frame_set(
        image_set, image_set.items, ("a", "b"), settings=get_settings(), progress=SilentProgress()
    )
    groups = {item.id: int(group) for item, group in zip(framed.items, framed.groups, strict=True)}
    assert groups["a/0002.png"] == groups["b/0001.png"]
    assert groups["a/0000.png"] == groups["b/same.png"]
    assert len(set(groups.values())) == 5


def test_large_classes_are_sampled_and_others_left_out(workspace: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "s", 30, classes=("a", "b", "c"))
    image_set = scan(tmp_path / "s")
    chosen = choose_items(image_set, ("a", "b"), max_per_class=6, seed=0)
    assert [item.label for item in chosen] == ["a"] * 6 + ["b"] * 6
    assert chosen == choose_items(image_set, ("a", "b"), max_per_class=6, seed=0)
    assert chosen != choose_items(image_set, ("a", "b"), max_per_class=6, seed=1)
    assert len(choose_items(image_set, ("a", "b"), max_per_class=99, seed=0)) == 20


def test_one_class_is_none_to_tell(workspace: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "s", 4)
    with pytest.raises(ImageSetError, match="has 0"):
        choose_classes(scan(tmp_path / "s"))
