"""An audit without anything that names a file, a folder or a patient: for reports that leave the house."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from core.audit.result import AuditResult, AuditSummary, Duplicates, SetSummary, UnreadableRecord
from core.features.volume_view import name_plane
from core.images.slices import Plane
from core.report.safe_sentences import keep_safe_sentences

__all__ = ["NO_DIGEST", "deidentify"]

NO_DIGEST: Final = ""
"""Stands for an item whose digest is not known."""

_OWN_WEIGHTS = "a file of the user's own; its hash stands with its extractor"


def deidentify(result: AuditResult) -> AuditResult:
    """Replace the names of items by their SHA-256, and leave out images, folders and what may name them.

    Sets, classes, groups and extractors keep their names; weights given as a path lose it. Warnings are kept
    where all of their words are known to name nothing; how many were left out is said.

    Args:
        result: an audit.

    Returns:
        The same numbers; no mean images or volumes, items or pairs.
    """
    digests = _collect_digests(result)
    extractors = _rename_extractors(result.summary)
    copies = result.copies.copy()
    if len(copies):
        sets = copies["synthetic"]
        copies["synthetic_item"] = [
            digests.get((name, _readable(item)), NO_DIGEST)
            for name, item in zip(sets, copies["synthetic_item"], strict=True)
        ]
        copies["nearest_real"] = [
            digests.get(("real", _readable(item)), NO_DIGEST) for item in copies["nearest_real"]
        ]
        copies["extractor"] = [extractors.get(name, name) for name in copies["extractor"]]
    return replace(
        result,
        summary=_clean_summary(result.summary, digests, extractors),
        copies=copies,
        mean_images={},
        mean_volumes={},
        items=None,
        pairs=None,
        # Its tables name sets and classes alone; what it was written from names items.
        bias=None if result.bias is None else replace(result.bias, result=None),
    )


def _collect_digests(result: AuditResult) -> dict[tuple[str, str], str]:
    if result.items is None:
        return {}
    columns = (result.items.column(name).to_pylist() for name in ("set", "item", "digest"))
    return {(name, item): digest for name, item, digest in zip(*columns, strict=True)}


def _rename_extractors(summary: AuditSummary) -> dict[str, str]:
    """Names that hold a path of weights, to ones without."""
    choices = summary.protocol.choices
    names = {row.extractor for row in summary.results if row.extractor}
    names |= {one.name for one in summary.protocol.extractors}
    for choice in ("extractors", "multiscale_extractors"):
        names |= set(choices.get(choice) or ())
    of_planes = {name_plane(name, plane): (name, plane) for name in names for plane in Plane}
    renamed: dict[str, str] = {}
    for name in sorted(names - of_planes.keys()):
        # A grid of MM-FID names several: everything from the question mark on may belong to a path.
        short, parted, _ = name.partition("?")
        if parted:
            taken = sum(new.startswith(f"{short} (own weights") for new in renamed.values())
            renamed[name] = f"{short} (own weights{f' {taken + 1}' if taken else ''})"
    named = {name: of_planes[name] for name in names & of_planes.keys()}
    planes = {name: name_plane(renamed[own], plane) for name, (own, plane) in named.items() if own in renamed}
    return renamed | planes


def _clean_summary(
    summary: AuditSummary, digests: Mapping[tuple[str, str], str], extractors: Mapping[str, str]
) -> AuditSummary:
    names = [one.name for one in summary.sets if one.role == "synthetic"]
    classes = sorted({label for one in summary.sets for label in (*one.classes, *one.groups)})
    known = {one.name for one in summary.protocol.extractors}
    known |= {row.extractor for row in summary.results if row.extractor}

    def clean(sentences: Iterable[str]) -> tuple[str, ...]:
        kept, n_left_out = keep_safe_sentences(sentences, sets=names, classes=classes, extractors=known)
        texts = [_rename(sentence, extractors) for sentence in kept]
        return (*texts, *_count_left_out(n_left_out))

    results = tuple(
        row.model_copy(
            update={
                "extractor": row.extractor and extractors.get(row.extractor, row.extractor),
                "note": _rename(row.note, extractors),
            }
        )
        for row in summary.results
    )
    return summary.model_copy(
        update={
            "protocol": summary.protocol.model_copy(
                update={
                    "choices": _clean_choices(summary.protocol.choices, extractors),
                    "extractors": tuple(
                        one.model_copy(
                            update={
                                "name": extractors.get(one.name, one.name),
                                "identity": _rename(one.identity, extractors),
                            }
                        )
                        for one in summary.protocol.extractors
                    ),
                }
            ),
            "sets": tuple(
                _clean_set(one, digests).model_copy(update={"warnings": clean(one.warnings)})
                for one in summary.sets
            ),
            "shared": tuple(_clean_group(group, digests) for group in summary.shared),
            "warnings": clean(summary.warnings),
            "notices": clean(summary.notices),
            "results": results,
        }
    )


def _clean_set(one: SetSummary, digests: Mapping[tuple[str, str], str]) -> SetSummary:
    duplicates = (
        Duplicates(
            members=tuple(digests.get((one.name, _readable(member)), NO_DIGEST) for member in group.members),
            same_bytes=group.same_bytes,
        )
        for group in one.duplicates
    )
    return one.model_copy(
        update={
            "folder": "",
            "unreadable": (UnreadableRecord(file="", reason=""),) * len(one.unreadable),
            "duplicates": tuple(duplicates),
        }
    )


def _clean_group(group: Duplicates, digests: Mapping[tuple[str, str], str]) -> Duplicates:
    """A picture of several sets: its members are `set/item`."""
    members = []
    for member in group.members:
        name, _, item = member.partition("/")
        members.append(f"{name}/{digests.get((name, _readable(item)), NO_DIGEST)}")
    return Duplicates(members=tuple(members), same_bytes=group.same_bytes)


def _clean_choices(choices: Mapping[str, Any], extractors: Mapping[str, str]) -> dict[str, Any]:
    cleaned = dict(choices)
    if cleaned.get("weights") is not None:
        cleaned["weights"] = _OWN_WEIGHTS
    for name in ("extractors", "multiscale_extractors"):
        if cleaned.get(name):
            cleaned[name] = [extractors.get(one, one) for one in cleaned[name]]
    return cleaned


def _rename(text: str, extractors: Mapping[str, str]) -> str:
    for name in sorted(extractors, key=len, reverse=True):
        text = text.replace(name, extractors[name])
    return text


def _count_left_out(n: int) -> tuple[str, ...]:
    if not n:
        return ()
    what = (
        "1 sentence is left out of this version, since it"
        if n == 1
        else f"{n} sentences are left out of this version, since they"
    )
    return (f"{what} might name files; the full report has all.",)


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
