"""The command line: one program, one sub-command a file in core/commands."""

from __future__ import annotations

import io
import sys
from typing import cast

import typer
from pydantic import ValidationError

from core import __version__
from core.commands import (
    audit,
    audit_bias,
    bias,
    crop_experiment,
    dataset,
    demo,
    efficiency,
    extract,
    extractors,
    generate,
    job,
    map,
    rating,
    report,
    review,
    study,
    train,
    utility,
)
from core.errors import CancelledError, DatabaseError, MedSynError, StoreError
from core.validation import explain_first

__all__ = ["app", "main"]

# Typer carries its own click or uses the installed one, by version; this is the root of either's errors.
_UsageError: type[Exception] = cast(type[Exception], typer.BadParameter.__mro__[2])

_STOPPED = 130

app = typer.Typer(
    name="core",
    help="Audit synthetic medical images against the real images behind them.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"MedSynAudit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show version."
    ),
) -> None:
    """Audit synthetic medical images against the real images behind them."""


app.command("audit")(audit.audit)
app.command("extract")(extract.extract)
app.command("demo")(demo.demo)
app.command("efficiency")(efficiency.efficiency)
app.command("extractors")(extractors.extractors)
app.command("generate")(generate.generate)
app.command("map")(map.make_map_command)
app.command("report")(report.report)
app.command("train")(train.train)
bias.bias.command("crop-experiment")(crop_experiment.crop_experiment)
bias.bias.command("audit")(audit_bias.analyse_audit_command)
app.add_typer(bias.bias, name="bias")
app.add_typer(dataset.dataset, name="dataset")
app.add_typer(job.job, name="job")
app.add_typer(rating.rating, name="rating")
app.add_typer(review.review, name="review")
app.add_typer(study.study, name="study")
app.add_typer(utility.utility, name="utility")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 workspace trouble, 2 bad input, 3 leaks found, 130 stopped."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        for stream in (sys.stdout, sys.stderr):
            # A console that cannot show an arrow shows a question mark instead of a traceback.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        status = app(args=arguments or ["--help"], prog_name="python -m core", standalone_mode=False)
        return _explain(status if isinstance(status, int) else 0)
    except typer.Exit as exit_:
        return _explain(exit_.exit_code)
    except _UsageError as error:
        return _complain(getattr(error, "format_message", error.__str__)())
    except ValidationError as error:
        return _complain(explain_first(error))
    except (KeyboardInterrupt, typer.Abort, CancelledError):
        return _explain(_STOPPED)
    except (StoreError, DatabaseError) as error:
        return _complain(str(error), status=1)
    except MedSynError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.strerror or type(error).__name__}: {error.filename or 'a file'}.")


def _explain(status: int) -> int:
    """Typer turns Ctrl-C into a bare status; say what it means for the work."""
    if status == _STOPPED:
        typer.echo("Stopped. What was finished is kept; the same command goes on from there.", err=True)
    return status


def _complain(message: str, status: int = 2) -> int:
    typer.echo(f"Error: {' '.join(message.split())}", err=True)
    return status
