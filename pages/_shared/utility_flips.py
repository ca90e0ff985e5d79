"""Test images that change sides between two arms of an experiment, each in full resolution on a click."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.audit.items import load_items
from core.errors import InputError
from core.report.utility_changes import list_arm_titles
from core.utility.archive import load_answers
from core.utility.flips import AnswerChange, count_flips, find_changes
from core.utility.result import UtilitySummary
from pages._shared.experiment_choice import FinishedExperiment
from pages._shared.gallery import show_gallery
from pages._shared.names import escape_markdown, show_name
from pages._shared.selection import choose, switch
from pages._shared.table import show_table
from pages._shared.utility_tables import describe_change, lay_out_class_flips, lay_out_flips

__all__ = ["show_flips"]

_EVERY = (
    "Shows every image that the arm gets right in more, or in fewer, repeats: those that McNemar's test "
    "counts. Otherwise only those that most repeats of the two arms answer differently."
)
_PAGE_SIZE = 24


def show_flips(
    experiment: FinishedExperiment[UtilitySummary],
    baseline: str,
    runs_folder: Path,
    *,
    group: str | None = None,
) -> None:
    """Show which test images an arm gains and loses against a baseline, class by class and one by one.

    Args:
        experiment: the experiment.
        baseline: id of the arm that it is held against.
        runs_folder: where finished trainings are kept.
        group: the group of test images that is looked at, or None for all of them.
    """
    summary, titles = experiment.summary, list_arm_titles(experiment.summary)
    held = {arm.id: arm.title for arm in summary.arms if baseline in arm.baselines}
    # What the experiment is about comes first, though the table begins with what it is held against.
    first = next((arm.id for arm in summary.arms if arm.id in held and arm.synthetic is not None), None)
    arm_column, class_column = st.columns(2)
    with arm_column:
        arm = choose("Arm", held, param="arm", default=first, follows=True)
    with class_column:
        named = {"": "Every class"} | {f"class:{name}": show_name(name) for name in summary.classes}
        wanted = choose("Class", named, param="class", follows=True).removeprefix("class:")
    every = switch("Also images that change in few repeats", param="every", help=_EVERY)
    try:
        found = _find(experiment.folder, runs_folder, summary, arm, baseline)
        inside = _list_members(experiment.folder, group)
    except InputError as error:
        st.info(escape_markdown(str(error)))
        return
    found = tuple(one for one in found if one.item in inside)
    n_of_class = {name: sum(label == name for label in inside.values()) for name in summary.classes}
    table = lay_out_class_flips(count_flips(found, n_of_class))
    show_table(table, key="class_flips", file_name=f"flips-by-class-{experiment.id}.csv")
    shown = [one for one in found if (every or one.is_flip) and (not wanted or one.label == wanted)]
    if not shown:
        st.info(
            f"No test image changes sides between {titles[baseline]} and {titles[arm]} here."
            if every
            else "No test image is answered differently by most repeats of the two; look at those that "
            "change in few repeats."
        )
        return
    st.caption(
        "Below each image: its class, and in how many of the repeats the arm and the baseline are right."
    )
    _show_images(experiment.id, [one for one in shown if one.is_gain], "Gained", "gained")
    _show_images(experiment.id, [one for one in shown if not one.is_gain], "Lost", "lost")
    with st.expander("As a table"):
        items = load_items(experiment.folder)
        names = {one.item: items[one.item].item for one in shown}
        show_table(
            lay_out_flips(shown, names), key="flips", file_name=f"flips-{experiment.id}.csv", height_px=420
        )


def _show_images(experiment_id: str, changes: Sequence[AnswerChange], word: str, key: str) -> None:
    if not changes:
        return
    n = "1 test image" if len(changes) == 1 else f"{len(changes):,} test images"
    st.markdown(f"**{word}: {n}**")
    captions = {one.item: _describe(one) for one in changes}
    show_gallery(experiment_id, list(captions), key=f"flips_{key}", captions=captions, page_size=_PAGE_SIZE)


def _describe(one: AnswerChange) -> str:
    lines = [
        show_name(one.label),
        f"arm {one.right}/{one.n_repeats}, baseline {one.baseline_right}/{one.n_repeats}",
        describe_change(one),
    ]
    wrong = one.baseline_answer if one.is_gain else one.answer
    if wrong != one.label:
        lines.append(f"{'baseline' if one.is_gain else 'arm'} says {show_name(wrong)}")
    return "\n".join(lines)


def _list_members(folder: Path, group: str | None) -> dict[str, str]:
    """Class by id of the test images of a group, or of all.

    Raises:
        InputError: if the experiment's list of images cannot be read.
    """
    table = load_items(folder).table
    ids, labels = table.column("id").to_pylist(), table.column("label").to_pylist()
    if group is None:
        return dict(zip(ids, labels, strict=True))
    groups = table.column("groups").to_pylist()
    return {one: label for one, label, own in zip(ids, labels, groups, strict=True) if group in own}


@st.cache_data(max_entries=16, show_spinner="Comparing answers", hash_funcs={UtilitySummary: lambda _: None})
def _find(
    folder: Path, runs_folder: Path, summary: UtilitySummary, arm: str, baseline: str
) -> tuple[AnswerChange, ...]:
    """Find the changed images; an experiment, and so its folder's content, never changes.

    Raises:
        InputError: if its answers or its list of images cannot be read.
    """
    items = load_items(folder)
    runs = tuple(run for run in summary.runs if run.arm in (arm, baseline))
    answers = load_answers(runs_folder, summary.model_copy(update={"runs": runs}))
    ids: list[str] = items.table.column("id").to_pylist()
    places = {name: at for at, name in enumerate(summary.classes)}
    labels = items.table.column("label").to_pandas().map(places).to_numpy()
    repeats = sorted({run.repeat for run in runs})
    return find_changes(
        ids,
        labels,
        classes=summary.classes,
        arm=[answers[arm, repeat] for repeat in repeats],
        baseline=[answers[baseline, repeat] for repeat in repeats],
    )
