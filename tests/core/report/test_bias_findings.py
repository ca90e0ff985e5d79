"""What an analysis of bias says in sentences."""

from __future__ import annotations

import pytest

from core.bias.box import Box
from core.report.bias_findings import describe_bias, describe_place, describe_settings, write_p, write_place
from tests.core.bias.archived import describe


def inherit(name: str, share: float, low: float, high: float, region: str = "1") -> dict[str, object]:
    return {"set": name, "region": region, "sign": "same", "share": share, "low": low, "high": high,
            "n_real": 48, "n_synthetic": 1200}  # fmt: skip


def sets(*names: str, role: str = "synthetic") -> list[dict[str, object]]:
    made = [one.model_dump() for one in describe().sets[:1]]
    blank = {"n": 48, "classes": {}, "threshold": 0.7, "max_auroc": 0.9, "share_above": 0.1}
    return [*made, *({"name": name, "role": role, **blank} for name in names)]


def test_the_answer_names_place_strength_and_heirs() -> None:
    rows = [inherit("a", 0.9, 0.8, 1.0), inherit("b", 0.02, -0.1, 0.1), inherit("c", -0.8, -0.9, -0.7),
            inherit("d", 0.97, 0.9, 1.0), inherit("a", 0.1, 0.0, 0.2, "all")]  # fmt: skip
    first, carry, swapped, none, closing = describe_bias(
        describe(sets=sets("a", "b", "c", "d"), inheritance=rows)
    )
    assert first == (
        "The most suspect place of the real images is the upper left, 0 to 38 % of the width, 0 to 38 % of the "
        "height: its strongest patch alone tells ill from well with AUROC 0.98 [0.94, 0.99] (0.5 is chance, 1 "
        "tells every image; p = 0.005, n = 48); around it the mean is 0.55, no more than chance reaches anywhere "
        "(0.70): the sign is local, as a burnt-in mark is."
    )
    plain = carry.replace("\N{NO-BREAK SPACE}", " ")
    assert plain.startswith(
        "Carry that sign on, as a share of the real signal: d 97 % [90 %, 100 %] (n = 1,200), a"
    )
    assert swapped.startswith("Carry it with the classes swapped: c −80")
    assert none.startswith("Not shown to carry it: b 2")
    assert "is for a reader to say" in closing


def test_a_place_is_not_called_local_where_most_places_tell_the_class() -> None:
    real = describe().sets[0].model_dump() | {"share_above": 0.6}
    first, *_ = describe_bias(describe(sets=[real], inheritance=[]))
    assert first.endswith("no more than chance reaches anywhere (0.70), though most places tell the class.")


def test_classes_are_swapped_only_where_the_set_itself_tells_them() -> None:
    rows = [inherit("a", -0.3, -0.5, -0.1), inherit("a", 0.2, -0.1, 0.4) | {"sign": "any"},
            inherit("b", -0.3, -0.5, -0.1), inherit("b", 0.9, 0.8, 1.0) | {"sign": "any"}]  # fmt: skip
    _, swapped, none, _ = describe_bias(describe(sets=sets("a", "b"), inheritance=rows))
    assert swapped.startswith("Carry it with the classes swapped: b −30")
    assert none.startswith("Not shown to carry it: a −30")


def test_classes_that_differ_everywhere_are_said_to() -> None:
    (real, *others) = [one.model_dump() for one in describe().sets]
    top = describe().suspects[0].model_dump() | {"surround_auroc": 0.8}
    first, *_ = describe_bias(describe(sets=[real | {"share_above": 0.96}, *others], suspects=[top]))
    assert "96 % of all places tell ill from well: the classes differ as a whole" in first


def test_areas_of_more_than_two_classes_say_what_they_are_the_mean_of() -> None:
    first, *_ = describe_bias(describe(classes=["a", "b", "c"], inheritance=[]))
    assert (
        "tells the 3 classes with AUROC 0.98 [0.94, 0.99] (the mean of each class against the rest: " in first
    )


def test_held_out_images_are_what_to_compare_with() -> None:
    rows = [inherit("heldout", 1.01, 0.9, 1.1)]
    sentences = describe_bias(describe(sets=sets("heldout", role="heldout"), inheritance=rows))
    assert sentences[1].startswith("For comparison, real images of other patients: heldout 101")


def test_nothing_found_is_said_with_what_could_have_been() -> None:
    (sentence,) = describe_bias(describe(suspects=[], inheritance=[]))
    assert sentence.startswith(
        "No place of the real images tells ill from well beyond chance: the strongest patch"
    )
    assert "chance alone reaches 0.70 somewhere in one of 20 analyses (n = 48)" in sentence


def test_a_sign_that_spreads_is_no_mark() -> None:
    broad = describe().suspects[0].model_dump() | {"score": 0.0}
    first, *_ = describe_bias(describe(suspects=[broad], inheritance=[]))
    assert "none stands out as a small mark does" in first


def test_a_sign_whose_surroundings_tell_as_well_is_called_broad() -> None:
    wide = describe().suspects[0].model_dump() | {"surround_auroc": 0.82}
    first, *_ = describe_bias(describe(suspects=[wide]))
    assert "0.82, more than chance reaches anywhere (0.70): the sign spreads, as disease does." in first


def test_further_regions_and_notes_are_told() -> None:
    one = describe().suspects[0].model_dump()
    many = describe(
        suspects=[one, one | {"rank": 2}],
        sets=[*sets(), {**sets("a")[1], "threshold": None, "max_auroc": None, "note": "a was not probed."}],
    )
    sentences = describe_bias(many)
    assert sentences[0].endswith("One further region is listed below.")
    assert sentences[-1] == "a was not probed."


@pytest.mark.parametrize(
    ("box", "name"),
    [
        (Box(0, 0, 0.2, 0.2), "the upper left"),
        (Box(0.4, 0.4, 0.6, 0.6), "the centre"),
        (Box(0.8, 0.4, 1, 0.6), "the middle right"),
        (Box(0.4, 0.9, 0.6, 1), "the lower middle"),
    ],
)
def test_places_have_names(box: Box, name: str) -> None:
    assert describe_place(box) == name


def test_numbers_are_written_as_a_browser_writes_them() -> None:
    assert write_place(Box(0.125, 0, 0.375, 1)) == "13 to 38 % of the width, 0 to 100 % of the height"
    assert (write_p(0.0005), write_p(0.04999), write_p(1.0)) == ("p < 0.001", "p = 0.05", "p = 1")
    assert "199 shuffled labellings" in describe_settings(describe())


def test_places_of_volumes_are_those_of_their_montages() -> None:
    summary = describe()
    settings = summary.settings.model_copy(update={"montage_slices": 16})
    *same, last = describe_bias(summary.model_copy(update={"settings": settings}))
    assert tuple(same) == describe_bias(summary)
    assert last.startswith("Each volume was looked at as a montage of 16 axial slices")
