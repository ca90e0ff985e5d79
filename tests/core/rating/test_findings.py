"""What a session's sentences say first, and what they warn of."""

from __future__ import annotations

import pandas as pd

from core.rating.findings import SessionFacts, describe_score
from core.rating.score import score_answers
from core.rating.simulation import simulate_answers


def describe(frame: pd.DataFrame, facts: SessionFacts | None = None) -> tuple[str, ...]:
    return describe_score(score_answers(frame, n_bootstrap=100), facts)


def simulate(n_raters: int = 8, *, criterion: float = 0.0, n: int = 30, **d_prime: float) -> pd.DataFrame:
    counts = dict.fromkeys(d_prime, n)
    return simulate_answers(
        n_raters=n_raters, n_fake=counts, n_real=30, d_prime=d_prime, criterion=criterion, seed=1
    )


def test_the_answer_comes_first() -> None:
    first, second, third, *_ = describe(simulate(bad=2.0, good=0.0))
    assert first.startswith("bad: 8 raters recognised") and "they told them from real images (d' = " in first
    assert second.startswith("good: 8 raters") and "is not shown" in second
    assert third.startswith("Images of bad were recognised more often than those of good")
    assert "over raters, after Holm's correction" in third


def test_few_raters_are_tested_over_images() -> None:
    sentences = describe(simulate(3, bad=2.5, good=0.0))
    assert any("over images, for these raters" in one for one in sentences)
    assert any("3 raters are few" in one for one in sentences)


def test_cautions() -> None:
    frame = simulate(4, a=1.0, criterion=-0.8, n=10)
    frame["kind"] = "test"
    frame["was_hidden"] = frame["trial"] < 12
    checks = frame[frame["trial"] <= 3].assign(
        kind="check", item="check", truth="fake", answer="real", synthetic=""
    )
    repeats = frame[frame["trial"] <= 10].assign(
        kind="repeat", trial=99, answer=lambda rows: rows["answer"].map({"real": "fake", "fake": "real"})
    )
    facts = SessionFacts(
        n_planned=6, n_finished=4, is_simulated=True, giveaways=("Synthetic images are smaller.",)
    )
    text = "\n".join(describe(pd.concat([frame, checks, repeats]), facts))
    assert text.startswith("Simulated raters")
    for part in (
        "Preliminary: 4 of 6 raters",
        "Fewer than 20 images were shown of a.",
        "leaned to “fake” in doubt",
        "Attention checks were failed by Rater 1 (0 of 3 passed)",
        "trials are flagged",
        "same answer again to 0 %",
        "Synthetic images are smaller.",
    ):
        assert part in text


def test_pairs_are_held_against_guessing() -> None:
    pairs = simulate(6, a=2.5)
    pairs = pairs[pairs["truth"] == "fake"].assign(task="pair")
    assert "more than the 50 % of guessing" in describe(pairs)[0]
    guessing = pairs.assign(answer=["fake" if at % 2 else "real" for at in range(len(pairs))])
    assert "no more than guessing" in describe(guessing)[0]
    assert "took fakes for the real ones" in describe(pairs.assign(answer="real"))[0]


def test_one_rater_a_joint_session_and_no_answer() -> None:
    frame = simulate(1, a=1.5)
    assert any("One rater" in one for one in describe(frame))
    joint = describe(frame, SessionFacts(n_planned=1, n_finished=1, is_joint=True))
    assert any("counts as one rater" in one for one in joint)
    assert describe(frame.iloc[:0]) == ("No scored trial has been answered yet.",)
    assert "cannot be told from suspicion" in describe(frame[frame["truth"] == "fake"])[0]
