"""A whole session's score: what enters which number, and that nothing crashes where little was answered."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from core.errors import InputError
from core.rating.rating_score import RatingScore
from core.rating.score import score_answers
from core.rating.score_facts import RATING_FACTS
from core.rating.simulation import simulate_answers

REQUIRED = ["rater", "trial", "item", "synthetic", "truth", "answer"]


def make_frame(n_raters: int = 4) -> pd.DataFrame:
    frame = simulate_answers(
        n_raters=n_raters,
        n_fake={"blurred": 16, "fresh": 14},
        n_real=20,
        d_prime={"blurred": 2.0, "fresh": 0.3},
        with_confidence=True,
        seed=7,
    )
    frame["class"] = ["even" if int(item) % 2 == 0 else "odd" for item in frame["item"]]
    frame["reaction_time_ms"] = 900.0 + 10 * frame["trial"]
    return frame.assign(kind="test", task="single")


def score(frame: pd.DataFrame) -> RatingScore:
    return score_answers(frame, n_bootstrap=200)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return make_frame()


@pytest.fixture(scope="module")
def scored(frame: pd.DataFrame) -> RatingScore:
    return score(frame)


def test_shares_are_counts_by_set_class_and_rater(frame: pd.DataFrame, scored: RatingScore) -> None:
    fakes = frame[frame["truth"] == "fake"]
    for name, rates in scored.by_set.items():
        own = fakes[fakes["synthetic"] == name]
        assert rates.fir.value == (own["answer"] == "fake").mean() and rates.fir.n == len(own)
        assert rates.false_alarm_rate == scored.overall.false_alarm_rate
        for class_name, cell in scored.by_set_and_class[name].items():
            part = own[own["class"] == class_name]
            assert cell.fir.value == pytest.approx((part["answer"] == "fake").mean())
            assert cell.n_real == 10
    for name, rates in scored.by_rater.items():
        own = frame[frame["rater"] == name]
        k = int((own[own["truth"] == "fake"]["answer"] == "fake").sum())
        assert (rates.fir.low, rates.fir.high) == pytest.approx(proportion_confint(k, 30, method="wilson"))
        assert rates.accuracy.value == pytest.approx((own["truth"] == own["answer"]).mean())
        assert rates.fir.bootstrap is None
    assert list(scored.by_class) == ["even", "odd"]
    assert (scored.overall.n_raters, scored.overall.n_fake, scored.overall.n_real) == (4, 30, 20)


def test_better_fakes_score_lower(scored: RatingScore) -> None:
    bad, good = scored.by_set["blurred"], scored.by_set["fresh"]
    for name in ("fir", "accuracy", "balanced_accuracy", "d_prime", "auc"):
        assert getattr(bad, name).value > getattr(good, name).value
    assert bad.d_prime.low > 0.5
    assert scored.comparisons[0].difference.low > 0


def test_rows_may_come_in_any_order(frame: pd.DataFrame, scored: RatingScore) -> None:
    shuffled = frame.sample(frac=1, random_state=1)
    assert score(shuffled).as_json() == scored.as_json()


def test_only_test_trials_enter_rates(frame: pd.DataFrame, scored: RatingScore) -> None:
    some = frame[frame["trial"] <= 10]
    wrong = some.assign(answer=some["truth"].map({"real": "fake", "fake": "real"}))
    others = [
        wrong.assign(kind="training", item="t" + wrong["item"]),
        some.assign(kind="repeat", trial=some["trial"] + 100),
        wrong.assign(kind="check", item="c" + wrong["item"], synthetic="", truth="fake", answer="real"),
    ]
    found = score(pd.concat([frame, *others]))
    assert found.overall == scored.overall and found.by_set == scored.by_set
    assert found.agreement == scored.agreement and found.images == scored.images
    assert found.n_training == 40 and found.n_repeats == 40
    assert found.consistency.same.value == 1 and scored.consistency.same.value is None
    assert all(one.n_passed == 0 and one.is_doubtful for one in found.checks)


def test_an_image_answered_twice_counts_once(frame: pd.DataFrame, scored: RatingScore) -> None:
    again = frame[frame["trial"] <= 5].assign(trial=lambda rows: rows["trial"] + 200, answer="fake")
    found = score(pd.concat([again, frame]))
    assert found.overall == scored.overall
    assert found.n_repeats == 20 and any("had answered before" in note for note in found.notes)


def test_the_json_has_its_keys_and_is_json(scored: RatingScore) -> None:
    document = json.loads(json.dumps(scored.as_json(), allow_nan=False))
    named = {"fir", "false_alarm_rate", "accuracy", "d_prime", "criterion", "auc", "fleiss_kappa", "cohen_kappa",
             "krippendorff_alpha", "self_consistency"}  # fmt: skip
    assert named <= set(document)
    assert set(RATING_FACTS) == set(scored.headline)
    for name in RATING_FACTS:
        assert {"value", "low", "high", "n", "method", "note"} <= set(document[name])
    assert document["fir"]["low"] <= document["fir"]["value"] <= document["fir"]["high"]
    assert set(document["sets"]) == {"blurred", "fresh"} and len(document["images"]) == 50
    assert RatingScore.model_validate_json(scored.model_dump_json()) == scored


def test_required_columns_are_enough(frame: pd.DataFrame, scored: RatingScore) -> None:
    found = score(frame[REQUIRED])
    assert found.overall.fir == scored.overall.fir
    assert found.overall.auc.value is None and "without confidence" in found.overall.auc.note
    assert found.by_class == {} and found.roc is None and found.roc_by_rater == {}
    assert found.reaction_times.median.value is None
    # Real images may come without, with an empty or with a missing set's name.
    empty = frame[REQUIRED].assign(synthetic=frame["synthetic"].replace("", None))
    assert score(empty).overall == found.overall


def test_pairs_are_shares_of_pairs(frame: pd.DataFrame) -> None:
    pairs = frame[frame["truth"] == "fake"].assign(task="pair")
    found = score(pairs)
    named = (pairs["answer"] == "fake").mean()
    assert found.task == "pair" and found.overall.fir.value == found.overall.accuracy.value == named
    assert "guessing gives 0.5" in found.overall.fir.note
    assert found.overall.d_prime.value > 0
    for name in ("false_alarm_rate", "criterion", "auc", "balanced_accuracy"):
        one = getattr(found.overall, name)
        assert one.value is None and "Pairs have no answers" in one.note
    assert set(found.by_set) == {"blurred", "fresh"} and found.roc is None


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.iloc[:0],
        lambda rows: rows.iloc[:1],
        lambda rows: rows[rows["rater"] == "Rater 1"],
        lambda rows: rows[rows["synthetic"] == ""],
        lambda rows: rows[rows["synthetic"] == "fresh"],
        lambda rows: rows.assign(answer="fake"),
        lambda rows: rows.assign(answer="real"),
        lambda rows: rows.assign(answer=rows["truth"]),
        lambda rows: rows.assign(kind="training"),
        lambda rows: rows.assign(confidence=float("nan"), reaction_time_ms=50.0),
        lambda rows: rows[(rows["rater"] == "Rater 1") == (rows["trial"] > 25)],
    ],
)  # fmt: skip
def test_little_or_strange_answers_give_reasons_and_no_crash(frame: pd.DataFrame, change) -> None:
    found = score(change(frame))
    document = json.dumps(found.as_json(), allow_nan=False)
    assert "NaN" not in document
    for one in found.headline.values():
        assert one.low is not None or one.note
        if one.low is not None:
            assert one.low <= one.value <= one.high


def test_raters_come_in_natural_order() -> None:
    found = score(make_frame(11))
    assert (
        list(found.by_rater)[:3] == ["Rater 1", "Rater 2", "Rater 3"]
        and list(found.by_rater)[-1] == "Rater 11"
    )
    assert found.d_prime_of_raters.n == 11


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"truth": "synthetic"}, "'truth' of answer 1 is 'synthetic': write 'real' or 'fake'"),
        ({"answer": None}, "'answer' of answer 1 is ''"),
        ({"kind": "exam"}, "'exam' is no kind of trial"),
        ({"task": "triple"}, "'triple' is no task"),
    ],
)
def test_what_cannot_be_read_is_named(frame: pd.DataFrame, change: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        score(frame.assign(**change))


def test_missing_columns_and_mixed_tasks_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column 'item'"):
        score(frame.drop(columns="item"))
    mixed = frame.assign(task=["pair" if at % 2 else "single" for at in range(len(frame))])
    with pytest.raises(InputError, match="mix single images and pairs"):
        score(mixed)
