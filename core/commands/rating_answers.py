"""Answers on the command line: `rating export`, `rating import` and `rating score`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from core.rating.loaded_session import LoadedSession

__all__ = ["export", "import_", "score"]

Answers = Annotated[
    Path,
    typer.Option(
        "--answers",
        metavar="CSV",
        help="One row a trial: rater, trial, item, synthetic, truth, answer (real or fake), and what is "
        "known besides.",
    ),
]


def export(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session's name, or its id.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help=".csv: one row a trial; .json: everything."),
    ],
) -> None:
    """Write a session's answers, or all of it; it holds the truth, and is not for who still rates."""
    from core.rating.answer_csv import render_answers

    ending = output.suffix.lower()
    if ending not in (".csv", ".json"):
        raise InputError(f"--output ends with .csv or .json, not {output.name!r}.")
    loaded = _load(session)
    if ending == ".csv":
        _write(output, render_answers(loaded.tabulate()))
    else:
        from core.rating.session_document import render_session_json

        _write(output, render_session_json(loaded))
    typer.echo(output)


def import_(
    study: Annotated[str, typer.Option("--study", metavar="NAME", help="The study's name, or its id.")],
    name: Annotated[str, typer.Option("--name", help="What the session is called.")],
    answers: Answers,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Mark its numbers as of simulated raters.")
    ] = False,
) -> None:
    """Keep answers of a session that was run elsewhere, closed, beside a study; prints its id.

    Synthetic sets are matched by name, images by file name.
    """
    from core.config import get_settings
    from core.db.database import open_database
    from core.db.studies import find_study
    from core.rating.answer_csv import read_answers
    from core.rating.answer_import import import_answers
    from core.rating.stimuli import prepare_session

    settings = get_settings()
    database = open_database(settings)
    found = find_study(database, study)
    kept = import_answers(
        database, settings, study=found, name=name, answers=read_answers(answers), is_simulated=simulated
    )
    typer.echo(kept.record.id)
    typer.echo(f"{kept.n_found} of {kept.n_images} images were found among the study's files.", err=True)
    if kept.n_again:
        typer.echo(
            f"Note: {kept.n_again} answers are to images that the same rater had answered before; they are "
            "kept as repeats. Where they are other images, give each an item of its own.",
            err=True,
        )
    try:
        prepare_session(database, settings, kept.record.id)
    except InputError as error:
        # Answers count without pictures, too.
        typer.echo(f"Note: results are shown without pictures. {error}", err=True)


def score(
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="CSV",
            help="One row a trial: rater, trial, item, synthetic, truth, answer (real or fake), and what is "
            "known besides.",
        ),
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="SESSION", help="A session of the workspace instead.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="JSON", help="File for all numbers.")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seeds the draws of bootstrap intervals.")
    ] = 0,
) -> None:
    """Score answers: fake identification rates, false alarms, sensitivity, agreement, with intervals.

    A file needs no study and no database.
    """
    from core.commands.rating_outcome import print_score
    from core.rating.score import score_answers

    if (answers is None) == (session is None):
        raise InputError("Name a file with --answers, or a session with --session.")
    found = score_answers(_read(answers, session), seed=seed)
    if output is not None:
        _write(output, json.dumps(found.as_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    print_score(found)


def _read(answers: Path | None, session: str | None) -> pd.DataFrame:
    if answers is not None:
        from core.rating.answer_csv import read_answers

        return read_answers(answers)
    return _load(session or "").tabulate()


def _load(session: str) -> LoadedSession:
    from core.config import get_settings
    from core.db.database import open_database
    from core.db.rating_sessions import find_rating_session
    from core.rating.loaded_session import load_whole_session

    database = open_database(get_settings())
    return load_whole_session(database, find_rating_session(database, session).id)


def _write(path: Path, text: str) -> None:
    from core.output_folder import cannot_write, replace_text

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
