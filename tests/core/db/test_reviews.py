"""Reviews: pairs come back as planned, join in order, and a lock is final."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import pytest

from core.db.database import Database
from core.db.review_record import ReviewPair
from core.db.reviews import (
    append_review_pairs,
    create_review,
    find_review,
    list_reviews,
    load_review,
    load_review_pairs,
    lock_review,
)
from core.errors import InputError, UnknownNameError
from core.review.plan import ReviewPlan
from core.review.queue import pairs_of_items, plan_review
from tests.reviews import PairedAudit, keep_paired_audit, keep_review


@pytest.fixture
def audit(database: Database) -> PairedAudit:
    return keep_paired_audit(database)


def test_a_review_comes_back_as_it_was_planned(database: Database, audit: PairedAudit) -> None:
    plan = ReviewPlan(n_strongest=6, seed=2**32 - 1)
    planned = list(plan_review(audit.pairs, audit.items, plan))
    odd = replace(planned[0].evidence, rho=math.inf, warp=None, pixel_agreement=None)
    planned[0] = replace(planned[0], evidence=odd, label="Brust\0korb")
    made = create_review(
        database,
        audit_id=audit.id,
        name="  Second   look ",
        created_by=" Dr  Ada",
        plan=plan.model_dump(mode="json"),
        pairs=planned,
    )
    assert (made.name, made.created_by, made.locked_at) == ("Second look", "Dr Ada", None)
    assert (made.n_pairs, made.n_controls) == (16, 10)
    assert ReviewPlan.model_validate(made.plan) == plan
    assert load_review(database, made.id) == made == find_review(database, "SECOND LOOK")
    assert list_reviews(database) == list_reviews(database, audit.id) == (made,)
    assert list_reviews(database, "another") == ()
    kept = load_review_pairs(database, made.id)
    expected = [replace(planned[0], label="Brust\N{REPLACEMENT CHARACTER}korb"), *planned[1:]]
    assert [replace(pair, added_at=None) for pair in kept] == expected
    assert {pair.added_at for pair in kept} == {kept[0].added_at} != {None}


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\x07b"])
def test_names_are_checked(database: Database, audit: PairedAudit, name: str) -> None:
    with pytest.raises(InputError, match="1 to 80 printable characters"):
        keep_review(database, audit, name=name)


def test_names_are_unique_in_an_audit(database: Database, audit: PairedAudit) -> None:
    keep_review(database, audit, name="Straße")
    with pytest.raises(InputError, match="called 'Straße' already"):
        keep_review(database, audit, name="STRASSE")


def test_a_review_needs_its_audit_and_a_pair(database: Database, audit: PairedAudit) -> None:
    controls = [pair for pair in plan_review(audit.pairs, audit.items, ReviewPlan()) if pair.is_control]
    with pytest.raises(InputError, match="No pair fits"):
        create_review(database, audit_id=audit.id, name="Empty", created_by="A", plan={}, pairs=controls)
    with pytest.raises(UnknownNameError, match="no audit"):
        keep_review(database, replace(audit, id="gone"))
    assert list_reviews(database) == ()


def test_unknown_reviews_are_named(database: Database, audit: PairedAudit) -> None:
    one = keep_review(database, audit)
    for call in (load_review, load_review_pairs, find_review):
        with pytest.raises(UnknownNameError, match="no review 'nobody'"):
            call(database, "nobody")
    with pytest.raises(UnknownNameError, match=one.id):
        find_review(database, "nobody")


def test_pairs_that_join_get_the_next_numbers_once(database: Database, audit: PairedAudit) -> None:
    review = keep_review(database, audit, sets=["gan"], n_strongest=5)
    before = load_review_pairs(database, review.id)
    present = {pair.query_id for pair in before}
    chosen = [*audit.of("ddpm")[:3], *audit.of("gan")[:2], *audit.of("real")[:1]]
    new = pairs_of_items(audit.pairs, audit.items, chosen, present=present)
    added = append_review_pairs(database, review.id, new)
    assert [pair.number for pair in added] == list(range(len(before), len(before) + 4))
    assert {pair.query_id for pair in added if not pair.is_control} == set(audit.of("ddpm")[:3])
    assert append_review_pairs(database, review.id, new) == ()
    assert load_review_pairs(database, review.id) == (*before, *added)


def test_two_may_add_pairs_at_once(database: Database, audit: PairedAudit) -> None:
    review = keep_review(database, audit, sets=["gan"], n_strongest=5)
    new = pairs_of_items(audit.pairs, audit.items, audit.of("ddpm"), plan=ReviewPlan(control_share=0))
    halves: list[tuple[ReviewPair, ...]] = [new[:6], new[4:]]
    threads = [
        threading.Thread(target=append_review_pairs, args=(database, review.id, half)) for half in halves
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = load_review_pairs(database, review.id)
    assert [pair.number for pair in kept] == list(range(15 + 10))
    assert {pair.query_id for pair in kept if pair.query_set == "ddpm"} == set(audit.of("ddpm"))


def test_a_lock_is_final(database: Database, audit: PairedAudit) -> None:
    review = keep_review(database, audit)
    locked = lock_review(database, review.id, "Dr  Bo")
    assert locked.is_locked
    assert (locked.locked_by, load_review(database, review.id)) == ("Dr Bo", locked)
    with pytest.raises(InputError, match="locked by Dr Bo on 20"):
        lock_review(database, review.id, "Dr Ada")
    with pytest.raises(InputError, match="takes no more verdicts or pairs"):
        append_review_pairs(database, review.id, plan_review(audit.pairs, audit.items, ReviewPlan()))
    with pytest.raises(InputError, match="printable"):
        lock_review(database, review.id, "\n")
