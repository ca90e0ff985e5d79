"""A whole experiment, run once by its job: numbers, files, addresses of images, and going on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.audit.archive import load_summary
from core.audit.items import load_items, read_item
from core.audit.reopen import reopen_audit
from core.bias.box import Box
from core.bias.crop import Crop
from core.bias.patch_probe import ProbeOptions
from core.bias.patches import PatchGrid
from core.cli import main
from core.config import Settings, get_settings
from core.crop_experiment import experiment
from core.crop_experiment.archive import load_crop, load_crop_summary
from core.crop_experiment.cropped_sets import write_cropped_study
from core.crop_experiment.figures import (
    build_metric_figure,
    build_utility_figure,
    list_extractors,
    list_scores,
)
from core.crop_experiment.findings import describe_probes
from core.crop_experiment.preview import preview_crop
from core.crop_experiment.probing import find_strongest, probe_places
from core.crop_experiment.samples import pick_samples
from core.crop_experiment.suspect_region import choose_suspect
from core.datasets.study_folders import confine_to_roots
from core.datasets.study_scan import scan_study
from core.db.database import open_database
from core.db.jobs import load_job
from core.db.studies import list_studies
from core.errors import ImageReadError, InputError, TooFewImagesError, UnknownNameError
from core.jobs.job_folder import experiment_folder, items_folder, utility_runs_folder
from core.jobs.kinds import JOB_KINDS
from core.progress import SilentProgress
from core.utility.archive import load_utility
from tests.core.crop_experiment.films import REQUEST, write_study
from tests.crops import keep_crop

FAST = ProbeOptions(grid=PatchGrid(side_px=32, patch_px=8, stride_px=4), n_permutations=39)
SILENT = SilentProgress()


@pytest.fixture(scope="session")
def crop_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return keep_crop(tmp_path_factory)


@pytest.fixture
def crop(
    crop_home: tuple[Path, str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Settings, str]]:
    """The finished experiment; to be looked at only."""
    home, experiment_id = crop_home
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    get_settings.cache_clear()
    yield get_settings(), experiment_id
    open_database(get_settings()).close()


def test_what_rested_on_the_square_is_lost(crop: tuple[Settings, str]) -> None:
    settings, experiment_id = crop
    record, summary = load_crop_summary(open_database(settings), experiment_id)
    assert (record.kind, record.study_name) == ("crop", "Films")
    assert load_job(open_database(settings), experiment_id).outcome == {"experiment_id": experiment_id}
    by_arm = {one.arm: one for one in summary.scores if (one.score, one.baseline) == ("accuracy", None)}
    # The square is all that tells the classes: without it, every classifier guesses.
    for arm in ("pretrained-real", "pretrained:inherits"):
        assert by_arm[arm].before > 0.9
        assert 0.2 < by_arm[arm].after < 0.8
        assert by_arm[arm].change == pytest.approx(by_arm[arm].after - by_arm[arm].before)
    real, heldout, inherits = summary.probes
    assert real.before is not None and real.before.auroc > 0.95
    assert real.is_uniform and real.after is not None and real.after.auroc == pytest.approx(0.5, abs=0.1)
    assert heldout.before is None and "was not probed" in heldout.note
    assert inherits.before is None
    assert not any("did not work" in warning for warning in summary.warnings)
    assert any("no change can reach" in warning for warning in summary.warnings)
    assert [one.name for one in summary.sets] == ["real", "heldout", "inherits"]
    assert all(one.digest != one.cropped_digest for one in summary.sets)
    assert "all images are alike" in describe_probes(summary)[0]


def test_every_file_is_written(crop: tuple[Settings, str]) -> None:
    settings, experiment_id = crop
    folder = experiment_folder(settings, experiment_id)
    summary = load_crop(folder)
    assert summary == load_crop_summary(open_database(settings), experiment_id)[1]
    table = pd.read_csv(folder / "crop.csv", keep_default_na=False, na_values=[""])
    assert set(table["what"]) == {"score", "gain", "metric", "probe"}
    score = table[(table["what"] == "score") & (table["arm"] == "pretrained:inherits")].set_index("measure")
    wanted = next(
        one
        for one in summary.scores
        if (one.arm, one.baseline, one.score) == ("pretrained:inherits", None, "auroc")
    )
    assert score.loc["auroc", "change"] == pytest.approx(wanted.change)
    assert len(table) == len(summary.scores) + len(summary.metrics) + len(summary.probes)
    after = load_summary(folder / "after")
    assert [Path(one.folder) for one in after.sets] == [
        folder.resolve() / "sets" / name for name in ("real", "heldout", "inherits")
    ]
    assert (folder / "before" / "report.html").exists()
    for when in ("before", "after"):
        assert load_utility(folder / "utility" / "feature-extraction" / when).arms[0].id == "pretrained-real"


def test_the_same_again_crops_and_trains_nothing(
    crop: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, experiment_id = crop
    folder = experiment_folder(settings, experiment_id).resolve()
    summary = load_crop(folder)

    def fail(*_args: object, **_options: object) -> None:
        raise AssertionError("it was finished before")

    audits = iter([reopen_audit(folder / when) for when in ("before", "after")])
    monkeypatch.setattr(experiment, "run_audit", lambda *_args, **_options: next(audits))
    monkeypatch.setattr("core.utility.experiment.train_arm", fail)
    monkeypatch.setattr("core.crop_experiment.cropped_sets.write_cropped_set", fail)
    again = experiment.run_crop_experiment(
        list_studies(open_database(settings))[0].folders.resolve(settings),
        REQUEST,
        folder=folder,
        runs_folder=utility_runs_folder(settings),
        settings=confine_to_roots(settings, with_experiments=True),
    )
    times = {"started": summary.started, "seconds": summary.seconds}
    assert again.summary.model_copy(update=times) == summary


def test_images_before_and_after_can_be_opened(crop: tuple[Settings, str]) -> None:
    settings, experiment_id = crop
    items = load_items(items_folder(settings, experiment_id))
    picked = pick_samples(items, ["real", "inherits"])
    assert [(one.item, one.label) for one in picked["inherits"]] == [("a/000.png", "a"), ("b/001.png", "b")]
    marked = picked["real"][1]
    before, after = (read_item(items[one], settings).pixels for one in (marked.before, marked.after))
    assert before[3, 3] == 250
    assert (after[:8, :8] == 0).all()
    assert np.array_equal(before[8:], after[8:])
    # Only what lies below roots or experiments is opened.
    outside = dataclasses.replace(items[marked.after], path=settings.home / "medsynaudit.sqlite3")
    with pytest.raises(ImageReadError):
        read_item(outside, settings)


def test_figures_show_every_set_before_and_after(crop: tuple[Settings, str]) -> None:
    settings, experiment_id = crop
    summary = load_crop(experiment_folder(settings, experiment_id))
    assert list(list_scores(summary)) == ["accuracy", "balanced_accuracy", "auroc", "f1_macro"]
    figure = build_utility_figure(summary, "accuracy", known=("other", "inherits"))
    assert figure is not None
    assert [one.text for one in figure.light.layout.annotations] == ["Pretrained on, %"]
    # A line, and a number before and after it, for real images and for the set.
    assert len(figure.light.data) == 6
    assert figure.light.data[4].marker.color == "#E69F00"
    assert list_extractors(summary) == ("pixels",)
    assert build_metric_figure(summary, "pixels") is not None
    assert build_utility_figure(summary, "nonsense") is None


def test_payloads_are_checked(crop: tuple[Settings, str]) -> None:
    settings, _ = crop
    folders = list_studies(open_database(settings))[0].folders.model_dump(mode="json")
    request = REQUEST.model_dump(mode="json")
    JOB_KINDS["crop"].check({"folders": folders, "request": request})
    with pytest.raises(UnknownNameError, match="no synthetic set 'vae'"):
        JOB_KINDS["crop"].check({"folders": folders, "request": request | {"synthetic": ["vae"]}})
    with pytest.raises(InputError, match="add a held-out set"):
        JOB_KINDS["crop"].check({"folders": folders | {"heldout": None}, "request": request})
    with pytest.raises(InputError, match="Name what to crop"):
        JOB_KINDS["crop"].check({"folders": folders, "request": request | {"region": None}})
    with pytest.raises(UnknownNameError, match="no extractor 'nonsense'"):
        JOB_KINDS["crop"].check(
            {"folders": folders, "request": request | {"protocol": {"extractors": ["nonsense"]}}}
        )


def test_damaged_results_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_crop(tmp_path)
    for text, said in (("{", "is damaged"), (json.dumps({"margin": 0}), "not a crop experiment")):
        (tmp_path / "crop.json").write_text(text)
        with pytest.raises(InputError, match=said):
            load_crop(tmp_path)


def test_too_small_a_crop_is_found_out(workspace: Path, tmp_path: Path) -> None:
    study = write_study(tmp_path / "films", n_real=40)
    settings = get_settings()
    half = Crop(region=Box(0, 0, 0.125, 0.125))
    before = scan_study(study, settings=settings, progress=SILENT)
    cropped = write_cropped_study(study, before, half, tmp_path / "out", settings=settings, progress=SILENT)
    after = scan_study(cropped, settings=settings, progress=SILENT)
    (found,) = [
        one
        for one in find_strongest(before[0], after[0], half, options=FAST, settings=settings, progress=SILENT)
        if one.when == "after"
    ]
    assert found.beside and found.auroc > 0.9
    # Cut off by its strip, the place is gone.
    margins = Crop(margin=0.25)
    records = probe_places(
        before[0], before[0], margins, ("a", "b"), seed=0, settings=settings, progress=SILENT
    )
    assert [one.place for one in records] == ["upper margin", "lower margin", "left margin", "right margin"]
    assert all(one.after is None and one.is_uniform is None for one in records)
    strong = {one.place: one.before.auroc for one in records if one.before is not None}
    assert strong["upper margin"] > 0.9 and strong["left margin"] > 0.9
    region = choose_suspect(study, 1, options=FAST, settings=settings)
    # Widened, so that nothing of the square stays.
    assert region[:2] == (0, 0) and min(region[2:]) > 7 / 32
    with pytest.raises(TooFewImagesError, match=r"no region 9 to crop; name a --margin or a --region"):
        choose_suspect(study, 9, options=FAST, settings=settings)


def test_a_preview_shows_each_class_of_each_set(workspace: Path, tmp_path: Path) -> None:
    study = write_study(tmp_path / "films")
    (tmp_path / "films" / "real" / "a" / "000.png").write_bytes(b"damaged")
    samples = preview_crop(study, REQUEST.crop, settings=get_settings())
    assert [(one.set, one.item) for one in samples] == [
        ("real", "b/001.png"), ("real", "a/002.png"), ("heldout", "a/000.png"), ("heldout", "b/001.png"),
        ("inherits", "a/000.png"), ("inherits", "b/001.png"),
    ]  # fmt: skip
    assert all(one.after is not None and one.after != one.before for one in samples)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--suspect N"),
        (("--region", "0,0,1"), "four numbers"),
        (("--region", "0,0,0.2,0.2", "--suspect", "1"), "not both"),
        (("--margin", "0.6"), "less than 0.5"),
        (("--margin", "0.1", "--mode", "burn"), "blank or cut"),
        (("--margin", "0.1", "--kind", "both"), "--kind is augmentation or feature-extraction"),
        (("--margin", "0.1", "--output", "films/real/x"), "lies inside the image set"),
    ],
)
def test_wrong_commands_are_one_sentence(
    workspace: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    sets = ("--real", "films/real", "--test", "films/heldout", "--synthetic", "gan=films/gan")
    with pytest.raises(SystemExit) as ended:
        main(["bias", "crop-experiment", *sets, "--output", "out", *options])
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
