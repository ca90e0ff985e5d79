"""A reader's queue: stores the verdicts that the viewer hands in, and shows what is to be read next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.db.database import Database
from core.db.review_record import NewVerdict, ReviewPair, ReviewRecord, Stage, Verdict
from core.db.verdicts import add_verdicts, list_verdicts
from core.errors import InputError, MedSynError
from core.review.standing import Standing, compute_standing
from core.review.volume_match import VolumeMatch
from pages._shared.image_addresses import Form, address_image
from pages._shared.review_evidence import describe_evidence
from pages._shared.review_filters import QueueFilters
from pages._shared.review_volumes import find_volumes
from pages._shared.times import format_instant
from pages._shared.viewer import Judged, Queue, ViewedPair, ViewedVolume, read_viewer, show_viewer
from pages._shared.workspace import open_workspace

__all__ = ["Reading", "show_queue"]

# Addresses are handed out for so many pairs before and behind the one being read.
_BEHIND, _AHEAD = 5, 40

_Volume = tuple[ViewedVolume, VolumeMatch]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader does in one review.

    Attributes:
        review: the review.
        pairs: the pairs to read, in reading order.
        reviewer: who reads.
        stage: reading, or settling disagreements.
        filters: what narrows the queue.
        remarks: sentences shown with pairs, by number.
    """

    review: ReviewRecord
    pairs: Sequence[ReviewPair]
    reviewer: str
    stage: Stage = Stage.READING
    filters: QueueFilters = field(default_factory=QueueFilters)
    remarks: Mapping[int, str] | None = None

    @property
    def identity(self) -> str:
        """Names review, reader and stage without showing the reader's name."""
        text = "\0".join((self.review.id, self.reviewer, self.stage))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@st.fragment
def show_queue(reading: Reading) -> None:
    """Show the queue in the viewer; a verdict runs only this part of the page again."""
    settings, database = open_workspace()
    key = f"viewer_{reading.identity}"
    entries, around = read_viewer(key)
    acknowledged, problem = _store(database, reading, entries)
    rows = list_verdicts(database, reading.review.id, reading.reviewer)
    standing = compute_standing(reading.pairs, rows, reading.reviewer, stage=reading.stage)
    words = {number: str(row.verdict) for number, row in standing.current.items()}
    numbers = reading.filters.apply(reading.pairs, words)
    handed = [entry.get("number") for entry in entries[-1:]]
    near = _near(numbers, (around, *handed, standing.next_number, standing.last_number))
    shown = [pair for pair in reading.pairs if pair.number in near]
    volumes = find_volumes(settings, reading.review.audit_id, shown)
    queue = Queue(
        identity=reading.identity,
        numbers=numbers,
        pairs={pair.number: _view(reading, pair, volumes.get(pair.number)) for pair in shown},
        judged=_list_judged(reading, standing, near, volumes),
        acknowledged=acknowledged,
        problem=problem,
        locked=_describe_lock(reading.review),
        filtered=len(numbers) < len(reading.pairs),
        empty="No pair fits the filters." if reading.filters.is_active else "There is no pair to read.",
    )
    show_viewer(queue, key=key)


def _store(
    database: Database, reading: Reading, entries: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, ...], str]:
    """Store what was handed in; returns the tokens that are stored, and why they are not."""
    if not entries:
        return (), ""
    try:
        verdicts = [_parse(entry, reading.stage) for entry in entries]
        return add_verdicts(database, reading.review.id, reading.reviewer, verdicts), ""
    except MedSynError as error:
        # The browser keeps what is not stored and hands it in again.
        return (), str(error)


def _parse(entry: Mapping[str, Any], stage: Stage) -> NewVerdict:
    """Browsers are not trusted: what is no verdict is refused, and the store checks the rest."""
    number, token, verdict = entry.get("number"), entry.get("token"), entry.get("verdict")
    confidence, note, seen = entry.get("confidence"), entry.get("note"), entry.get("seen")
    if not (
        type(number) is int
        and 0 <= number < 2**31
        and isinstance(token, str)
        and isinstance(note, str)
        and (verdict is None or verdict in list(Verdict))
        and (confidence is None or type(confidence) is int)
    ):
        raise InputError("What the browser handed in is no verdict; reload the page.")
    return NewVerdict(
        number=number,
        verdict=None if verdict is None else Verdict(verdict),
        token=token,
        confidence=confidence,
        note=note,
        stage=stage,
        seen=seen if isinstance(seen, bool) else None,
    )


def _near(numbers: Sequence[int], centres: Iterable[object]) -> set[int]:
    places = {number: place for place, number in enumerate(numbers)}
    near: set[int] = set()
    for centre in (*centres, numbers[0] if numbers else None):
        if isinstance(centre, int) and centre in places:
            place = places[centre]
            near.update(numbers[max(0, place - _BEHIND) : place + _AHEAD])
        elif isinstance(centre, int):
            # The last verdict's pair may fit the filters no more; going back to it still shows it.
            near.add(centre)
    return near


def _view(reading: Reading, pair: ReviewPair, volume: _Volume | None) -> ViewedPair:
    """Only what may be known before the verdict."""
    audit_id, evidence = reading.review.audit_id, pair.evidence
    form: Form = "slice" if volume else "samples"
    return ViewedPair(
        query=address_image(audit_id, pair.query_id, form=form),
        real=address_image(audit_id, pair.real_id, form=form),
        transform=evidence.transform,
        warp=None if volume else evidence.warp,
        remark=(reading.remarks or {}).get(pair.number, ""),
        volume=volume and volume[0],
    )


def _list_judged(
    reading: Reading, standing: Standing, near: set[int], volumes: Mapping[int, _Volume]
) -> dict[int, Judged]:
    known = {pair.number: pair for pair in reading.pairs}
    return {
        number: Judged(
            verdict=str(row.verdict),
            confidence=row.confidence,
            note=row.note,
            evidence=_describe(known[number], volumes.get(number)) if number in near else (),
            agreement=volumes[number][1].agreement if number in volumes else (),
        )
        for number, row in sorted(standing.current.items(), key=lambda one: one[1].id)
    }


def _describe(pair: ReviewPair, volume: _Volume | None) -> tuple[str, ...]:
    if volume is None:
        return describe_evidence(pair)
    viewed, match = volume
    axial = match.agreement[0] if match.agreement else ()
    return describe_evidence(pair, axial=axial, n_slices=viewed.real[0])


def _describe_lock(review: ReviewRecord) -> str:
    if review.locked_at is None:
        return ""
    return (
        f"Locked by {review.locked_by} on {format_instant(review.locked_at)}: no verdict is taken any more."
    )
