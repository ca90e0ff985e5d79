"""Classes of NIH's chest X-rays: which rows are taken, and what of them is written where."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.config import Settings, get_settings
from core.datasets.labels import load_labels
from core.errors import CancelledError, InputError, UnknownNameError
from core.progress import SilentProgress
from core.recipes.multi_label import MultiLabel
from core.recipes.nih import NihRequest, extract_nih
from core.recipes.nih_table import load_nih_table, parse_age
from core.recipes.parts import parse_parts
from core.recipes.placing import PlacingMode
from tests.core.recipes.nih_files import (
    HEADER_2017,
    HEADER_2020,
    make_rows,
    name_image,
    write_images,
    write_list,
)
from tests.core.recipes.test_placing import StopsAfter


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return get_settings()


@pytest.fixture
def request_(tmp_path: Path, settings: Settings) -> NihRequest:
    return NihRequest(
        csv=write_list(tmp_path / "Data_Entry_2017.csv", make_rows()),
        images=write_images(tmp_path / "images", make_rows()),
        labels=("infiltration", "No Finding"),
        multi_label=MultiLabel.SKIP,
        balance=False,
        parts=parse_parts("70/20/10", ("train", "test", "val")),
        official_lists=None,
        by_image=False,
        seed=0,
        mode=PlacingMode.COPY,
        keep_patient_ids=True,
    )


def extract(request: NihRequest, output: Path) -> tuple[dict[str, Any], pd.DataFrame, tuple[str, ...]]:
    """The report and the list of labels, as written, and warnings."""
    report = extract_nih(request, output, settings=get_settings(), progress=SilentProgress())
    numbers = json.loads((output / "report.json").read_text())
    assert numbers == {**report.numbers, "warnings": list(report.warnings)}
    return numbers, pd.read_csv(output / "labels.csv", dtype=str), report.warnings


def test_what_is_written_is_what_the_list_says(request_: NihRequest, tmp_path: Path) -> None:
    numbers, table, _ = extract(request_, tmp_path / "out")
    wanted = {name_image(*row[:2]): row for row in make_rows() if row[2] in ("Infiltration", "No Finding")}
    assert {Path(file).name for file in table["file"]} == set(wanted)
    for row in table.itertuples():
        patient, _, finding = wanted[Path(str(row.file)).name]
        assert row.file == f"{row.part}/{finding}/{Path(str(row.file)).name}"
        assert (row.label, row.patient, row.sex, row.view) == (finding, str(patient), "FM"[patient % 2], "PA")
        assert row.age == str(patient % 90 + 1)
        assert (tmp_path / "out" / str(row.file)).read_bytes() == Path(str(row.file)).name.encode()
    assert table.groupby("patient")["part"].nunique().max() == 1
    assert numbers["patients_in_several_parts"] == 0
    assert sum(part["images"] for part in numbers["parts"].values()) == len(table)
    assert numbers["rows"]["several_skipped"] == 4


def test_the_projects_own_reader_takes_the_labels(request_: NihRequest, tmp_path: Path) -> None:
    for mode in (PlacingMode.COPY, PlacingMode.MANIFEST):
        out = tmp_path / mode.value
        extract(replace(request_, mode=mode), out)
        labels = load_labels(out / "labels.csv", group_by=("sex", "age", "view", "part"))
        found = 0
        root = request_.images if mode is PlacingMode.MANIFEST else out / "train"
        for path in root.rglob("*.png"):
            row = labels.find(root, path.relative_to(root).as_posix())
            found += row is not None
            assert row is None or row.patient == str(int(path.name[:8]))
        n_train = sum(dict(row.values)["part"] == "train" for row in labels.rows.values())
        assert found == (len(labels.rows) if mode is PlacingMode.MANIFEST else n_train)


@pytest.mark.parametrize(
    ("findings", "multi_label", "label"),
    [
        ("Infiltration", MultiLabel.SKIP, "Infiltration"),
        ("Infiltration|Mass", MultiLabel.SKIP, None),
        ("Mass|Infiltration", MultiLabel.KEEP, "Infiltration"),
        ("Mass|Infiltration", MultiLabel.FIRST, "Infiltration"),
        ("No Finding|Infiltration", MultiLabel.SKIP, None),
        ("No Finding|Infiltration", MultiLabel.KEEP, None),
        ("No Finding|Infiltration", MultiLabel.FIRST, "No Finding"),
        ("Infiltration|Infiltration", MultiLabel.SKIP, "Infiltration"),
    ],
)
def test_an_image_has_one_class_or_none(
    request_: NihRequest, tmp_path: Path, findings: str, multi_label: MultiLabel, label: str | None
) -> None:
    rows = [*make_rows(), (99, 0, findings)]
    write_list(request_.csv, rows)
    write_images(request_.images, rows)
    _, table, _ = extract(replace(request_, multi_label=multi_label), tmp_path / "out")
    own = table[table["file"].str.endswith(name_image(99, 0))]
    assert own["label"].tolist() == ([] if label is None else [label])


def test_balanced_classes_are_of_one_size_in_all_and_alike_in_parts(
    request_: NihRequest, tmp_path: Path
) -> None:
    numbers, table, _ = extract(replace(request_, balance=True), tmp_path / "out")
    counts = Counter(table["label"])
    assert counts["Infiltration"] == counts["No Finding"] == numbers["classes"]["Infiltration"]["found"]
    left_out = numbers["classes"]["No Finding"]
    assert left_out["found"] - left_out["left_out_by_balance"] == counts["No Finding"]
    for part in numbers["parts"].values():
        assert abs(part["classes"]["Infiltration"] - part["classes"]["No Finding"]) <= 4


def test_a_split_by_image_says_how_many_patients_it_tears(request_: NihRequest, tmp_path: Path) -> None:
    numbers, table, warnings = extract(replace(request_, by_image=True), tmp_path / "out")
    torn = int((table.groupby("patient")["part"].nunique() > 1).sum())
    assert numbers["patients_in_several_parts"] == torn > 5
    assert any(f"{torn} patients have images in more than one part" in warning for warning in warnings)


def test_missing_repeated_and_conflicting_are_reported(request_: NihRequest, tmp_path: Path) -> None:
    rows = make_rows()
    (request_.images / "images_002/images" / name_image(1, 0)).unlink()
    copy = request_.images / "images_003" / name_image(2, 0)
    copy.parent.mkdir()
    copy.write_bytes(b"again")
    write_list(request_.csv, [*rows, rows[5], (7, 0, "Infiltration")])
    numbers, table, warnings = extract(request_, tmp_path / "out")
    assert numbers["missing"] == {"n": 1, "first": [name_image(1, 0)]}
    assert (tmp_path / "out/missing.txt").read_text() == f"{name_image(1, 0)}\n"
    assert numbers["repeated_names"] == {"n": 1, "first": [name_image(2, 0)]}
    assert (numbers["rows"]["repeated"], numbers["rows"]["conflicting"]) == (1, 1)
    names = {Path(file).name for file in table["file"]}
    assert not names & {name_image(1, 0), name_image(7, 0)}
    placed = next((tmp_path / "out").rglob(name_image(2, 0)))
    assert placed.read_bytes() == name_image(2, 0).encode()  # images_001 comes before images_003
    assert any("missing.txt" in warning for warning in warnings)


def test_links_out_of_the_images_are_not_followed(request_: NihRequest, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / name_image(99, 0)
    secret.parent.mkdir()
    secret.write_bytes(b"secret")
    (request_.images / "images_009").symlink_to(secret.parent)
    write_list(request_.csv, [*make_rows(), (99, 0, "Infiltration")])
    numbers, _, warnings = extract(request_, tmp_path / "out")
    assert numbers["missing"]["first"] == [name_image(99, 0)]
    assert any("images_009" in warning for warning in warnings)


def test_official_lists_decide_what_is_tested(request_: NihRequest, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    names = {
        patient: [name_image(p, n) for p, n, _ in make_rows() if p == patient] for patient in range(1, 41)
    }
    test = [name for patient in range(1, 11) for name in names[patient]]
    train_val = [name for patient in range(11, 40) for name in names[patient]]
    (lists / "test_list.txt").write_text("\n".join(test))
    (lists / "train_val_list.txt").write_text("\n".join(train_val))
    numbers, table, _ = extract(replace(request_, official_lists=lists, balance=True), tmp_path / "out")
    parts = {Path(file).name: part for file, part in zip(table["file"], table["part"], strict=True)}
    assert all((part == "test") == (name in test) for name, part in parts.items())
    assert not set(parts) & set(names[40])
    assert numbers["rows"]["in_no_official_list"] == len(names[40])
    assert len(set(numbers["parts"]["test"]["classes"].values())) == 1
    assert numbers["patients_in_several_parts"] == 0
    renamed = replace(request_, official_lists=lists, parts=parse_parts("70/30", ("train", "heldout")))
    with pytest.raises(InputError, match="no such part"):
        extract(renamed, tmp_path / "other")


def test_patients_are_keyed_by_the_workspace(request_: NihRequest, tmp_path: Path) -> None:
    _, shown, _ = extract(request_, tmp_path / "shown")
    _, keyed, warnings = extract(replace(request_, keep_patient_ids=False), tmp_path / "keyed")
    stand_ins = dict(zip(shown["patient"], keyed["patient"], strict=True))
    assert len(set(stand_ins.values())) == len(stand_ins)
    assert all(len(digits) == 16 and set(digits) <= set("0123456789abcdef") for digits in stand_ins.values())
    assert any("file names begin with the number" in warning for warning in warnings)
    _, again, _ = extract(replace(request_, keep_patient_ids=False, seed=1), tmp_path / "again")
    assert set(again["patient"]) == set(keyed["patient"])


def test_a_stopped_extraction_goes_on_and_ends_alike(request_: NihRequest, tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    extract(request_, whole)
    with pytest.raises(CancelledError):
        extract_nih(request_, stopped, settings=get_settings(), progress=StopsAfter(20))
    assert not (stopped / "report.json").exists()
    extract(request_, stopped)
    extract(request_, stopped)  # and once more, all of it being there

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    assert read(stopped) == read(whole)
    with pytest.raises(InputError, match="other options"):
        extract(replace(request_, seed=1), stopped)


@pytest.mark.parametrize("header", [HEADER_2017, HEADER_2020])
def test_both_published_forms_of_the_list_are_read_alike(tmp_path: Path, header: str) -> None:
    table = load_nih_table(write_list(tmp_path / "list.csv", make_rows(), header=header))
    assert (table.n_rows, len(table.rows)) == (len(make_rows()),) * 2
    row = next(row for row in table.rows if row.name == name_image(9, 0))
    assert (row.findings, row.patient, row.sex, row.age) == (("Effusion", "Infiltration"), "9", "M", "10")


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("058Y", "58"),
        ("58", "58"),
        ("006M", "0.5"),
        ("003D", "0.00821"),
        ("414", ""),
        ("414Y", ""),
        ("?", ""),
    ],
)
def test_ages_are_years_in_every_spelling(text: str, age: str) -> None:
    assert parse_age(text) == age


def test_unknown_findings_list_those_there_are(request_: NihRequest, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"'Mass'.*: Effusion, Infiltration, No Finding\."):
        extract(replace(request_, labels=("Infiltration", "Mass")), tmp_path / "out")
    with pytest.raises(UnknownNameError, match="No finding is asked for"):
        extract(replace(request_, labels=()), tmp_path / "out")
    with pytest.raises(InputError, match="'Effusion' as its only finding"):
        extract(replace(request_, labels=("Effusion",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_list_of_nihs_is_refused_without_a_patients_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    for content, message in (
        ("Image Index,Patient ID\n", "'Finding Labels'"),
        ("Smith John,1950\n", "no column 'Image Index', 'Finding Labels', 'Patient ID'"),
        (f"{HEADER_2017}\n,No Finding,0,1\n", "Line 2 of .* lacks its image or its patient"),
        ("\xff\xfe", "no text in UTF-8"),
    ):
        path.write_bytes(content.encode("latin-1"))
        with pytest.raises(InputError, match=message) as caught:
            load_nih_table(path)
        assert "Smith" not in str(caught.value)
    with pytest.raises(InputError, match="No such file"):
        load_nih_table(tmp_path / "gone.csv")


def test_folders_without_the_images_are_refused(request_: NihRequest, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, message in (("gone", "is not there"), ("empty", "None of the images of the class")):
        with pytest.raises(InputError, match=message):
            extract(replace(request_, images=tmp_path / folder), tmp_path / "out")
    with pytest.raises(InputError, match="lies within the folder of the images"):
        extract(request_, request_.images / "out")
