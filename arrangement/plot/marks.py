"""What the pictures of landscapes have in common: how minima are marked, and titles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KINDS", "counted", "entitle", "mark_style"]

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


def entitle(axes: Axes, title: str, remark: str = "") -> None:
    """A title, and below it what the picture does not show."""
    axes.set_title(title)
    if remark:
        axes.set_title(f"{title}\n{remark}", fontsize="medium")


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """The number and its noun, in the plural where it has to be."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
