"""Figures, files and colours: what every picture needs of matplotlib."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from arrangement.errors import InputError, MissingExtraError
from arrangement.exact.numbers import shown
from arrangement.files.output import atomic_output
from arrangement.plot.windows import Floats, Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "ColourScale", "Target", "add_bar", "canvas", "colour_scale", "figure_of", "fill",
    "legend", "needs_log", "outline", "rule", "show_window",
]  # fmt: skip

Target: TypeAlias = "Axes | str | os.PathLike[str] | None"

FORMATS = (".png", ".pdf", ".svg")
UNDATED = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}  # the same picture twice
DPI = 200
PADDING = 0.12  # around and between what is in a figure, in inches
NEEDED = "pictures need matplotlib: pip install 'arrangement[plot]'"
DECADES = 6  # a logarithmic scale shows at most so many; an exact fit has loss 1e-30


@contextmanager
def canvas(target: Target, size: tuple[float, float]) -> Iterator[Axes]:
    """The axes to draw on; a path is written when the block ends well.

    Parameters
    ----------
    target : matplotlib Axes, path-like or None
        Axes are drawn on; a path receives the picture in the format of its suffix; None makes
        a new figure.
    size : (float, float)
        Width and height of a new figure, in inches.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If the target is none of these, its suffix none of .png, .pdf, .svg, or in a directory
        that does not exist.
    """
    try:
        from matplotlib.axes import Axes
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        from arrangement.plot.shown_figure import ShownFigure
    except ImportError as error:
        raise MissingExtraError(NEEDED) from error
    if isinstance(target, Axes):
        yield target
        return
    if target is not None and not isinstance(target, str | os.PathLike):
        raise InputError(f"target must be a path, matplotlib Axes or None, not {shown(target)}")
    path = None if target is None else Path(target)
    if path is not None and path.suffix.lower() not in FORMATS:
        raise InputError(f"{str(path)!r}: a picture's suffix must be {', '.join(FORMATS)}")
    if path is not None and not path.parent.is_dir():
        raise InputError(f"{str(path)!r}: there is no such directory; make it first")
    layout = ConstrainedLayoutEngine(compress=True, w_pad=PADDING, h_pad=PADDING)
    figure = ShownFigure(figsize=size, layout=layout)
    yield figure.add_subplot()
    if path is not None:
        kind = path.suffix[1:].lower()
        with atomic_output(path, "wb") as stream:
            try:
                figure.savefig(stream, format=kind, dpi=DPI, metadata=UNDATED.get(kind))
            except ValueError as error:  # of a title whose mathematics is damaged
                raise InputError(f"{path}: a text cannot be set ({error})") from None


@dataclass(frozen=True)
class ColourScale:
    """Numbers to colours: `mappable` is matplotlib's, `extend` says which ends are cut."""

    mappable: Any
    extend: str

    def colours(self, values: Floats) -> Floats:
        """One RGBA row a value; grey where the value is not finite."""
        return np.asarray(self.mappable.to_rgba(np.ma.masked_invalid(values)))

    def add_bar(self, axes: Axes, label: str) -> None:
        """A colour bar beside the axes."""
        add_bar(axes, self.mappable, label, extend=self.extend)


def add_bar(axes: Axes, mappable: Any, label: str, **style: Any) -> Any:
    """A colour bar beside the axes."""
    return figure_of(axes).colorbar(
        mappable, ax=axes, label=label, shrink=0.8, pad=0.02, **style
    )


def needs_log(values: Floats) -> bool:
    """Do the values ask for a logarithmic scale?

    They do when none is negative and the largest is more than 100 times the 5 % quantile.
    """
    if len(values) == 0 or not np.isfinite(values).all() or values.min() < 0:
        return False
    return bool(values.max() > 100 * np.quantile(values, 0.05) and values.max() > 0)


def colour_scale(values: Floats) -> ColourScale:
    """A perceptually uniform scale for the values, logarithmic when they ask for it.

    A logarithmic scale ends six decades below the largest value; what is less takes the last
    colour.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize

    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    extend = "neither"
    norm: Any
    if needs_log(finite):
        floor = high * 10.0**-DECADES
        extend = "min" if low < floor else "neither"
        norm = LogNorm(max(low, floor), high)
    else:
        if low == high:
            low, high = low - 0.5 * abs(low or 1), high + 0.5 * abs(high or 1)
        norm = Normalize(low, high)
    scale = colormaps["viridis"].with_extremes(bad="0.85")
    return ColourScale(ScalarMappable(norm, scale), extend)


def figure_of(axes: Any) -> Figure:
    """The figure that the axes are in."""
    figure: Figure = axes.figure
    return figure


def show_window(axes: Axes, window: Window) -> None:
    """Show a window of the plane in the axes."""
    axes.set_xlim(window.low[0], window.high[0])
    axes.set_ylim(window.low[1], window.high[1])
    axes.set_aspect("equal" if window.equal else "auto")


def fill(axes: Axes, polygons: Sequence[Any], colours: Floats, **style: Any) -> None:
    """Draw polygons in their colours."""
    from matplotlib.collections import PolyCollection

    # Edges in the colour of the face close the hairlines that antialiasing leaves.
    style = {"edgecolors": "face", "linewidths": 0.3, **style}
    axes.add_collection(PolyCollection(polygons, facecolors=colours, **style))


def outline(axes: Axes, polygons: Sequence[Any], colour: str, **style: Any) -> None:
    """Draw the edges of polygons, or hatch them."""
    from matplotlib.collections import PolyCollection

    axes.add_collection(PolyCollection(polygons, facecolors="none", edgecolors=colour, **style))


def rule(axes: Axes, lines: Sequence[Floats], colour: str, **style: Any) -> None:
    """Draw lines or polygonal chains, each by its points."""
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(lines, colors=colour, **style))


def legend(axes: Axes, handles: list[Any], columns: int, own: bool) -> None:
    """A legend below the axes, where it covers nothing.

    In a figure of its own the layout makes room for it; axes that were given get it inside
    their figure, below ticks and label, where the caller has to leave the room.
    """
    from matplotlib.transforms import ScaledTranslation

    style: dict[str, Any] = {"handles": handles, "ncols": columns}
    style |= {"frameon": False, "fontsize": "small"}
    if own:
        figure_of(axes).legend(loc="outside lower center", **style)
        return
    down = -38 / 72 if axes.axison else 0.0  # of ticks and label, in inches
    offset = ScaledTranslation(0, down, figure_of(axes).dpi_scale_trans)
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=axes.transAxes + offset,
        **style,
    )
