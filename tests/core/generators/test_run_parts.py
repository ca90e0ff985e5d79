"""Small parts that a run is made of: random streams, history, presets, averages, training images."""

from __future__ import annotations

from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from torch import nn

from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.scan import scan_image_set
from core.errors import ImageSetError, InputError, TooFewImagesError, UnknownNameError
from core.generators.averaging import copy_for_averaging, update_average
from core.generators.families import FAMILIES
from core.generators.history import History, read_history
from core.generators.presets import choose_options, parse_changes
from core.generators.random_streams import derive_seed, draw_noise, name_image_seeds, order_rows
from core.generators.run_folder import RunFolder
from core.generators.sample_grid import to_pixels
from core.generators.tensorboard_log import check_tensorboard
from core.generators.training_images import TrainingImages, load_training_images
from core.progress import SilentProgress
from tests.core.generators.runs import CPU, DCGAN, TINY
from tests.images import write_images, write_png


def test_each_pass_holds_every_row_once_wherever_batches_are_cut() -> None:
    rows = order_rows(10, start=0, count=35, seed=3, purpose="gan")
    assert sorted(rows[:10]) == sorted(rows[10:20]) == list(range(10))
    assert list(rows[:10]) != list(rows[10:20])
    parts = [order_rows(10, start=start, count=7, seed=3, purpose="gan") for start in range(0, 35, 7)]
    assert list(np.concatenate(parts)) == list(rows)
    assert list(order_rows(10, start=0, count=10, seed=4, purpose="gan")) != list(rows[:10])


def test_seeds_differ_by_purpose_and_never_within_a_class() -> None:
    assert derive_seed(0, "a", 12) != derive_seed(0, "a1", 2)
    seeds = name_image_seeds(0, class_name="x", numbers=range(100_000))
    assert len(set(seeds)) == 100_000
    assert not set(seeds) & set(name_image_seeds(1, class_name="x", numbers=range(100_000)))
    noise = draw_noise([7, 8], (3, 2))
    assert noise.shape == (2, 3, 2)
    assert torch.equal(draw_noise([8], (3, 2))[0], noise[1])


def test_history_averages_rewinds_and_survives_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path, "gan", every=16)
    for step in range(4):
        history.add({"loss": float(step)}, images=8 * (step + 1), step_images=8, seconds=0.5)
    assert [(row.images, row.losses["loss"], row.images_per_second) for row in read_history(path)] == [
        (16, 0.5, 16.0), (32, 2.5, 16.0),
    ]  # fmt: skip
    History(path, "prior", every=8).add({"loss": 1.0}, images=99, step_images=8, seconds=1)
    with path.open("a") as file:
        file.write('{"phase": "gan", "ima')
    History(path, "gan", every=16).rewind(20)
    assert [(row.phase, row.images) for row in read_history(path)] == [("gan", 16), ("prior", 99)]


def test_every_family_has_presets_whose_names_say_what_they_are_for() -> None:
    for name, family in FAMILIES.items():
        assert family.name == name
        assert {"smoke", "published"} <= set(family.presets), name
        assert all(isinstance(one, family.options) for one in family.presets.values()), name
        assert all(field.description for field in family.options.model_fields.values()), name


def test_options_come_from_a_preset_and_changes() -> None:
    changes = parse_changes(["batch-size=16", 'classes=["a"]', "precision=amp", "is_conditional=true"])
    options = choose_options(DCGAN, "published", changes)
    assert (options.batch_size, options.classes, options.precision) == (16, ("a",), "amp")
    assert options.is_conditional is True and options.size_px == 256
    with pytest.raises(UnknownNameError, match="smoke, small, published"):
        choose_options(DCGAN, "huge", {})
    with pytest.raises(UnknownNameError, match="no option 'bogus' of dcgan; there are size_px"):
        choose_options(DCGAN, "smoke", {"bogus": 1})
    for texts, words in ((["seed"], "NAME=VALUE"), (["seed=1", "seed=2"], "twice")):
        with pytest.raises(InputError, match=words):
            parse_changes(texts)


def test_an_average_halves_in_its_halflife_and_copies_statistics() -> None:
    network = nn.BatchNorm1d(2)
    average = copy_for_averaging(network)
    with torch.no_grad():
        network.weight.fill_(3.0)
        network.running_mean.fill_(5.0)
    update_average(average, network, batch_size=10, halflife_images=10, images_seen=10_000)
    assert average.weight.tolist() == pytest.approx([2.0, 2.0])
    assert average.running_mean.tolist() == [5.0, 5.0]
    assert not average.training and not average.weight.requires_grad
    # At the first step there is nothing worth keeping.
    update_average(average, network, batch_size=10, halflife_images=10, images_seen=0)
    assert average.weight.tolist() == [3.0, 3.0]


def scan(folder: Path) -> ImageSet:
    return scan_image_set(folder, role=Role.REAL, name="real", settings=get_settings())


def load(folder: Path, run: RunFolder, **changes: object) -> TrainingImages:
    options = TINY.model_copy(update=changes)
    return load_training_images(
        scan(folder), options, run=run, settings=get_settings(), progress=SilentProgress()
    )


def test_images_are_decoded_once_and_come_back_exactly(workspace: Path, tmp_path: Path) -> None:
    folder, run = write_images(tmp_path / "real", 12, classes=("b", "a")), RunFolder(tmp_path / "run")
    images = load(folder, run)
    assert images.pixels.shape == (12, 1, 32, 32)
    assert (images.classes, images.count_classes()) == (("a", "b"), (6, 6))
    batch = images.take(np.array([3, 0]), device=CPU)
    assert batch.images.min() >= -1 and batch.images.max() <= 1
    assert np.array_equal(to_pixels(batch.images), images.pixels[[3, 0], 0])
    (kept,) = run.images_folder.iterdir()
    written = kept.stat().st_mtime_ns
    again = load(folder, run)
    assert kept.stat().st_mtime_ns == written and np.array_equal(again.pixels, images.pixels)
    # Other images under the same names are other images.
    write_png(folder / "a" / "0001.png", np.zeros((32, 32), np.uint8))
    changed = load(folder, run)
    assert changed.digest != images.digest and int(changed.pixels[0].max()) == 0
    assert len(list(run.images_folder.iterdir())) == 1


def test_images_that_cannot_be_trained_on_are_refused(workspace: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    few = write_images(tmp_path / "few", 4, classes=("a", "b"))
    with pytest.raises(TooFewImagesError, match="at least 8"):
        load(few, run)
    flat = write_images(tmp_path / "flat", 9)
    with pytest.raises(ImageSetError, match="9 of 9 training images have no class"):
        load(flat, run)
    assert load(flat, run, is_conditional=False).classes == ()
    lonely = write_images(tmp_path / "lonely", 9, classes=("a",))
    write_png(lonely / "b" / "one.png", np.zeros((32, 32), np.uint8))
    with pytest.raises(TooFewImagesError, match="'b' has 1 training image"):
        load(lonely, run)


def test_tensorboard_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        check_tensorboard()
