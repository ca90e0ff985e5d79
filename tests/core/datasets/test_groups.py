"""Groups by columns of a labels CSV: which there are, how numbers are banded, and what is never a group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.datasets.groups import FEWEST_IN_GROUP, MOST_VALUES, assign_groups, explain_groups, list_groups
from core.datasets.image_set import ImageSet, Item, Role
from core.datasets.labels import list_group_columns, load_labels
from core.errors import ImageSetError
from core.images.decoded import ImageFacts

FACTS = ImageFacts(format="PNG", mode="L", width=8, height=8, channels=1, bit_depth=8, note="")


def make_set(root: Path, n: int, *, role: Role = Role.REAL, label: str | None = None) -> ImageSet:
    items = tuple(
        Item(f"{at:03d}.png", root / f"{at:03d}.png", f"{at}", f"{at}", label, None, FACTS) for at in range(n)
    )
    return ImageSet(role, "real" if role is Role.REAL else root.name, root, items)


def write_csv(folder: Path, header: str, rows: Sequence[str]) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def group(tmp_path: Path, column: str, cells: Sequence[str]) -> ImageSet:
    """A real set with one cell an image."""
    path = write_csv(tmp_path, f"file,{column}", [f"{at:03d}.png,{cell}" for at, cell in enumerate(cells)])
    labels = load_labels(path, group_by=(column,))
    return assign_groups([make_set(tmp_path / "real", len(cells))], labels)[0]


def test_columns_are_found_whatever_their_case_and_keep_the_files_spelling(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "File , Label, Patient_ID, Sex , View, a=b,sex", ["000.png,x,7,F,PA,1,2"])
    assert list_group_columns(path) == ("Sex", "View")
    labels = load_labels(path, group_by=("view", "SEX", "sex"))
    assert labels.group_columns == ("View", "Sex")
    assert labels.rows["000.png"].values == (("View", "PA"), ("Sex", "F"))
    found = assign_groups([make_set(tmp_path / "real", 1)], labels)[0]
    assert found.items[0].group_names == ("View=PA", "Sex=F")


@pytest.mark.parametrize("column", ["site", "patient", "label", "file", "a=b"])
def test_a_missing_column_is_told_with_the_known_ones(tmp_path: Path, column: str) -> None:
    path = write_csv(tmp_path, "file,label,patient,Sex,age,a=b", ["000.png,x,7,F,3,1"])
    with pytest.raises(ImageSetError, match=rf"no column '{column}'.*further columns are: Sex, age\.$"):
        load_labels(path, group_by=("age", column))


def test_without_a_first_line_of_titles_nothing_of_a_patient_is_shown(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "000.png,Zubrowka,F", [])
    assert list_group_columns(path) == ()
    with pytest.raises(ImageSetError, match="needs a column 'file'") as caught:
        load_labels(path, group_by=("sex",))
    assert "Zubrowka" not in str(caught.value)


def test_columns_that_nobody_asked_for_decide_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "file,label,sex,visit", ["000.png,x,F,1", "000.png,x,F,2"])
    assert load_labels(path).rows["000.png"].values == ()
    assert load_labels(path, group_by=("sex",)).rows["000.png"].values == (("sex", "F"),)
    with pytest.raises(ImageSetError, match="answers twice"):
        load_labels(path, group_by=("visit",))


def test_empty_cells_are_unknown_and_counted(tmp_path: Path) -> None:
    found = group(tmp_path, "sex", ["F", " ", "M", "", "F"])
    assert found.count_groups() == {"sex=F": 2, "sex=M": 1}
    assert found.items[1].group_names == ()
    assert found.warnings == ("2 of 5 images are in no group by 'sex': labels.csv gives no value.",)


def test_ages_fall_into_bands_of_years(tmp_path: Path) -> None:
    cells = ["0", "17.9", "18", "39", "40", "64", "65", "412", "NA", "-3", "003M", "070Y"]
    found = group(tmp_path, "Patient Age", cells)
    bands = [dict(item.groups).get("Patient Age") for item in found.items]
    young, adult, middle, old = "0-17", "18-39", "40-64", "65+"
    assert bands == [young, young, adult, adult, middle, middle, old, old, None, None, young, old]


def test_ages_in_months_are_no_ages_in_years(tmp_path: Path) -> None:
    found = group(tmp_path, "age_months", [str(at) for at in range(40)])
    assert list(found.count_groups()) == [
        "age_months=Q1 (under 9.75)",
        "age_months=Q2 (9.75 to under 19.5)",
        "age_months=Q3 (19.5 to under 29.25)",
        "age_months=Q4 (29.25 or more)",
    ]
    assert set(found.count_groups().values()) == {10}


def test_quarters_are_those_of_the_real_set(tmp_path: Path) -> None:
    rows = [f"real/{at:03d}.png,{at}" for at in range(20)] + [
        f"gan/{at:03d}.png,{at + 100}" for at in range(20)
    ]
    labels = load_labels(write_csv(tmp_path, "file,dose", rows), group_by=("dose",))
    real, gan = assign_groups(
        [make_set(tmp_path / "real", 20), make_set(tmp_path / "gan", 20, role=Role.SYNTHETIC)], labels
    )
    assert list(real.count_groups().values()) == [5, 5, 5, 5]
    assert gan.count_groups() == {"dose=Q4 (14.25 or more)": 20}


def test_few_different_numbers_are_codes(tmp_path: Path) -> None:
    assert group(tmp_path, "sex", ["0", "1", "1", "nan"]).count_groups() == {"sex=0": 1, "sex=1": 2}


def test_text_keeps_its_values_and_has_few_of_them(tmp_path: Path) -> None:
    assert group(tmp_path, "continent", ["NA", "EU", "unknown"]).count_groups() == {
        "continent=EU": 1,
        "continent=NA": 1,
        "continent=unknown": 1,
    }
    cells = [f"P{at}" for at in range(MOST_VALUES + 1)]
    assert len(group(tmp_path, "site", cells[:-1]).count_groups()) == MOST_VALUES
    with pytest.raises(ImageSetError, match=r"'name' of labels.csv has 51 different values") as caught:
        group(tmp_path, "name", cells)
    assert "P1" not in str(caught.value)


def test_a_real_images_row_says_nothing_of_a_synthetic_image_of_its_name(tmp_path: Path) -> None:
    rows = [f"{at:03d}.png,F" for at in range(4)] + ["gan/003.png,M"]
    labels = load_labels(write_csv(tmp_path, "file,sex", rows), group_by=("sex",))
    sets = [make_set(tmp_path / "real", 4), make_set(tmp_path / "gan", 4, role=Role.SYNTHETIC)]
    real, gan = assign_groups(sets, labels)
    assert real.count_groups() == {"sex=F": 4}
    assert gan.count_groups() == {}
    assert "4 of 4 images have no group" in gan.warnings[0]
    # A name relative to the CSV's folder is the synthetic image's own.
    rows = [f"real/{at:03d}.png,F" for at in range(4)] + ["gan/003.png,M"]
    labels = load_labels(write_csv(tmp_path, "file,sex", rows), group_by=("sex",))
    assert assign_groups(sets, labels)[1].count_groups() == {"sex=M": 1}


def test_groups_leave_a_sets_digest_as_it_is(tmp_path: Path) -> None:
    found = group(tmp_path, "sex", ["F", "M"])
    assert found.digest == make_set(tmp_path / "real", 2).digest


def test_a_class_may_not_be_called_like_a_group(tmp_path: Path) -> None:
    labels = load_labels(write_csv(tmp_path, "file,sex", ["000.png,F"]), group_by=("sex",))
    with pytest.raises(ImageSetError, match="'sex=F' is the name of a class and of a group"):
        assign_groups([make_set(tmp_path / "real", 2, label="sex=F")], labels)


def test_small_groups_and_sets_without_groups_are_told_once(tmp_path: Path) -> None:
    n = FEWEST_IN_GROUP
    cells = ["F"] * n + ["M"] * (n - 1)
    rows = [f"real/{at:03d}.png,{cell}" for at, cell in enumerate(cells)] + ["gan/000.png,F"]
    labels = load_labels(write_csv(tmp_path, "file,sex", rows), group_by=("sex",))
    sets = assign_groups(
        [
            make_set(tmp_path / "real", 2 * n - 1),
            make_set(tmp_path / "gan", 3, role=Role.SYNTHETIC),
            make_set(tmp_path / "other", 3, role=Role.SYNTHETIC),
        ],
        labels,
    )
    assert list_groups(sets[0]) == ("sex=F",)
    assert explain_groups(sets, ("sex",)) == (
        f"Groups of fewer than {n} real images are not measured: sex=M.",
        "Numbers by group (sex) leave out 'other': the labels CSV says nothing of their images.",
        f"Groups of fewer than {n} images of 'gan' are not measured: sex=F.",
    )
    assert explain_groups(sets, ()) == ()


def test_a_real_set_of_which_nothing_is_known_is_told(tmp_path: Path) -> None:
    (sentence,) = explain_groups([make_set(tmp_path / "real", 12)], ("sex",))
    assert sentence == "The labels CSV says nothing of the real images in 'sex': there are no groups."
