"""One colour and one symbol for each image set, and the light and dark frame that every figure shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import plotly.graph_objects as go

__all__ = [
    "FONT_FAMILY",
    "HELDOUT",
    "OKABE_ITO",
    "REAL",
    "SYMBOL_PATHS",
    "SetStyle",
    "Theme",
    "assign_styles",
    "build_template",
    "escape_label",
    "marker_of",
]

Theme = Literal["light", "dark"]

REAL: Final = "real"
HELDOUT: Final = "heldout"
FONT_FAMILY: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# Okabe and Ito, Color Universal Design, 2008; its black is kept for real images, and its yellow comes last
# since it is faint on white.
OKABE_ITO: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")

# Plotly's symbol to the same outline as an SVG path in a box from -8 to 8, for legends outside of figures.
# Eight symbols and seven colours share no divisor: pairs repeat only after 56 sets.
SYMBOL_PATHS: Final[Mapping[str, str]] = {
    "circle": "M-6,0A6,6 0 1 1 6,0A6,6 0 1 1 -6,0Z",
    "square": "M-5.5,-5.5H5.5V5.5H-5.5Z",
    "diamond": "M0,-7.5L7.5,0L0,7.5L-7.5,0Z",
    "triangle-up": "M0,-7L7,5.5H-7Z",
    "triangle-down": "M0,7L7,-5.5H-7Z",
    "cross": "M-2.4,-7H2.4V-2.4H7V2.4H2.4V7H-2.4V2.4H-7V-2.4H-2.4Z",
    "x": "M-3.4,-6.7L0,-3.3L3.4,-6.7L6.7,-3.4L3.3,0L6.7,3.4L3.4,6.7L0,3.3L-3.4,6.7L-6.7,3.4L-3.3,0L-6.7,-3.4",
    "star": "M0,-8L2,-2.6H7.6L3.1,0.9L4.7,6.5L0,3.2L-4.7,6.5L-3.1,0.9L-7.6,-2.6H-2Z",
}

_INK: Final[Mapping[Theme, str]] = {"light": "#000000", "dark": "#ffffff"}
_TEXT: Final[Mapping[Theme, str]] = {"light": "#1c1c1c", "dark": "#ececec"}
_MUTED: Final[Mapping[Theme, str]] = {"light": "#565656", "dark": "#b4b4b4"}
_GRID: Final[Mapping[Theme, str]] = {"light": "#e2e2e2", "dark": "#363636"}
_PAPER: Final[Mapping[Theme, str]] = {"light": "#ffffff", "dark": "#1a1a1a"}


@dataclass(frozen=True, slots=True)
class SetStyle:
    """How one image set looks in every figure, table and legend.

    Attributes:
        light: colour on a light ground.
        dark: colour on a dark ground; differs from `light` only for real images.
        symbol: plotly marker symbol, a key of `SYMBOL_PATHS`.
        open: drawn as an outline; real images that the generators never saw.
    """

    light: str
    dark: str
    symbol: str
    open: bool = False

    def colour(self, theme: Theme) -> str:
        """Colour on the ground of a theme."""
        return self.light if theme == "light" else self.dark


def assign_styles(synthetic: Iterable[str]) -> dict[str, SetStyle]:
    """Give each set its colour and symbol for good.

    Args:
        synthetic: names of all synthetic sets of the study in the study's order. Call this once with all of
            them, also where a figure shows few, so that a set keeps its look.

    Returns:
        Name to style, with `real` a filled and `heldout` an open circle in black, or white on dark ground.
    """
    symbols = [symbol for symbol in SYMBOL_PATHS if symbol != "circle"] + ["circle"]
    styles = {
        REAL: SetStyle(_INK["light"], _INK["dark"], "circle"),
        HELDOUT: SetStyle(_INK["light"], _INK["dark"], "circle", open=True),
    }
    for index, name in enumerate(synthetic):
        colour = OKABE_ITO[index % len(OKABE_ITO)]
        styles[name] = SetStyle(colour, colour, symbols[index % len(symbols)])
    return styles


def marker_of(style: SetStyle, theme: Theme, *, size: int = 11) -> dict[str, Any]:
    """Plotly marker of a set, outlined so that light colours stand out on white and dark ones on black."""
    symbol = f"{style.symbol}-open" if style.open else style.symbol
    edge = style.colour(theme) if style.open else _MUTED[theme]
    return {
        "color": style.colour(theme),
        "symbol": symbol,
        "size": size,
        "line": {"width": 2 if style.open else 1, "color": edge},
    }


def escape_label(text: str) -> str:
    """Keep plotly, which reads a small part of HTML in its labels, from reading any in a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def build_template(theme: Theme) -> go.layout.Template:
    """Fonts, grid and margins of a theme; figures stand on a transparent ground, the page gives its own."""
    axis = {
        "gridcolor": _GRID[theme],
        "linecolor": _MUTED[theme],
        "zerolinecolor": _GRID[theme],
        "tickcolor": _MUTED[theme],
        "tickfont": {"size": 13, "color": _TEXT[theme]},
        "title": {"font": {"size": 13, "color": _MUTED[theme]}, "standoff": 8},
        "zeroline": False,
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT_FAMILY, "size": 13, "color": _TEXT[theme]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 16, "t": 36, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {
                "bgcolor": _PAPER[theme],
                "bordercolor": _MUTED[theme],
                "font": {"family": FONT_FAMILY, "size": 13, "color": _TEXT[theme]},
                "align": "left",
            },
            "annotationdefaults": {"font": {"size": 13, "color": _TEXT[theme]}, "showarrow": False},
            "shapedefaults": {"line": {"color": _MUTED[theme]}},
        }
    )
