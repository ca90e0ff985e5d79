"""What an analysis wrote comes back as it was, without any of it being computed again."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from core.bias.archive import (
    ALL_REGIONS,
    list_bias,
    list_differences,
    load_bias,
    load_map,
    load_patch_scores,
)
from core.bias.class_difference import ClassDifference
from core.bias.document import document_result, open_document
from core.bias.heatmap import BiasResult, analyse_bias
from core.bias.options import BiasChoices
from core.bias.patch_probe import ProbeOptions
from core.bias.patches import PatchGrid
from core.bias.tables import name_differences
from core.bias.writer import write_bias
from core.config import Settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.errors import InputError, UnknownNameError
from core.progress import SilentProgress
from tests.marked import QUICK, write_marked


@dataclass(frozen=True)
class Written:
    result: BiasResult
    folder: Path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    base = tmp_path_factory.mktemp("bias")
    settings = Settings.from_environment()
    sets = [
        scan_image_set(
            write_marked(base / name, n, seed=seed, marked=name != "free"),
            role=Role.SYNTHETIC if seed else Role.REAL,
            name=name,
            settings=settings,
            progress=SilentProgress(),
        )
        for seed, (name, n) in enumerate((("real", 24), ("gan", 24), ("free", 24), ("few", 12)))
    ]
    result = analyse_bias(sets, QUICK.build_options(), settings=settings, progress=SilentProgress())
    write_bias(result, base / "audit" / "bias" / QUICK.key)
    return Written(result, base / "audit" / "bias" / QUICK.key)


def test_the_summary_comes_back(written: Written) -> None:
    summary = load_bias(written.folder)
    assert summary == document_result(written.result).summary
    assert summary.classes == ("sick", "well")
    assert [(one.name, one.role, one.n) for one in summary.sets] == [
        ("real", "real", 24), ("gan", "synthetic", 24), ("free", "synthetic", 24), ("few", "synthetic", 12),
    ]  # fmt: skip
    assert "at least 10 of each" in summary.sets[3].note
    assert summary.sets[3].threshold is None
    top = summary.suspects[0]
    assert (top.left, top.top) == (0, 0)
    assert top.auroc > 0.9
    carried = {(one.set, one.region, one.sign): one for one in summary.inheritance}
    assert carried["gan", "1", "same"].low > 0.5 > carried["free", "1", "same"].share
    assert {"1", ALL_REGIONS} <= {region for _, region, _ in carried}
    assert {one.property for one in summary.shortcuts} == {
        "intensity", "border", "aspect", "resolution", "format",
    }  # fmt: skip
    assert {one.class_name for one in summary.markers} == {"sick", "well"}


def test_the_grid_of_the_summary_is_the_probes(written: Written) -> None:
    for side, patch, stride in ((32, 8, 8), (128, 16, 8), (100, 16, 7)):
        settings = load_bias(written.folder).settings.model_copy(
            update={"side_px": side, "patch_px": patch, "stride_px": stride}
        )
        assert settings.starts == PatchGrid(side_px=side, patch_px=patch, stride_px=stride).starts


def test_maps_come_back(written: Written) -> None:
    fresh, opened = document_result(written.result), open_document(written.folder)
    for one in written.result.sets:
        np.testing.assert_array_equal(load_map(written.folder, one.name, "mean"), one.mean)
        assert one.mean.shape == (32, 32)
        for kind, probe in (("probe", one.probe), ("transfer", one.transfer)):
            if probe is None:
                continue
            for document in (fresh, opened):
                np.testing.assert_array_equal(document.read_map(one.name, kind), probe.auroc)
        (name,) = list_differences(written.folder, one.name)
        np.testing.assert_array_equal(load_map(written.folder, one.name, name), one.differences[0].difference)
    assert load_map(written.folder, "gan", "inheritance").shape == (4, 4)
    assert load_bias(written.folder).sets[0].differences[0].first == "sick"


def test_scores_tell_whether_a_patch_looks_like_its_own_class(written: Written) -> None:
    scores = load_patch_scores(written.folder, "real")
    items = written.result.sets[0].items
    assert scores.items == tuple(item.id for item in items)
    assert scores.labels == tuple(item.label for item in items)
    assert len(set(scores.folds)) == 5
    assert scores.scores.shape == (16, 24)
    # At the mark both classes are right about themselves; the raw score tells one of them alone.
    corner, labels = scores.scores[0], np.array(scores.labels)
    middle = np.median(written.result.sets[0].probe.scores[0])  # type: ignore[union-attr]
    for label, sign in (("sick", -1), ("well", 1)):
        assert (corner[labels == label] > sign * middle).mean() > 0.9


def test_scores_of_many_classes_are_those_of_the_own_class(written: Written, tmp_path: Path) -> None:
    folder = tmp_path / "three"
    shutil.copytree(written.folder, folder)
    text = (folder / "bias.json").read_text().replace('"sick",', '"ill",\n    "sick",', 1)
    (folder / "bias.json").write_text(text)
    assert load_bias(folder).classes == ("ill", "sick", "well")
    scores = np.arange(16 * 24 * 3, dtype=np.float32).reshape(16, 24, 3)
    np.save(folder / "maps" / "real" / "scores.npy", scores)
    found = load_patch_scores(folder, "real")
    codes = [("ill", "sick", "well").index(label) for label in found.labels]
    np.testing.assert_array_equal(found.scores, scores[:, np.arange(24), codes])


def test_what_is_not_there_is_said(written: Written, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no set 'x'; it has: real, gan, free, few\."):
        load_map(written.folder, "x", "mean")
    with pytest.raises(UnknownNameError, match="no set"):
        list_differences(written.folder, "../real")
    with pytest.raises(UnknownNameError, match=r"no map '\.\./mean'; it has: mean, probe"):
        load_map(written.folder, "real", "../mean")
    with pytest.raises(UnknownNameError, match="no map 'transfer'"):
        load_map(written.folder, "real", "transfer")
    with pytest.raises(UnknownNameError, match="no map 'probe'"):
        document_result(written.result).read_map("few", "probe")
    with pytest.raises(UnknownNameError, match="was not probed"):
        load_patch_scores(written.folder, "few")
    with pytest.raises(InputError, match="cannot be read"):
        load_bias(tmp_path)


def test_damage_is_said(written: Written, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(written.folder, folder)
    (folder / "maps" / "real" / "mean.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match=r"mean\.npy cannot be read; run the analysis again"):
        load_map(folder, "real", "mean")
    np.save(folder / "maps" / "real" / "scores.npy", np.zeros((16, 3, 1), np.float32))
    with pytest.raises(InputError, match="scores"):
        load_patch_scores(folder, "real")
    (folder / "maps" / "real" / "images.csv").write_text("item,class\na,sick\n")
    with pytest.raises(InputError, match="images"):
        load_patch_scores(folder, "real")
    (folder / "bias.json").write_text('{"format_version": 2}')
    with pytest.raises(InputError, match="not an analysis that this version reads"):
        load_bias(folder)


def test_the_newest_analysis_stands_first(tmp_path: Path) -> None:
    assert list_bias(tmp_path) == ()
    for age, key in enumerate(("new", "old", "oldest")):
        path = tmp_path / "bias" / key / "bias.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        os.utime(path, ns=(10**18 - age * 10**9,) * 2)
    (tmp_path / "bias" / "unfinished").mkdir()
    assert list_bias(tmp_path) == ("new", "old", "oldest")


def test_classes_that_differ_in_odd_characters_keep_their_own_maps() -> None:
    nothing = np.zeros((2, 2))
    pairs = [ClassDifference(first, "c", nothing, 2, 2) for first in ("a b", "a/b", "a:b")]
    assert [name for name, _ in name_differences(pairs)] == [
        "difference-a-b-c", "difference-a-b-c-2", "difference-a-b-c-3",
    ]  # fmt: skip


def test_the_key_names_what_decides_the_maps() -> None:
    assert QUICK.key == QUICK.model_copy(update={"attribution": True}).key
    changed = [{"frame_px": 64}, {"stride_px": 4}, {"n_folds": 4}, {"seed": 1}, {"max_per_class": 10}]
    keys = {QUICK.model_copy(update=one).key for one in changed}
    assert len(keys | {QUICK.key}) == len(changed) + 1
    assert QUICK.key.isalnum()


def test_choices_become_options() -> None:
    options = BiasChoices(frame_px=64, patch_px=12, stride_px=5, n_folds=3, seed=4).build_options()
    assert options.probe == ProbeOptions(PatchGrid(64, 12, 5), n_folds=3, n_permutations=200, seed=4)
    assert options.max_per_class == 1000
    assert BiasChoices().build_options().probe == ProbeOptions()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"patch_px": 200}, "does not fit into a frame of 128"),
        ({"stride_px": 17}, "choose at most the patch's 16"),
        ({"frame_px": 1024, "stride_px": 1}, "more than 10,000; choose a larger step"),
        ({"n_permutations": 10}, "greater than or equal to 19"),
        ({"n_folds": 11}, "less than or equal to 10"),
    ],
)
def test_choices_that_do_not_go_together_are_refused(wrong: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        BiasChoices.model_validate(wrong)
