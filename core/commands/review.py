"""`python -m core review`: reviews of copy pairs without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import InputError

if TYPE_CHECKING:
    from core.config import Settings
    from core.db.database import Database
    from core.db.review_record import ReviewRecord
    from core.review.loaded import LoadedReview

__all__ = ["review"]

review = typer.Typer(help="Reviews of copy pairs: make, follow, export and close them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's name, or its id.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it; kept with the review.")]


def _open() -> tuple[Settings, Database]:
    from core.config import get_settings
    from core.db.database import open_database

    settings = get_settings()
    return settings, open_database(settings)


def _load(name: str) -> tuple[Settings, LoadedReview]:
    from core.db.reviews import find_review
    from core.jobs.job_folder import audit_folder
    from core.review.loaded import load_whole_review

    settings, database = _open()
    record = find_review(database, name)
    return settings, load_whole_review(database, record.id, audit_folder(settings, record.audit_id))


@review.command("list")
def list_(
    audit: Annotated[str | None, typer.Option("--audit", metavar="ID", help="Only this audit's.")] = None,
) -> None:
    """List reviews, newest first: id, name, audit, number of pairs, whether locked."""
    from core.db.reviews import list_reviews

    _, database = _open()
    for one in list_reviews(database, audit):
        state = f"locked by {one.locked_by}" if one.is_locked else "open"
        typer.echo("\t".join((one.id, one.name, one.audit_id, f"{one.n_pairs} pairs", state)))


@review.command()
def create(
    audit: Annotated[str, typer.Argument(metavar="AUDIT", help="The audit's id.")],
    name: Annotated[str, typer.Option("--name", help="What the review is called.")],
    by: By,
    extractor: Annotated[
        str, typer.Option("--extractor", help="Whose nearest real images are taken.")
    ] = "pixels",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME", help="Only this set; repeat for more.")
    ] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Only this class; repeat for more.")
    ] = None,
    max_q: Annotated[
        float | None, typer.Option("--max-q", min=0, max=1, help="Only up to this q-value.")
    ] = None,
    strongest: Annotated[
        int,
        typer.Option("--strongest", min=0, max=100_000, help="Pairs to read where fewer are flagged."),
    ] = 50,
    control_share: Annotated[
        float, typer.Option("--control-share", min=0, max=1, help="Real control pairs for each other pair.")
    ] = 0.25,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds controls' draw.")] = 0,
) -> None:
    """Make a review of an audit's strongest pairs, with controls mixed in; prints its id."""
    from core.audit.items import load_items
    from core.audit.pairs import load_pairs
    from core.db.reviews import create_review
    from core.jobs.job_folder import audit_folder
    from core.review.plan import ReviewPlan
    from core.review.queue import plan_review

    settings, database = _open()
    folder = audit_folder(settings, audit)
    plan = ReviewPlan(
        extractor=extractor,
        sets=tuple(set_ or ()),
        classes=tuple(class_ or ()),
        max_q=max_q,
        n_strongest=strongest,
        control_share=control_share,
        seed=seed,
    )
    record = create_review(
        database,
        audit_id=audit,
        name=name,
        created_by=by,
        plan=plan.model_dump(mode="json"),
        pairs=plan_review(load_pairs(folder), load_items(folder), plan),
    )
    typer.echo(record.id)
    typer.echo(_count_pairs(record), err=True)


@review.command()
def show(name: Name) -> None:
    """Print how far a review is and what it found; not for somebody who still reads it."""
    from core.commands.review_outcome import print_review

    print_review(_load(name)[1])


@review.command()
def export(
    name: Name,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder that the files are written into.")
    ],
) -> None:
    """Write verdicts.csv (every row), calls.csv (one a pair) and review.json; not for who still reads."""
    from core.review.export import render_calls_csv, render_review_json, render_verdicts_csv

    _, loaded = _load(name)
    texts = {
        "verdicts.csv": render_verdicts_csv(loaded),
        "calls.csv": render_calls_csv(loaded),
        "review.json": render_review_json(loaded),
    }
    for file, text in texts.items():
        _write(output / file, text.encode("utf-8", "backslashreplace"))
        typer.echo(output / file)


@review.command()
def clean(
    name: Name,
    set_: Annotated[str, typer.Option("--set", metavar="NAME", help="The synthetic set.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="New folder for the images that stay."),
    ] = None,
    list_file: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="List what stays, as sha256sum --check reads it."),
    ] = None,
    only_copies: Annotated[bool, typer.Option("--only-copies", help="Near copies stay.")] = False,
) -> None:
    """Write a synthetic set without confirmed copies, as a folder, a list of files, or both."""
    from core.commands.terminal_progress import TerminalProgress
    from core.review.cleaned import clean_set, render_checksums
    from core.review.cleaned_folder import write_cleaned_folder
    from core.review.outcome import compute_calls

    if output is None and list_file is None:
        raise InputError("Name a folder with --output, or a file with --list, or both.")
    settings, loaded = _load(name)
    calls = compute_calls(loaded.pairs, loaded.verdicts)
    cleaned = clean_set(loaded.items, calls, set_, only_copies=only_copies)
    if output is not None:
        with TerminalProgress() as progress:
            write_cleaned_folder(cleaned, output, settings=settings, progress=progress)
    if list_file is not None:
        _write(list_file, render_checksums(cleaned))
    typer.echo(f"{len(cleaned.kept):,} images stay, {len(cleaned.dropped):,} go.")
    if cleaned.n_open or cleaned.n_unread:
        typer.echo(
            f"Note: {cleaned.n_open} images that readers differ on or are unsure of, and {cleaned.n_unread} "
            "that nobody has read, stay.",
            err=True,
        )


@review.command()
def lock(name: Name, by: By) -> None:
    """Close a review for good: no verdict and no pair is added any more."""
    from core.db.reviews import find_review, lock_review

    _, database = _open()
    record = lock_review(database, find_review(database, name).id, by)
    typer.echo(f"{record.id}\tlocked by {record.locked_by}")


def _count_pairs(record: ReviewRecord) -> str:
    n = record.n_pairs - record.n_controls
    without = "; without controls, readers' false alarms stay unknown" * (not record.n_controls)
    return f"{n} pairs to read and {record.n_controls} controls among them{without}."


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} cannot be written ({reason}); choose another place.") from error
