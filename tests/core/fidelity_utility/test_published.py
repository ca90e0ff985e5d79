"""The published tables say what was published; the numbers are typed here a second time."""

from __future__ import annotations

import math

from core.fidelity_utility.backdrop import find_backdrop
from core.fidelity_utility.fidelities import Fidelity
from core.fidelity_utility.published import COLUMNS, SOURCE, TABLES
from core.fidelity_utility.tables import tabulate_published
from core.fidelity_utility.utilities import Utility
from core.metrics.catalogue import METRICS

BLANK = None
# model: FIR, FID, precision, recall, mean-image size, augmentation, feature extraction; * is significant.
PATHOLOGY = {
    "VQ-VAE-2": ("0.83", "201.85", BLANK, "0.16", BLANK, "-5.73", "-21.10*"),
    "StyleGAN2": ("0.08", BLANK, BLANK, "0.21", "114.67", "+0.08", "-19.77*"),
    "LDM": (BLANK, "62.56", "0.46", "0.43", BLANK, "+3.64*", "-3.19*"),
}
CHEST = {
    "VQ-VAE-2": ("1.00", "45.59", "0.00", "0.00", BLANK, "+0.96", "-22.27*"),
    "StyleGAN2": (BLANK, "9.85", "0.68", "0.19", BLANK, "-1.92", "+1.76"),
    "LDM": ("0.80", "25.68", BLANK, "0.04", BLANK, "-0.64", "-0.80"),
}


def test_the_tables_say_what_was_published() -> None:
    pathology, chest = TABLES
    assert (pathology.n_train, pathology.n_validation, pathology.n_test) == (7874, 3741, 7478)
    assert (chest.n_train, chest.n_validation, chest.n_test) == (5216, 16, 624)
    for table, typed in ((pathology, PATHOLOGY), (chest, CHEST)):
        assert [row.model for row in table.rows] == list(typed)
        for row in table.rows:
            *metrics, augmentation, features = typed[row.model]
            given = {name: float(text) for name, text in zip(COLUMNS, metrics, strict=True) if text}
            assert row.fidelity == given
            for change, text in ((row.augmentation, augmentation), (row.feature_extraction, features)):
                assert change is not None and text is not None
                assert change.points == float(text.rstrip("*"))
                assert change.significant == text.endswith("*")
    assert pathology.reference["traditional augmentation"].points == 4.07
    cropped = {row.model: row for row in chest.rows}
    stylegan, ldm = cropped["StyleGAN2"], cropped["LDM"]
    assert stylegan.cropped_feature_extraction is not None and ldm.cropped_augmentation is not None
    assert stylegan.cropped_feature_extraction.points == -13.30
    assert (ldm.cropped_augmentation.points, ldm.cropped_augmentation.significant) == (8.01, True)
    assert "arXiv:2305.09789" in SOURCE


def test_each_column_says_what_it_means() -> None:
    for facts in COLUMNS.values():
        assert facts.sentence.endswith(".") and facts.metrics
    assert all(metric in METRICS for metric in ("fid", "fd", "precision", "recall", "mean_image_ljpeg_bytes"))


def test_blanks_stay_blank_in_the_table() -> None:
    table = tabulate_published().set_index(["dataset", "model"])
    assert len(table) == 7
    assert math.isnan(table.loc[("pathology", "StyleGAN2"), "fid"])
    assert table.loc[("chest", "VQ-VAE-2"), "precision"] == 0
    assert table.loc[("pathology", "traditional augmentation"), "augmentation_points"] == 4.07


def test_the_backdrop_is_what_was_published_of_the_same_kind() -> None:
    augmentation = Utility("augmentation", "synthetic:1", "none", "accuracy")
    found = find_backdrop(Fidelity("fid", "inception"), augmentation)
    assert found is not None
    assert [(point.fidelity, point.change) for point in found.points] == [
        (201.85, -5.73),
        (62.56, 3.64),
        (45.59, 0.96),
        (9.85, -1.92),
        (25.68, -0.64),
    ]
    assert found.n_missing == 1
    said = " ".join(found.sentences)
    # Ranks of FID 5 4 3 1 2, of the change 1 5 4 2 3: squared differences 16 1 1 1 1, so 1 - 6 * 20 / 120 = 0.
    assert "Spearman 0.0 [" in said and "n = 5" in said and "mixes two data sets" in said and "arXiv" in said
    precision = find_backdrop(Fidelity("precision", "texture"), augmentation)
    assert precision is not None and len(precision.points) == 3
    assert "Neither have both together" in precision.sentences[0]
    pretrained = Utility("feature-extraction", "pretrained", "pretrained-real", "accuracy")
    features = find_backdrop(Fidelity("recall", "texture"), pretrained)
    assert features is not None and len(features.points) == 6


def test_nothing_was_published_of_other_numbers() -> None:
    fid = Fidelity("fid", "inception")
    for utility in (
        Utility("augmentation", "synthetic:1", "traditional", "accuracy"),
        Utility("augmentation", "synthetic:1", None, "accuracy"),
        Utility("augmentation", "synthetic:1", "none", "auroc"),
        Utility("augmentation", "alone", "none", "accuracy"),
        Utility("feature-extraction", "pretrained", "untrained", "accuracy"),
    ):
        assert find_backdrop(fid, utility) is None
    assert find_backdrop(Fidelity("kid", "x"), Utility("augmentation", "both:1", "none", "accuracy")) is None
