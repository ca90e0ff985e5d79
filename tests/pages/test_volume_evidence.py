"""What is said of a pair of volumes after its verdict."""

from __future__ import annotations

from core.db.review_record import PairEvidence, ReviewPair
from pages._shared.review_evidence import describe_evidence


def test_the_slices_that_agree_best_are_named_by_the_real_volumes_numbers() -> None:
    evidence = PairEvidence(
        extractor="pixels", distance=0.2, rho=0.2, p_value=0.01, q_value=0.02, flagged=True,
        transform="as is", pixel_agreement=0.9, overlap=1.0, warp=None,
    )  # fmt: skip
    pair = ReviewPair(
        number=0, is_control=False, query_id="q", query_digest="", query_set="gan",
        real_id="r", real_digest="", label=None, evidence=evidence,
    )  # fmt: skip
    axial = (None, 0.4, 0.97, 0.98, 0.3)
    told = describe_evidence(pair, axial=axial, n_slices=9)
    # The third and fourth fifth of nine slices reach from 3.6 to 7.2: from within the 4th into the 8th.
    assert told[-1] == "Axial slices 4 to 8 of 9 agree best (r = 0.98)."
    assert describe_evidence(pair, axial=(None,), n_slices=9) == told[:-1]
