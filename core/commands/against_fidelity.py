"""`python -m core utility against-fidelity`: whether what looks better also helps a classifier more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.rated_audit import RatingsOf, add_ratings
from core.errors import InputError
from core.utility.score_facts import SCORES

if TYPE_CHECKING:
    from core.fidelity_utility.association import Association

__all__ = ["against_fidelity"]


def against_fidelity(
    audit: Annotated[
        Path, typer.Option("--audit", metavar="DIR", help="Folder that `core audit --output` wrote.")
    ],
    utility: Annotated[
        list[Path],
        typer.Option("--utility", metavar="DIR", help="Folder of a utility experiment; repeat for more."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the tables.")],
    score: Annotated[
        list[str] | None,
        typer.Option("--score", metavar="|".join(SCORES), help="Accuracy alone when not given; repeat."),
    ] = None,
    class_name: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="NAME",
            help="Metrics of one class or group, as sex=F; of all images when not given.",
        ),
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option("--figure", metavar="METRIC[/EXTRACTOR]", help="Also draw a metric into figures.html."),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="With published results behind the figure's points.")
    ] = False,
    ratings_of: RatingsOf = None,
) -> None:
    """Correlate every metric of an audit with every utility of experiments on the same synthetic sets.

    Sets are joined by their names. Writes associations.csv, points.csv and published.csv, the last with the
    results of Xing et al. 2023.
    """
    from core.audit.archive import load_summary
    from core.commands.against_fidelity_outcome import print_associations
    from core.fidelity_utility.association import associate_all
    from core.fidelity_utility.figure_page import write_figures
    from core.fidelity_utility.writer import write_associations
    from core.utility.archive import load_utility

    scores = tuple(score or ("accuracy",))
    if unknown := [one for one in scores if one not in SCORES]:
        raise InputError(f"There is no score {unknown[0]!r}; there are {', '.join(SCORES)}.")
    summary = add_ratings(load_summary(audit), audit, ratings_of)
    classes = sorted({row.class_name for row in summary.results if row.class_name is not None})
    if class_name is not None and class_name not in classes:
        known = f"there are {', '.join(classes)}" if classes else "it has numbers of all images alone"
        raise InputError(f"The audit has no numbers of a class or group {class_name!r}; {known}.")
    if len(set(utility)) < len(utility):
        raise InputError("--utility names a folder twice.")
    experiments = [(str(folder), load_utility(folder)) for folder in utility]
    associations = associate_all(summary, experiments, class_name=class_name, scores=scores)
    if not any(one.joined.points for one in associations):
        raise InputError(
            "The audit and the experiments have no synthetic set of one name in common; give sets the same "
            "names in both (--synthetic NAME=DIR)."
        )
    drawn = [one for one in associations if figure in _names_of(one)]
    if figure is not None and not drawn:
        metrics = dict.fromkeys(name for one in associations for name in _names_of(one))
        raise InputError(f"The audit has no metric {figure!r}; it has {', '.join(metrics)}.")
    write_associations(associations, output)
    if drawn:
        names = [one.name for one in summary.sets if one.role == "synthetic"]
        write_figures(drawn, names, output / "figures.html", published=published)
    warnings = (
        *summary.notices,
        *summary.warnings,
        *(one for _, found in experiments for one in found.warnings),
    )
    print_associations(associations, output, warnings=warnings)


def _names_of(association: Association) -> tuple[str, ...]:
    """What `--figure` may call the metric of an association."""
    fidelity = association.joined.fidelity
    extractors = () if fidelity.extractor is None else (f"{fidelity.metric}/{fidelity.extractor}",)
    return (fidelity.metric, *extractors)
