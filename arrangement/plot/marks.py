"""What the pictures have in common: how minima are marked, and titles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.plot.windows import Floats
from arrangement.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from arrangement.relu.landscape import Landscape

__all__ = [
    "KINDS", "add_letter", "add_names", "counted", "entitle", "landscape_title", "literal",
    "mark_handle", "mark_style",
]  # fmt: skip

# Okabe and Ito's colours, which the colour-blind can tell apart, each with a shape of its own.
# Later kinds lie on top; the mark of a face is small, so that what is below still shows.
KINDS = {
    "continuum": ("s", "#56b4e9", "continuum of minima"),
    "boundary": ("^", "#d55e00", "non-differentiable minimum"),
    "isolated": ("o", "#e69f00", "isolated minimum"),
    "dead": ("X", "#bbbbbb", "dead neuron"),
    "zero": ("P", "#cc79a7", "zero function"),
}


def mark_style(kind: str, negative: bool) -> dict[str, Any]:
    """How a mark is filled: white where the output weight is negative."""
    colour = KINDS[kind][1]
    face, edge, width = ("white", colour, 1.5) if negative else (colour, "black", 0.8)
    return {"markerfacecolor": face, "markeredgecolor": edge, "markeredgewidth": width}


def mark_handle(kind: str, label: str, **style: Any) -> Line2D:
    """The entry of a legend for the mark of a kind."""
    from matplotlib.lines import Line2D

    style = {"marker": KINDS[kind][0], **mark_style(kind, False), **style}
    return Line2D([], [], linestyle="none", label=label, **style)


def add_letter(axes: Axes, letter: str, x: float, y: float) -> None:
    """A letter beside a point."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=3, foreground="white")]
    away: dict[str, Any] = {"xytext": (8, 6), "textcoords": "offset points"}
    axes.annotate(letter, (x, y), weight="bold", zorder=12, path_effects=halo, **away)


def add_names(
    axes: Axes,
    names: Sequence[str],
    places: Sequence[Floats],
    papers: Sequence[Any] | None = None,
) -> None:
    """Write names, each at one of its places: the freest, or the first if there is no other.

    Nothing is written for the name "", nor where there is no place, shape (0, 2).

    Parameters
    ----------
    axes : Axes
        With their limits set, in which the places are.
    names : sequence of n str
    places : sequence of n ndarrays, shape (k, 2)
    papers : sequence of n colours, optional
        What the names are written on; white if left out.
    """
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    letter, line = 0.013 * (x1 - x0), 0.04 * (y1 - y0)
    taken: list[tuple[Floats, float]] = []  # the middle of a name, and half its width
    every = zip(names, places, papers or ["white"] * len(names), strict=True)
    for name, choice, colour in sorted(every, key=lambda one: len(one[1])):
        if not name or not len(choice):
            continue
        text = literal(name)
        half = letter * (len(text) + 1) / 2
        middles = choice.copy()
        middles[:, 0] = np.clip(choice[:, 0], min(x0 + half, x1), max(x1 - half, x0))
        room = np.full(len(choice), 2.0)
        for middle, other in taken:
            across, along = np.abs(middles - middle).T
            room = np.minimum(room, np.maximum(across / (half + other), along / line))
        k = int(np.argmax(np.round(room, 9)))
        taken.append((middles[k], half))
        shift = middles[k, 0] - choice[k, 0]
        lean = "left" if shift > 0 else "right" if shift < 0 else "center"
        paper = {"facecolor": colour, "alpha": 0.8, "edgecolor": "none", "pad": 0.8}
        style: dict[str, Any] = {"ha": lean, "va": "center", "bbox": paper}
        axes.text(choice[k, 0], choice[k, 1], text, fontsize="small", zorder=4, **style)


def entitle(axes: Axes, title: str, remark: str = "", source: str | None = None) -> None:
    """A title, above it what it is of, and below it what the picture does not show."""
    name = "" if source is None else f"{literal(source, 70)}\n"
    axes.set_title(f"{name}{title}\n{remark}" if remark else f"{name}{title}")
    if name or remark:
        axes.title.set_fontsize("medium")


def landscape_title(landscape: Landscape) -> str:
    """What there is of a landscape."""
    cells = landscape.cells
    return (
        f"{counted(cells.arrangement.n_hyperplanes, 'sample')}, {counted(len(cells), 'cell')}, "
        f"{counted(len(landscape.pieces), 'local minimum', 'local minima')}"
    )


def literal(name: str, longest: int = 40) -> str:
    """A name as matplotlib draws it: as it stands, however odd or long it is.

    Examples
    --------
    >>> print(literal("$x^ \\x00"), len(literal("x" * 1000)))
    \\$x^ \\x00 40
    """
    if len(name) > longest:
        half = longest // 2
        name = f"{name[: half - 1]} … {name[2 - half :]}"
    return printable(name).replace("$", r"\$")


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """The number and its noun, in the plural where it has to be."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
