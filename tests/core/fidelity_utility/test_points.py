"""Joining sets by name: which numbers meet, which are left out, and whether they are of the same images."""

from __future__ import annotations

import hashlib

import pytest

from core.fidelity_utility.fidelities import Fidelity, list_fidelities, read_fidelity
from core.fidelity_utility.points import join_points
from core.fidelity_utility.same_sets import match_sets
from core.fidelity_utility.utilities import Utility, list_utilities, read_utility
from core.images.intensity import PRESETS
from core.utility.presets import UtilityProtocol
from tests.core.fidelity_utility.made import CLASSES, digest, make_audit, make_experiment

NAMES = ("one", "two", "three", "four")
KID = Fidelity("kid", "texture")
CHANGE = Utility("augmentation", "synthetic:1", "none", "accuracy")


def test_points_carry_both_numbers_of_the_same_set() -> None:
    audit = make_audit(NAMES, {("kid", "texture"): (4, 3, 2, 1)})
    # The experiment's own order is another one.
    experiment = make_experiment(NAMES[::-1], (0.01, 0.02, 0.03, 0.04))
    joined = join_points(audit, experiment, KID, CHANGE)
    assert [(p.name, p.fidelity.value, round(p.utility.value, 9)) for p in joined.points] == [
        ("one", 4, 4),
        ("two", 3, 3),
        ("three", 2, 2),
        ("four", 1, 1),
    ]
    first = joined.points[0]
    assert (first.fidelity.low, first.fidelity.high) == (3.5, 4.5)
    assert (first.utility.low, first.utility.high) == pytest.approx((2, 6))
    assert (joined.n_repeats, joined.n_test, joined.baseline_title) == (6, 60, "Real images alone")
    # Intervals of the metric are 1 wide and touch the next ones, those of the utility 4 wide.
    (overlaps,) = joined.notes
    assert "Of 6 pairs of sets, 3 have overlapping intervals of the metric and 6 of the utility" in overlaps
    assert not joined.warnings and {p.match for p in joined.points} == {"same"}


def test_sets_without_both_numbers_are_left_out_and_named() -> None:
    audit = make_audit(NAMES, {("kid", "texture"): (4, None, 2, 1)})
    experiment = make_experiment(("one", "two", "three", "gan"), (0.1, 0.2, 0.3, 0.4))
    joined = join_points(audit, experiment, KID, CHANGE)
    assert [point.name for point in joined.points] == ["one", "three"]
    two, four, gan = joined.notes
    assert "two" in two and "Too few images." in two
    assert "four" in four and "experiment" in four
    assert "gan" in gan and "audit" in gan


def test_distances_are_read_at_equal_numbers_of_images() -> None:
    audit = make_audit(
        NAMES, {("fd", "texture"): (4, 3, 2, 1)}, at_n={"one": 60, "two": 60, "three": 30, "four": 60}
    )
    numbers, notes = read_fidelity(audit, Fidelity("fd", "texture"))
    assert list(numbers) == ["one", "two", "four"] and {one.n for one in numbers.values()} == {60}
    (note,) = notes
    assert "three" in note and "n = 30" in note and "n = 60" in note


def test_sets_rated_in_several_sessions_are_told() -> None:
    audit = make_audit(NAMES, {("fir", None): (0.4, 0.3, 0.2, None)})
    rows = {row.synthetic: row for row in audit.results}

    def rated(*floors: float | None) -> tuple[str, ...]:
        held = [
            rows[name].model_copy(update={"floor": floor}) for name, floor in zip(NAMES, floors, strict=True)
        ]
        summary = audit.model_copy(update={"results": tuple(held)})
        return read_fidelity(summary, Fidelity("fir", None))[1]

    assert not any("several sessions" in note for note in rated(0.3, 0.3, 0.3, None))
    assert sum("several sessions" in note for note in rated(0.3, 0.3, 0.25, None)) == 1


def test_metrics_are_listed_in_the_order_of_tables() -> None:
    audit = make_audit(
        NAMES,
        {
            ("unheard-of", None): (1, 2, 3, 4),
            ("recall", "texture"): (1, 1, 1, 1),
            ("fd", "inception"): (1, 2, 3, 4),
            ("fid", "inception"): (1, 2, 3, 4),
            ("fd", "texture"): (1, 2, 3, 4),
            ("kid", "texture"): (None,) * 4,
        },
    )
    listed = [(one.metric, one.extractor) for one in list_fidelities(audit)]
    # The same number twice, a metric without numbers, and one of elsewhere at the end.
    assert listed == [("fid", "inception"), ("fd", "texture"), ("recall", "texture"), ("unheard-of", None)]
    assert list_fidelities(audit, class_name="a") == ()
    by_class = make_audit(NAMES, {("kid", "texture"): (1, 2, 3, 4)}, class_name="sex=F")
    assert list_fidelities(by_class, class_name="sex=F") == (Fidelity("kid", "texture", "sex=F"),)


def test_every_way_of_training_has_its_numbers() -> None:
    protocol = UtilityProtocol(ratios=(0.5, 1.0), label_fractions=(0.25,), repeats=6)
    experiment = make_experiment(NAMES, (0.1, 0.2, 0.3, 0.4), protocol=protocol)
    found = list_utilities(experiment)
    assert {one.way for one in found} == {
        "synthetic:0.5",
        "synthetic:1",
        "both:0.5",
        "both:1",
        "alone",
        "fraction:0.25",
    }
    assert {one.baseline for one in found if one.way == "fraction:0.25"} == {"real:0.25", "none", None}
    assert {(one.score, one.class_name) for one in found} == {("accuracy", None), ("recall", "a")}
    for one in found:
        numbers = read_utility(experiment, one)
        assert list(numbers) == list(NAMES)
        assert numbers["two"].value == pytest.approx(90 if one.baseline is None else 20)
        assert one.unit == ("%" if one.baseline is None else "percentage points")
        assert one.title and "None" not in one.title
    features = make_experiment(NAMES, (0.1, 0.2, 0.3, 0.4), kind="feature-extraction")
    assert {(one.way, one.baseline) for one in list_utilities(features)} == {
        ("pretrained", "pretrained-real"),
        ("pretrained", "untrained"),
        ("pretrained", None),
    }


def test_sets_of_one_name_are_checked_to_be_the_same() -> None:
    audit = make_audit(NAMES, {("kid", "texture"): (4, 3, 2, 1)})
    made = make_experiment(NAMES, (0.1, 0.2, 0.3, 0.4))
    used = {one.name: one for one in made.sets}
    without_patients = hashlib.sha256(digest("two").encode() + b"\n" * 60).hexdigest()
    experiment = make_experiment(
        NAMES,
        (0.1, 0.2, 0.3, 0.4),
        sets={
            # Of earlier versions: proven by the digest without patients, and not to be told.
            "two": used["two"].model_copy(update={"images_digest": "", "digest": without_patients}),
            "three": used["three"].model_copy(update={"images_digest": ""}),
            "four": used["four"].model_copy(update={"n": 59, "classes": CLASSES | {"b": 29}}),
            "real": used["real"].model_copy(update={"images_digest": digest("other")}),
        },
    )
    # Counts tell even where digests do not.
    audit = audit.model_copy(
        update={
            "sets": tuple(
                one.model_copy(update={"digest": digest("later")}) if one.name == "four" else one
                for one in audit.sets
            )
        }
    )
    found = match_sets(audit, experiment)
    assert {name: match.kind for name, match in found.items()} == {
        "real": "different",
        "one": "same",
        "two": "same",
        "three": "alike",
        "four": "different",
    }
    joined = join_points(audit, experiment, KID, CHANGE)
    real, four = joined.warnings
    assert "real set" in real and "other files" in real
    assert "60 images: 30 a, 30 b" in four and "59 images: 30 a, 29 b" in four
    three, _ = joined.notes
    assert "three" in three and "did not record" in three
    assert len(joined.points) == 4


def test_what_makes_points_hard_to_compare_is_said() -> None:
    audit = make_audit(NAMES, {("density", "texture"): (4, 3, 2, 1)}, n={"one": 30})
    experiment = make_experiment(NAMES, (0.1, 0.2, 0.3, 0.4))
    joined = join_points(audit, experiment, Fidelity("density", "texture"), CHANGE)
    assert any("best where real images are" in note for note in joined.notes)
    assert any("differ in size" in note for note in joined.notes)


def test_other_intensity_policies_are_warned_of() -> None:
    audit = make_audit(NAMES, {("kid", "texture"): (4, 3, 2, 1)})
    experiment = make_experiment(NAMES, (0.01, 0.02, 0.03, 0.04))
    lung = PRESETS["lung"].model_dump(mode="json")
    protocol = audit.protocol.model_copy(update={"choices": {"intensity": lung}})
    other = audit.model_copy(update={"protocol": protocol})
    (warning,) = join_points(other, experiment, KID, CHANGE).warnings
    assert "(window: center -600, width 1500) and by another in the experiment (as each file says" in warning
    alike = experiment.model_copy(update={"protocol": experiment.protocol | {"intensity": lung}})
    assert not join_points(other, alike, KID, CHANGE).warnings
