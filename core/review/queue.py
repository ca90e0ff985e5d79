"""The reading order of a review: the strongest evidence first, controls at random places in between."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from core.audit.items import AuditItems
from core.copies.repeats import REPEAT_DISTANCE
from core.db.review_record import PairEvidence, ReviewPair
from core.errors import InputError, UnknownNameError
from core.review.plan import ReviewPlan

__all__ = ["pairs_of_items", "plan_review"]

_FEWEST_CONTROLS: Final = 10
_SEARCH: Final = "pixels"
_BY_EVIDENCE: Final = ["p_value", "rho", "distance", "query_id"]


def plan_review(pairs: pd.DataFrame, items: AuditItems, plan: ReviewPlan) -> tuple[ReviewPair, ...]:
    """Pick the pairs of a review and put them in reading order.

    Images under review stand in the order of their evidence: p-value, then rho. Controls are drawn at
    random, not by nearness, and put at random places among them: held-out images beside their nearest train
    image, or, where the audit has none, train images beside their nearest other one. There are
    `control_share` for each image under review, ten at least if there are as many. Real images that repeat
    a train image are no controls: whoever calls such a pair a copy is right.

    Args:
        pairs: the audit's pairs (`core.audit.pairs.load_pairs`).
        items: the audit's items.
        plan: what is wanted; the same plan gives the same order.

    Returns:
        Pairs numbered from 0, one an image; empty where nothing fits the plan.

    Raises:
        UnknownNameError: if the plan names an extractor, set or class that the pairs do not hold.
        InputError: if pairs name images that the items do not hold.
    """
    table = _describe(pairs, items)
    asked = _under_review(table, plan)
    if plan.max_q is not None:
        asked = asked[asked["q_value"] <= plan.max_q]
    flagged = asked["flagged"].astype("boolean").fillna(False).to_numpy(bool)
    chosen = asked[flagged | (np.arange(len(asked)) < plan.n_strongest)]
    n_controls = max(math.ceil(plan.control_share * len(chosen)), _FEWEST_CONTROLS)
    return _arrange(chosen, table, plan, n_controls=n_controls, present=())


def pairs_of_items(
    pairs: pd.DataFrame,
    items: AuditItems,
    item_ids: Iterable[str],
    *,
    plan: ReviewPlan | None = None,
    present: Collection[str] = (),
) -> tuple[ReviewPair, ...]:
    """Make the pairs of images that somebody selected, such as with a lasso, for `append_review_pairs`.

    They are put in the order of their evidence, and the plan's share of controls is drawn and mixed in, so
    that added pairs are read as blindly as the first ones. The plan's sets, classes and limits do not
    narrow a selection.

    Args:
        pairs: the audit's pairs.
        items: the audit's items.
        item_ids: the selection. Images that are not synthetic, or have no pair, are left out.
        plan: the review's; its extractor, share of controls and seed are used. None takes the defaults.
        present: ids of images that the review holds already (`ReviewPair.query_id`); they are left out.

    Returns:
        Pairs numbered from 0; keeping them gives them the review's next numbers.

    Raises:
        UnknownNameError: if the audit has no pairs of the plan's extractor.
        InputError: if pairs name images that the items do not hold.
    """
    plan = plan or ReviewPlan()
    table = _describe(pairs, items)
    everything = _under_review(table, plan.model_copy(update={"sets": (), "classes": ()}))
    wanted = set(item_ids) - set(present)
    chosen = everything[everything["query_id"].isin(wanted)]
    n_controls = math.ceil(plan.control_share * len(chosen))
    return _arrange(chosen, table, plan, n_controls=n_controls, present=present)


def _describe(pairs: pd.DataFrame, items: AuditItems) -> pd.DataFrame:
    """Pairs with class and digests of their images."""
    known = items.to_pandas().set_index("id")[["digest", "label"]]
    table = pairs.join(known.add_prefix("query_"), on="query_id").join(
        known[["digest"]].add_prefix("real_"), on="real_id"
    )
    if table[["query_digest", "real_digest"]].isna().any(axis=None):
        raise InputError("The audit's pairs name images that its list does not hold; run the audit again.")
    return table


def _under_review(table: pd.DataFrame, plan: ReviewPlan) -> pd.DataFrame:
    """Synthetic images that the plan asks for, strongest first."""
    synthetic = table[table["query_role"] == "synthetic"]
    _require((plan.extractor,), synthetic["extractor"], "pairs of the extractor")
    synthetic = synthetic[synthetic["extractor"] == plan.extractor]
    _require(plan.sets, synthetic["query_set"], "synthetic set")
    _require(plan.classes, synthetic["query_label"].dropna(), "class")
    if plan.sets:
        synthetic = synthetic[synthetic["query_set"].isin(plan.sets)]
    if plan.classes:
        synthetic = synthetic[synthetic["query_label"].isin(plan.classes)]
    return synthetic.sort_values(_BY_EVIDENCE, na_position="last", kind="stable").drop_duplicates("query_id")


def _require(names: Sequence[str], there: pd.Series[Any], kind: str) -> None:
    known = sorted(set(there))
    for name in names:
        if name not in known:
            raise UnknownNameError(f"The audit has no {kind} {name!r}; it has: {', '.join(known) or 'none'}.")


def _control_pool(table: pd.DataFrame, plan: ReviewPlan) -> pd.DataFrame:
    """Real images that can be controls: of the classes under review, and no repeats of train images."""
    real = table[table["query_role"] != "synthetic"]
    searched = real[real["extractor"] == _SEARCH]
    repeats = searched.loc[searched["distance"] < REPEAT_DISTANCE, "query_id"]
    pool = real[(real["extractor"] == plan.extractor) & ~real["query_id"].isin(repeats)]
    if (pool["query_role"] == "heldout").any():
        pool = pool[pool["query_role"] == "heldout"]
    if plan.classes:
        pool = pool[pool["query_label"].isin(plan.classes)]
    # By id, so that the draw does not hang on the order of the file.
    return pool.sort_values("query_id").drop_duplicates("query_id")


def _arrange(
    chosen: pd.DataFrame,
    table: pd.DataFrame,
    plan: ReviewPlan,
    *,
    n_controls: int,
    present: Collection[str],
) -> tuple[ReviewPair, ...]:
    if not len(chosen):
        return ()
    # Later additions draw anew instead of repeating the first draw's places.
    rng = np.random.default_rng([plan.seed, len(present)])
    pool = _control_pool(table, plan)
    pool = pool[~pool["query_id"].isin(present)]
    n_controls = min(n_controls, len(pool)) if plan.control_share else 0
    controls = iter(_to_records(pool.iloc[rng.permutation(len(pool))[:n_controls]]))
    asked = iter(_to_records(chosen))
    n = len(chosen) + n_controls
    is_control = np.zeros(n, dtype=bool)
    is_control[rng.permutation(n)[:n_controls]] = True
    return tuple(
        _make_pair(number, next(controls if control else asked), is_control=bool(control))
        for number, control in enumerate(is_control)
    )


def _to_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _make_pair(number: int, row: dict[str, Any], *, is_control: bool) -> ReviewPair:
    warp = row["warp"]
    evidence = PairEvidence(
        extractor=row["extractor"],
        distance=_number(row["distance"]),
        rho=_number(row["rho"]),
        p_value=_number(row["p_value"]),
        q_value=_number(row["q_value"]),
        flagged=row["flagged"] is not None and bool(row["flagged"]),
        transform=row["transform"],
        pixel_agreement=_number(row["pixel_agreement"]),
        overlap=_number(row["overlap"]),
        warp=None if warp is None else tuple(map(float, warp)),
    )
    label = row["query_label"]
    return ReviewPair(
        number=number,
        is_control=is_control,
        query_id=row["query_id"],
        query_digest=row["query_digest"],
        query_set=row["query_set"],
        real_id=row["real_id"],
        real_digest=row["real_digest"],
        label=label if isinstance(label, str) else None,
        evidence=evidence,
    )


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
