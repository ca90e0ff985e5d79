"""`python -m core report`: another report of a finished audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.rated_audit import RatingsOf, add_ratings
from core.commands.terminal_progress import TerminalProgress
from core.errors import InputError
from core.output_folder import replace_text
from core.report.content import ReportContent

if TYPE_CHECKING:
    from core.config import Settings
    from core.report.review_section import ReviewSummary

__all__ = ["report"]


def report(
    audit: Annotated[Path, typer.Option("--audit", metavar="DIR", help="Folder of a finished audit.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="HTML file to write.")],
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Leave out pairs and mean images; files keep their names.")
    ] = False,
    de_identified: Annotated[
        bool,
        typer.Option(
            "--de-identified",
            help="No images, no names of files, folders or readers; images are called by their SHA-256.",
        ),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print it beside the HTML file, with an installed Chromium.")
    ] = False,
    review: Annotated[
        list[str] | None,
        typer.Option("--review", metavar="REVIEW", help="Add a review's outcome, by its name or id; repeat."),
    ] = None,
    ratings_of: RatingsOf = None,
) -> None:
    """Write a report of a finished audit: one file that needs no network."""
    from core.audit.reopen import reopen_audit
    from core.config import get_settings
    from core.report.document import render_report
    from core.report.pdf import find_browser, print_pdf
    from core.report.pictures import picture_pairs

    if output.suffix != ".html":
        raise InputError(f"--output must end with .html, not {output.name!r}.")
    settings = get_settings()
    if pdf:
        find_browser(settings)
    content = _choose(no_images=no_images, de_identified=de_identified)
    result = reopen_audit(audit)
    rated = add_ratings(result.summary, audit, ratings_of, with_names=content.shows_names)
    result = replace(result, summary=rated)
    reviews = [_summarise(settings, name, audit) for name in review or ()]
    with TerminalProgress() as progress:
        pictures = (
            picture_pairs(result, settings=settings, progress=progress) if content.shows_images else None
        )
        html = render_report(result, content=content, pictures=pictures, reviews=reviews)
        _write(output, html)
        if pdf:
            print_pdf(html, output.with_suffix(".pdf"), settings=settings, progress=progress)
    typer.echo(f"Report: {output.absolute()}")
    if pdf:
        typer.echo(f"PDF: {output.with_suffix('.pdf').absolute()}")


def _choose(*, no_images: bool, de_identified: bool) -> ReportContent:
    if de_identified:
        return ReportContent.DEIDENTIFIED
    return ReportContent.NO_IMAGES if no_images else ReportContent.IMAGES


def _summarise(settings: Settings, name: str, audit: Path) -> ReviewSummary:
    from core.db.database import open_database
    from core.db.reviews import find_review
    from core.review.loaded import load_whole_review
    from core.review.report_summary import summarise_review

    database = open_database(settings)
    return summarise_review(load_whole_review(database, find_review(database, name).id, audit))


def _write(path: Path, html: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, html)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or type(error).__name__}); choose another --output."
        ) from error
