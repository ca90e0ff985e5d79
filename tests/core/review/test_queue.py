"""The reading order: evidence first, one pair an image, controls drawn and placed by chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from core.copies.repeats import REPEAT_DISTANCE
from core.errors import InputError, UnknownNameError
from core.review.plan import ReviewPlan
from core.review.queue import pairs_of_items, plan_review
from tests.reviews import PairedAudit, make_paired_audit


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> PairedAudit:
    return make_paired_audit(tmp_path_factory.mktemp("data"), n_gan=40, n_heldout=60)


def plan(audit: PairedAudit, **options: object) -> tuple[list[str], list[str], list[bool]]:
    """Ids under review, ids of controls, and which places are controls."""
    pairs = plan_review(audit.pairs, audit.items, ReviewPlan.model_validate(options))
    assert [pair.number for pair in pairs] == list(range(len(pairs)))
    assert len({pair.query_id for pair in pairs}) == len(pairs)
    return (
        [pair.query_id for pair in pairs if not pair.is_control],
        [pair.query_id for pair in pairs if pair.is_control],
        [pair.is_control for pair in pairs],
    )


def test_the_strongest_come_first(audit: PairedAudit) -> None:
    asked, _, _ = plan(audit, n_strongest=12)
    synthetic = audit.pairs[audit.pairs["query_role"] == "synthetic"]
    assert asked == list(synthetic.sort_values(["p_value", "rho"])["query_id"])[:12]
    assert asked[:4] == audit.of("gan")[:4]


def test_every_flagged_image_is_read_whatever_the_number(audit: PairedAudit) -> None:
    assert plan(audit, n_strongest=0)[0] == audit.of("gan")[:4]
    assert len(plan(audit, n_strongest=2)[0]) == 4
    assert len(plan(audit, n_strongest=100_000)[0]) == 50


def test_ties_go_by_rho_and_missing_numbers_last(audit: PairedAudit) -> None:
    pairs = audit.pairs.copy()
    own = pairs["query_set"] == "ddpm"
    pairs.loc[own, "p_value"] = 0.02
    pairs.loc[own, "rho"] = np.linspace(2, 1, own.sum())
    pairs.loc[pairs.index[own][0], ["p_value", "rho"]] = [np.nan, np.inf]
    ids = list(pairs.loc[own, "query_id"])
    asked, _, _ = plan(replace(audit, pairs=pairs), sets=["ddpm"])
    assert asked == [*ids[:0:-1], ids[0]]


def test_sets_classes_and_q_narrow(audit: PairedAudit) -> None:
    labels = audit.items.to_pandas().set_index("id")["label"]
    asked, controls, _ = plan(audit, sets=["ddpm"], classes=["b"])
    assert set(asked) == {one for one in audit.of("ddpm") if labels[one] == "b"}
    assert {labels[one] for one in controls} == {"b"}
    q = audit.pairs.set_index("query_id")["q_value"]
    asked, _, _ = plan(audit, max_q=0.8)
    assert set(asked) == set(q[q <= 0.8].index)
    assert plan(audit, sets=["ddpm"], max_q=0.01) == ([], [], [])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"extractor": "nobody"}, "no pairs of the extractor 'nobody'; it has: pixels"),
        ({"sets": ["gan", "nobody"]}, "no synthetic set 'nobody'; it has: ddpm, gan"),
        ({"sets": ["heldout"]}, "no synthetic set 'heldout'"),
        ({"classes": ["c"]}, "no class 'c'; it has: a, b"),
    ],
)
def test_strangers_are_named(audit: PairedAudit, options: dict[str, object], says: str) -> None:
    with pytest.raises(UnknownNameError, match=says):
        plan(audit, **options)


@pytest.mark.parametrize(
    "options", [{"control_share": 1.5}, {"n_strongest": -1}, {"max_q": 2}, {"seed": -1}, {"other": 1}]
)
def test_plans_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReviewPlan.model_validate(options)


@pytest.mark.parametrize(
    ("n", "share", "n_controls"), [(8, 0.25, 10), (50, 0.25, 13), (50, 1.0, 50), (50, 0.0, 0), (4, 0.1, 10)]
)
def test_number_of_controls(audit: PairedAudit, n: int, share: float, n_controls: int) -> None:
    asked, controls, _ = plan(audit, n_strongest=n, control_share=share)
    assert (len(asked), len(controls)) == (n, n_controls)
    assert set(controls) <= set(audit.of("heldout"))


def test_controls_run_out(tmp_path: Path) -> None:
    few = make_paired_audit(tmp_path, n_heldout=3)
    assert len(plan(few, n_strongest=20)[1]) == 3


def test_one_seed_gives_one_order_whatever_the_order_of_the_file(audit: PairedAudit) -> None:
    shuffled = replace(audit, pairs=audit.pairs.sample(frac=1, random_state=1))
    assert plan(audit, seed=3) == plan(audit, seed=3) == plan(shuffled, seed=3)
    assert plan(audit, seed=3)[1:] != plan(audit, seed=4)[1:]
    assert plan(audit, seed=3)[0] == plan(audit, seed=4)[0]


def test_controls_are_drawn_evenly_and_stand_anywhere(audit: PairedAudit) -> None:
    """Neither the nearest ones nor fixed places: over 100 seeds every one comes up about as often."""
    n = 100
    drawn, placed, steps = pd.Series(0, index=audit.of("heldout")), np.zeros(50), []
    rho = audit.pairs.set_index("query_id")["rho"]
    for seed in range(n):
        asked, controls, places = plan(audit, n_strongest=40, control_share=0.25, seed=seed)
        assert len(asked) + len(controls) == 50
        drawn[controls] += 1
        placed += places
        steps += list(np.diff(rho[controls]) > 0)
    for counts, share in ((drawn, 1 / 6), (placed, 1 / 5)):
        assert np.abs(counts - n * share).max() < 4 * np.sqrt(n * share * (1 - share))
    # Among themselves, they do not stand in the order of nearness either.
    assert 0.42 < np.mean(steps) < 0.58


def test_real_images_that_repeat_a_train_image_are_no_controls(audit: PairedAudit) -> None:
    pairs = audit.pairs.copy()
    leaks = audit.of("heldout")[:40]
    pairs.loc[pairs["query_id"].isin(leaks), "distance"] = REPEAT_DISTANCE - 1e-9
    controls = plan(replace(audit, pairs=pairs), control_share=1.0)[1]
    assert set(controls) == set(audit.of("heldout")) - set(leaks)


def test_another_extractor_has_its_own_pairs(audit: PairedAudit) -> None:
    """Leaks are found by the search under flips and turns, also where another extractor is read."""
    other = audit.pairs.assign(extractor="texture", distance=0.0, rho=0.5, p_value=0.5, flagged=None)
    pairs = audit.pairs.copy()
    leaks = audit.of("heldout")[:50]
    pairs.loc[pairs["query_id"].isin(leaks), "distance"] = 0.0
    both = replace(audit, pairs=pd.concat([pairs, other]))
    found = plan_review(both.pairs, both.items, ReviewPlan(extractor="texture", control_share=1.0))
    assert {pair.evidence.extractor for pair in found} == {"texture"}
    assert {pair.query_id for pair in found if pair.is_control} == set(audit.of("heldout")[50:])
    assert not any(pair.evidence.flagged for pair in found)


def test_without_heldout_images_left_out_train_images_are_controls(tmp_path: Path) -> None:
    audit = make_paired_audit(tmp_path, n_heldout=0)
    found = plan_review(audit.pairs, audit.items, ReviewPlan())
    controls = [pair for pair in found if pair.is_control]
    assert len(controls) == 10
    assert all({pair.query_set, audit.items[pair.real_id].set} == {"real"} for pair in controls)
    assert all(pair.query_id != pair.real_id for pair in controls)


def test_a_pair_holds_what_the_audit_says(audit: PairedAudit) -> None:
    pairs = plan_review(audit.pairs, audit.items, ReviewPlan(control_share=0.2))
    rows = audit.pairs.set_index("query_id")
    for pair in pairs:
        row, item = rows.loc[pair.query_id], audit.items[pair.query_id]
        assert (pair.query_digest, pair.label, pair.query_set) == (item.digest, item.label, item.set)
        assert (pair.real_id, pair.real_digest) == (row["real_id"], audit.items[row["real_id"]].digest)
        assert (pair.evidence.distance, pair.evidence.rho) == (row["distance"], row["rho"])
        assert (pair.evidence.p_value is None) == (pair.evidence.q_value is None) == pair.is_control
        assert pair.evidence.flagged == (row["flagged"] is True)
        assert (pair.evidence.transform, pair.evidence.warp) == (row["transform"], tuple(row["warp"]))
        assert pair.is_control == (item.role != "synthetic")


def test_pairs_of_images_that_are_not_there(audit: PairedAudit) -> None:
    pairs = audit.pairs.copy()
    pairs.loc[3, "real_id"] = "0" * 20
    with pytest.raises(InputError, match="run the audit again"):
        plan(replace(audit, pairs=pairs))


def test_a_selection_brings_its_controls(audit: PairedAudit) -> None:
    review = ReviewPlan(sets=("gan",), max_q=0.1, control_share=0.25)
    present = {*audit.of("gan")[:2], *audit.of("heldout")[:55]}
    chosen = [*audit.of("ddpm"), *audit.of("gan")[:6], *audit.of("real"), "stranger"]
    pairs = pairs_of_items(audit.pairs, audit.items, chosen, plan=review, present=present)
    asked = [pair.query_id for pair in pairs if not pair.is_control]
    assert set(asked) == {*audit.of("ddpm"), *audit.of("gan")[2:6]}
    assert asked[:2] == audit.of("gan")[2:4]
    controls = {pair.query_id for pair in pairs if pair.is_control}
    assert len(controls) == 4
    assert controls <= set(audit.of("heldout")[55:])
    assert pairs_of_items(audit.pairs, audit.items, audit.of("real")) == ()
