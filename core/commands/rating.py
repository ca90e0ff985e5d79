"""`python -m core rating`: blinded rating sessions without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.rating_answers import export, import_, score
from core.commands.rating_options import with_design
from core.rating.design import SessionDesign

if TYPE_CHECKING:
    from core.config import Settings
    from core.db.database import Database
    from core.db.rating_record import RaterRecord, RatingSessionRecord

__all__ = ["rating"]

rating = typer.Typer(
    help="Blinded sessions in which people say which images are fake: make, follow, score.",
    no_args_is_help=True,
)

Session = Annotated[str, typer.Argument(metavar="SESSION", help="The session's name, or its id.")]
Base = Annotated[
    str, typer.Option("--base", metavar="URL", help="Where raters reach the dashboard; links begin with it.")
]


def _open() -> tuple[Settings, Database]:
    from core.config import get_settings
    from core.db.database import open_database

    settings = get_settings()
    return settings, open_database(settings)


def _find(name: str) -> tuple[Settings, Database, RatingSessionRecord]:
    from core.db.rating_sessions import find_rating_session

    settings, database = _open()
    return settings, database, find_rating_session(database, name)


@rating.command()
@with_design
def create(
    *,
    study: Annotated[str, typer.Option("--study", metavar="NAME", help="The study's name, or its id.")],
    name: Annotated[str, typer.Option("--name", help="What the session is called; raters never see it.")],
    design: SessionDesign,
) -> None:
    """Make a session: draw its images, write them for raters, make a link a rater; prints its id.

    What its numbers will be worth, and what may give answers away, is said on standard error.
    """
    from core.commands.terminal_progress import TerminalProgress
    from core.db.studies import find_study
    from core.rating.power import compute_power
    from core.rating.session import create_session

    settings, database = _open()
    found = find_study(database, study)
    for sentence in compute_power(design).sentences:
        typer.echo(sentence, err=True)
    with TerminalProgress() as progress:
        made = create_session(database, settings, study=found, name=name, design=design, progress=progress)
    # Said before the images are written: should that fail, `rating prepare` asks for it.
    typer.echo(made.id)
    _prepare(settings, database, made.id)


@rating.command()
def prepare(session: Session) -> None:
    """Write a session's images again, where that failed or they are gone."""
    settings, database, found = _find(session)
    _prepare(settings, database, found.id)


@rating.command()
@with_design
def power(
    *,
    design: SessionDesign,
    study: Annotated[
        str | None,
        typer.Option("--study", metavar="NAME", help="Also look at a few of its files for what differs."),
    ] = None,
) -> None:
    """Say how wide the intervals of a session will be, without making it."""
    from core.db.studies import find_study
    from core.rating.giveaways import preview_giveaways
    from core.rating.power import compute_power

    for sentence in compute_power(design).sentences:
        typer.echo(sentence)
    if study is not None:
        settings, database = _open()
        found = preview_giveaways(
            find_study(database, study).folders,
            settings,
            synthetic=[one.synthetic for one in design.counts if one.synthetic is not None],
            real_source=design.real_source,
            intensity=design.intensity,
        )
        for sentence in found:
            typer.echo(f"Note: {sentence}")


@rating.command("list")
def list_(
    study: Annotated[str | None, typer.Option("--study", metavar="NAME", help="Only this study's.")] = None,
) -> None:
    """List sessions, newest first: id, name, study, state, raters who finished, answered trials."""
    from core.db.raters import list_raters
    from core.db.rating_answers import count_answers
    from core.db.rating_sessions import list_rating_sessions
    from core.db.studies import find_study, load_study

    _, database = _open()
    study_id = None if study is None else find_study(database, study).id
    for one in list_rating_sessions(database, study_id):
        raters = [rater for rater in list_raters(database, one.id) if rater.revoked_at is None]
        finished = sum(rater.finished_at is not None for rater in raters)
        cells = (
            one.id,
            one.name,
            load_study(database, one.study_id).name,
            _describe_state(one),
            f"{finished} of {len(raters)} raters",
            f"{sum(count_answers(database, one.id).values())} answers",
        )
        typer.echo("\t".join(cells))


@rating.command()
def links(session: Session, base: Base = "http://localhost:8501") -> None:
    """List a session's raters with their links: name, trials answered, state, link."""
    from core.db.raters import list_raters
    from core.db.rating_answers import count_answers

    settings, database, found = _find(session)
    answered = count_answers(database, found.id)
    for rater in list_raters(database, found.id):
        trials = f"{answered.get(rater.id, 0)} of {len(rater.trials)} trials"
        state = "link taken back" if rater.revoked_at else "finished" if rater.finished_at else "open"
        typer.echo("\t".join((rater.name, trials, state, _link(settings, rater, base))))


@rating.command()
def invite(
    session: Session,
    name: Annotated[str, typer.Option("--name", help="What lists call the rater; a number will do.")] = "",
    base: Base = "http://localhost:8501",
) -> None:
    """Add a rater to a session; prints name and link."""
    from core.rating.session import invite_rater

    settings, database, found = _find(session)
    rater = invite_rater(database, found.id, name)
    typer.echo(f"{rater.name}\t{_link(settings, rater, base)}")


@rating.command()
def revoke(
    session: Session,
    rater: Annotated[str, typer.Argument(metavar="RATER", help="Name, as `rating links` has it.")],
) -> None:
    """Take a rater's link back; answers given stay."""
    from core.db.raters import list_raters, revoke_rater
    from core.errors import UnknownNameError

    _, database, found = _find(session)
    raters = list_raters(database, found.id)
    for one in raters:
        if one.name.casefold() == rater.casefold():
            revoke_rater(database, one.id)
            return
    known = ", ".join(repr(one.name) for one in raters)
    raise UnknownNameError(f"The session has no rater {rater!r}; there are: {known}.")


@rating.command()
def close(session: Session) -> None:
    """Take no more answers; what was answered is scored."""
    from core.db.rating_sessions import close_rating_session

    _, database, found = _find(session)
    typer.echo(f"{found.id}\t{_describe_state(close_rating_session(database, found.id))}")


@rating.command()
def reopen(session: Session) -> None:
    """Take answers again; raters go on where they were."""
    from core.db.rating_sessions import reopen_rating_session

    _, database, found = _find(session)
    typer.echo(f"{found.id}\t{_describe_state(reopen_rating_session(database, found.id))}")


rating.command("export")(export)
rating.command("import")(import_)
rating.command("score")(score)


def _prepare(settings: Settings, database: Database, session_id: str) -> None:
    from core.commands.terminal_progress import TerminalProgress
    from core.rating.stimuli import load_giveaways, prepare_session

    with TerminalProgress() as progress:
        prepare_session(database, settings, session_id, progress=progress)
    for sentence in load_giveaways(settings, session_id):
        typer.echo(f"Note: {sentence}", err=True)


def _link(settings: Settings, rater: RaterRecord, base: str) -> str:
    from core.rating.rater_link import make_rater_path

    return base.rstrip("/") + make_rater_path(settings, rater.id)


def _describe_state(session: RatingSessionRecord) -> str:
    state = "closed" if session.closed_at else "open" if session.prepared_at else "images not written"
    return f"{state}, simulated raters" if session.is_simulated else state
