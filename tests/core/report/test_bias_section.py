"""What a report lays out of an analysis of bias."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from PIL import Image

from core.bias.archive import BiasSettings, BiasSummary
from core.bias.document import BiasDocument
from core.errors import UnknownNameError
from core.report.bias_section import build_bias_section

SUMMARY = BiasSummary.model_validate(
    {
        "format_version": 1,
        "classes": ["sick", "well"],
        "settings": BiasSettings(
            side_px=32, patch_px=8, stride_px=8, positions=(4, 4), n_folds=5, n_permutations=99, seed=0,
            alpha=0.05, max_per_class=1000,
        ),
        "sets": [
            {"name": name, "role": role, "n": n, "classes": {"sick": n // 2, "well": n // 2}, "threshold": 0.7,
             "max_auroc": 1.0, "share_above": share, "note": ""}
            for name, role, n, share in (("real", "real", 1200, 0.6), ("gan", "synthetic", 40, 0.1))
        ],
        "suspects": [
            {"rank": 1, "left": 0.0, "top": 0.0, "right": 0.25, "bottom": 0.25, "auroc": 1.0, "low": 0.94,
             "high": 1.0, "p_value": 0.01, "mean_auroc": 1.0, "surround_auroc": 0.6, "area": 0.0625, "score": 0.4}
        ],
        "inheritance": [
            {"set": "gan", "region": region, "sign": sign, "share": share, "low": share - 0.1,
             "high": share + 0.1, "n_real": 1200, "n_synthetic": 40}
            for region, sign, share in (("1", "same", -0.2), ("1", "any", 0.9), ("all", "same", 0.5),
                                        ("all", "any", 0.6))
        ],
        "shortcuts": [
            {"set": "real", "property": "format", "auroc": 0.5, "low": 0.5, "high": 0.5, "p_value": 1.0, "n": 1200,
             "note": "It is the same in every image."},
            {"set": "real", "property": "border", "auroc": 0.83, "low": 0.8, "high": 0.86, "p_value": 0.01,
             "n": 1200, "note": ""},
        ],
        "markers": [
            {"set": "real", "class": "well", "zone": zone, "rate": n / 600, "low": 0.9, "high": 0.99, "n_marked": n,
             "n": 600}
            for zone, n in (("anywhere", 570), ("upper left", 560), ("centre", 10))
        ],
    }
)  # fmt: skip


def read_map(set_name: str, name: str) -> np.ndarray:
    if name == "mean":
        return np.full((32, 32), 100.0)
    if (set_name, name) == ("gan", "transfer"):
        raise UnknownNameError("not probed")
    values = np.full((4, 4), 0.5)
    values[0, 0] = 1.0
    return values


def test_tables_hold_every_number_with_its_interval_and_n() -> None:
    section = build_bias_section(BiasDocument(SUMMARY, read_map), with_pictures=False)
    assert section.pictures == ()
    assert any(sentence.startswith("60 % of all places tell the class") for sentence in section.sentences)
    tables = {table.title: table for table in section.tables}
    regions, carried, letters, shortcuts = tables.values()
    ((rank, cells),) = regions.rows
    assert (rank, cells[0].text, cells[1].text) == ("1", "the upper left", "1.00 [0.94, 1.00]")
    assert "n = 1,200 real images" in regions.caption
    assert [head for head, _ in carried.columns] == [
        "Set", "n", "Region 1: the upper left", "All suspect places",
    ]  # fmt: skip
    ((name, cells),) = carried.rows
    assert (name, [cell.text for cell in cells]) == (
        "gan",
        ["40", "−0.20 [−0.30, −0.10]", "0.50 [0.40, 0.60]"],
    )
    assert cells[1].detail == ("any sign 0.90 [0.80, 1.00]",)
    ((name, cells),) = letters.rows
    assert (name, cells[0].text) == ("real", "–")
    assert cells[1].detail == ("n = 600", "most in the upper left: 560")
    ((name, cells),) = shortcuts.rows
    by_property = dict(zip([head for head, _ in shortcuts.columns[1:]], cells, strict=True))
    assert by_property["Format"].detail == ("It is the same in every image.",)
    assert (by_property["Border"].text, by_property["Border"].detail) == (
        "0.83 [0.80, 0.86]", ("p = 0.01", "n = 1,200"),
    )  # fmt: skip


def test_of_many_regions_the_first_have_a_column() -> None:
    (one,), (row, *_) = SUMMARY.suspects, SUMMARY.inheritance
    many = SUMMARY.model_copy(
        update={
            "suspects": tuple(one.model_copy(update={"rank": rank}) for rank in range(1, 8)),
            "inheritance": tuple(
                row.model_copy(update={"region": region, "sign": sign})
                for region in (*map(str, range(1, 8)), "all")
                for sign in ("same", "any")
            ),
        }
    )
    section = build_bias_section(BiasDocument(many, read_map), with_pictures=False)
    carried = next(table for table in section.tables if table.title.startswith("How much"))
    assert [head.partition(":")[0] for head, _ in carried.columns[2:]] == [
        *(f"Region {rank}" for rank in range(1, 6)), "All suspect places",
    ]  # fmt: skip
    assert carried.caption.endswith("The first 5 of 7 regions; inheritance.csv has the others.")
    assert {len(cells) for _, cells in carried.rows} == {7}


def test_pictures_show_the_place_on_one_scale() -> None:
    section = build_bias_section(BiasDocument(SUMMARY, read_map), with_pictures=True)
    # A set without a map has no picture.
    (picture,) = section.pictures
    assert (picture.name, picture.n) == ("real", 1200)
    data = base64.b64decode(picture.uri.removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)
    assert pixels.shape == (256, 256, 3)
    # Away from the place the mean image stays grey; the place itself is orange.
    assert pixels[200, 200].tolist() == [100, 100, 100]
    red, _, blue = pixels[48, 48]
    assert red > blue + 50
    assert section.threshold == "0.70"


def test_an_analysis_without_a_suspect_has_no_empty_tables() -> None:
    plain = SUMMARY.model_copy(update={"suspects": (), "inheritance": (), "markers": (), "shortcuts": ()})
    section = build_bias_section(BiasDocument(plain, read_map), with_pictures=False)
    assert section.tables == ()
    assert section.sentences[0].startswith("No place of the real images tells sick from well beyond chance")
