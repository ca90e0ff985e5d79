"""Correlations over sets: direction, wording, correction, figure, tables and the command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.csv_text import render_csv
from core.errors import InputError
from core.fidelity_utility.association import associate, associate_all, explain_correction, find_correction
from core.fidelity_utility.backdrop import find_backdrop
from core.fidelity_utility.fidelities import Fidelity
from core.fidelity_utility.figure import build_association_figure
from core.fidelity_utility.points import join_points
from core.fidelity_utility.sentences import say_association, write_p
from core.fidelity_utility.tables import tabulate_associations, tabulate_points
from core.fidelity_utility.utilities import Utility
from core.fidelity_utility.writer import write_associations
from core.utility.significance import correct_holm
from tests.core.fidelity_utility.made import make_audit, make_experiment

NAMES = tuple("abcdef")
RISING = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
CHANGE = Utility("augmentation", "synthetic:1", "none", "accuracy")
METRICS = {
    ("fid", "inception"): (6, 5, 4, 3, 2, 1),
    ("precision", "inception"): (6, 5, 4, 3, 2, 1),
    ("ct_score", "pixels"): (1, 2, 3, 4, 5, 6),
    ("recall", "inception"): (3, 1, 6, 2, 5, 4),
}


def say(metric: str, extractor: str, n: int = 6) -> str:
    names = NAMES[:n]
    audit = make_audit(names, {key: values[:n] for key, values in METRICS.items()})
    joined = join_points(audit, make_experiment(names, RISING[:n]), Fidelity(metric, extractor), CHANGE)
    return say_association(associate(joined))


def test_the_sentence_says_which_way_it_goes() -> None:
    said = say("fid", "inception")
    assert said.startswith(
        "Across 6 synthetic sets, Fréchet Inception distance (FID) (inception) and change of"
    )
    assert "−1.0 [−1.0, " in said and "p = 0.0028" in said
    assert said.endswith("sets that are better by Fréchet Inception distance (FID) help the classifier more.")
    assert say("precision", "inception").endswith("better by Precision help the classifier less.")
    assert say("ct_score", "pixels").endswith("with a higher CT score help the classifier more.")
    assert say("recall", "inception").endswith("whether sets that are better by Recall help the classifier "
        "more cannot be told.")  # fmt: skip


def test_few_sets_are_said_to_be_too_few() -> None:
    assert "cannot be stated. There are 3 pairs of numbers" in say("fid", "inception", 3)
    assert "4 sets cannot tell, whatever their order, since their smallest p-value is 0.083" in say(
        "fid", "inception", 4
    )


def test_scores_themselves_read_as_scores() -> None:
    audit = make_audit(NAMES, METRICS)
    plain = Utility("augmentation", "alone", None, "accuracy")
    joined = join_points(audit, make_experiment(NAMES, RISING), Fidelity("precision", "inception"), plain)
    said = say_association(associate(joined))
    assert said.endswith("sets that are better by Precision score lower.") and joined.baseline_title == ""


def test_every_pair_once_with_holm_over_all() -> None:
    audit = make_audit(NAMES, METRICS)
    experiments = [
        ("augmented", make_experiment(NAMES, RISING)),
        ("pretrained", make_experiment(NAMES, RISING[::-1], kind="feature-extraction")),
    ]
    found = associate_all(audit, experiments)
    # Four metrics; three ways to augment, whatever they are held against, and one to pretrain.
    assert len(found) == 16
    assert [one.p_holm for one in found] == list(correct_holm([one.correlation.p or 0 for one in found]))
    assert found[3].correlation.value == pytest.approx(-(found[0].correlation.value or 0))
    # A baseline moves every change alike, so it moves no order.
    for baseline in ("none", "traditional", None):
        utility = Utility("augmentation", "synthetic:1", baseline, "accuracy")
        again = associate(join_points(audit, experiments[0][1], Fidelity("fid", "inception"), utility))
        assert again.correlation == found[0].correlation
        assert find_correction(again, found).p_holm == found[0].p_holm
    said = explain_correction(found)
    assert "16 correlations over 6 synthetic sets" in said and "can reach" not in said
    many = associate_all(audit, experiments, scores=("accuracy", "recall"))
    assert len(many) == 32 and "smallest p-value that there can be is 0.0028" in explain_correction(many)
    few = associate_all(
        make_audit(NAMES[:3], {("kid", "x"): (1, 2, 3)}), [("", make_experiment(NAMES[:3], RISING[:3]))]
    )
    assert {one.p_holm for one in few} == {None} and explain_correction(few) == ""


def test_what_does_not_outlast_the_correction_is_a_hint() -> None:
    audit, experiment = make_audit(NAMES, METRICS), make_experiment(NAMES, RISING)
    found = associate_all(audit, [("", experiment)], scores=("accuracy", "recall"))
    one = associate(join_points(audit, experiment, Fidelity("fid", "inception"), CHANGE))
    assert "sets that are better by Fréchet" in say_association(one) and "hint" not in say_association(one)
    corrected = find_correction(one, found)
    assert corrected.p_holm is not None and corrected.p_holm >= 0.05 > (corrected.correlation.p or 1)
    assert "at most a hint that sets that are better" in say_association(corrected)
    assert write_p(corrected.p_holm) in say_association(corrected)
    assert find_correction(corrected, []).p_holm is None


def test_p_values_are_written_with_their_sign() -> None:
    assert [write_p(p) for p in (1.0, 0.0833, 0.001, 0.0004)] == ["= 1", "= 0.083", "= 0.001", "< 0.001"]


def test_the_figure_says_what_it_shows() -> None:
    audit = make_audit(NAMES, METRICS)
    fidelity = Fidelity("fid", "inception")
    joined = join_points(audit, make_experiment(NAMES, RISING), fidelity, CHANGE)
    backdrop = find_backdrop(fidelity, CHANGE)
    figure = build_association_figure(associate(joined), NAMES, backdrop=backdrop)
    assert figure is not None
    assert "over 6 repeats on 60 test images" in figure.caption and "arXiv:2305.09789" in figure.caption
    assert "the line at 0 is the baseline, real images alone" in figure.caption
    assert "a: Fréchet Inception distance (FID) (inception) 6.0 [5.5, 6.5]" in figure.alt
    assert len(figure.light["data"]) == len(NAMES) + 2
    assert build_association_figure(associate(joined), NAMES) is not None
    nothing = join_points(audit, make_experiment(("g",), (0.1,)), fidelity, CHANGE)
    assert build_association_figure(associate(nothing), NAMES) is None


def test_tables_hold_every_number(tmp_path: Path) -> None:
    names = ("=SUM(1)", *NAMES[1:])
    audit = make_audit(names, {("fid", "inception"): METRICS["fid", "inception"]})
    found = associate_all(audit, [("run", make_experiment(names, RISING))])
    write_associations(found, tmp_path / "out")
    associations = pd.read_csv(tmp_path / "out" / "associations.csv")
    assert len(associations) == 3 and set(associations["n"]) == {6}
    assert associations["spearman"].tolist() == [-1.0] * 3
    points = pd.read_csv(tmp_path / "out" / "points.csv")
    assert len(points) == 18 and points["synthetic"][0] == "'=SUM(1)"
    assert points["utility"].tolist()[:6] == pytest.approx([1, 2, 3, 4, 5, 6])
    assert set(points["utility_unit"]) == {"percentage points"} and set(points["images"]) == {"same"}
    assert len(pd.read_csv(tmp_path / "out" / "published.csv")) == 7
    assert (
        tabulate_associations([]).empty and tabulate_points([]).empty and render_csv(pd.DataFrame()) == "\n"
    )
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--output"):
        write_associations(found, tmp_path / "file")


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """What the commands of audits and experiments leave behind."""
    audit, other = tmp_path / "audit", tmp_path / "other"
    for folder in (audit, other, tmp_path / "augmented", tmp_path / "strangers"):
        folder.mkdir()
    (audit / "audit.json").write_text(make_audit(NAMES, METRICS).model_dump_json(by_alias=True))
    for name, sets in (("augmented", NAMES), ("strangers", ("x", "y", "z", "w", "v", "u"))):
        (tmp_path / name / "utility.json").write_text(make_experiment(sets, RISING).model_dump_json())
    return {"audit": audit, "augmented": tmp_path / "augmented", "strangers": tmp_path / "strangers"}


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["utility", "against-fidelity", *map(str, arguments)])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_the_command_writes_and_prints(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call("--audit", folders["audit"], "--utility", folders["augmented"], "--output", out) == 0
    assert {path.name for path in out.iterdir()} == {"associations.csv", "points.csv", "published.csv"}
    printed = capsys.readouterr().out
    assert "Fréchet Inception distance (FID) (inception) ↓" in printed
    assert "−1.0 [−1.0, " in printed and "p = 0.0028, n 6" in printed
    assert str(out / "associations.csv") in printed
    assert "Warning: Six repeats are few." in printed


def test_the_command_draws_a_metric(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ("--audit", folders["audit"], "--utility", folders["augmented"], "--output", out)
    assert call(*given, "--figure", "fid/inception", "--published") == 0
    page = (out / "figures.html").read_text(encoding="utf-8")
    # One figure a way of training, the library once and in the file itself.
    assert page.count("<h2>") == 3 and page.count("Plotly.newPlot(") >= 3
    assert page.count("plotly.js v") == 1 and 'src="http' not in page
    assert page.count("arXiv:2305.09789") == 2


def test_the_command_says_what_to_change(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--audit", folders["audit"], "--utility", folders["augmented"], "--output", tmp_path / "out")
    for arguments, sentence in (
        ((*given, "--score", "cleverness"), "no score 'cleverness'"),
        ((*given, "--class", "c"), "all images alone"),
        ((*given, "--figure", "kid"), "no metric 'kid'; it has fid, fid/inception, precision"),
        ((*given, "--utility", folders["augmented"]), "names a folder twice"),
        (("--audit", tmp_path / "none", *given[2:]), "run the audit again"),
        ((*given[:2], "--utility", tmp_path / "none", *given[4:]), "run the experiment again"),
        ((*given[:2], "--utility", folders["strangers"], *given[4:]), "same names in both"),
    ):
        assert call(*arguments) == 2
        assert sentence in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
