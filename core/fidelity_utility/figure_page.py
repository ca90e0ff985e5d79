"""The figures of one metric against every way of training, as one HTML file that needs no network."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from core.errors import InputError
from core.fidelity_utility.association import Association
from core.fidelity_utility.backdrop import find_backdrop
from core.fidelity_utility.figure import build_association_figure
from core.fidelity_utility.sentences import say_association
from core.plots.style import FONT_FAMILY

__all__ = ["write_figures"]

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Fidelity against utility</title>
<style>body {{ font: 15px/1.5 {font}; max-width: 960px; margin: 24px auto; padding: 0 16px; }}
h2 {{ font-size: 17px; }} p {{ color: #565656; }}</style></head>
<body><h1>Fidelity against utility</h1><p>For research use only. Not a medical device.</p>
"""


def write_figures(
    associations: Sequence[Association], all_names: Sequence[str], path: Path, *, published: bool = False
) -> None:
    """Draw each association with points into one file, in one step.

    Args:
        associations: of one metric, or of few.
        all_names: every synthetic set of the audit, so that each keeps its look.
        path: the file; replaced if it is there.
        published: whether published results stand behind, where there are any.

    Raises:
        InputError: if the file cannot be written.
    """
    parts = [_HEAD.format(font=FONT_FAMILY)]
    for one in associations:
        backdrop = find_backdrop(one.joined.fidelity, one.joined.utility) if published else None
        figure = build_association_figure(one, all_names, backdrop=backdrop)
        if figure is None:
            continue
        # The library stands in the file once.
        drawn = go.Figure(figure.light).to_html(full_html=False, include_plotlyjs=len(parts) == 1)
        notes = " ".join((figure.caption, *one.joined.warnings, *one.joined.notes))
        parts += [f"<h2>{html.escape(say_association(one))}</h2>", drawn, f"<p>{html.escape(notes)}</p>"]
    try:
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text("\n".join((*parts, "</body></html>\n")), "utf-8", "backslashreplace")
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The output folder {path.parent} cannot be written ({reason}); choose another --output."
        ) from error
