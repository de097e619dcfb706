"""The pictures: an arrangement's cells, and a loss landscape with its minima."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from arrangement.checks import check_instance, choice
from arrangement.errors import InputError
from arrangement.plot.boxes import Box
from arrangement.plot.canvas import Target, canvas, colour_scale, figure_of, legend
from arrangement.plot.charts import (
    OUTLINE,
    PALE,
    Chart,
    Discs,
    Limits,
    Plane,
    TangentPlanes,
    pale_colours,
)  # fmt: skip
from arrangement.plot.marks import (
    KINDS,
    counted,
    entitle,
    landscape_title,
    mark_handle,
    mark_style,
)
from arrangement.plot.spectra import spectrum
from arrangement.plot.windows import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from arrangement.hyperplanes.hyperplanes import Hyperplanes
    from arrangement.relu import Landscape, Piece
    from arrangement.results.cells import Cells

__all__ = ["arrangement", "landscape"]

BOUND = "lower bound of the cell's loss\n(least squares of its pattern)"


def arrangement(
    cells: Cells,
    target: Target = None,
    values: ArrayLike | None = None,
    *,
    label: str = "",
    projection: str = "stereographic",
    window: Limits | None = None,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the cells of an arrangement, its hyperplanes on top, with their labels.

    In dimension 1 and 2 in a window that shows every vertex, or most of them when a few lie
    far away, which the title then says. A central arrangement in dimension 3 is drawn on the
    sphere, its planes as great circles: on two discs, one a hemisphere. Any other in dimension
    3 is drawn in a box, seen from where no plane is an edge: its planes, translucent, or with
    values its cells, each a little smaller than it is.

    Parameters
    ----------
    cells : Cells
        Of dimension 1, 2 or 3.
    target : path-like, matplotlib Axes or None
        Where to draw: a file (.png, .pdf or .svg; it appears whole or not at all), axes, or a
        new figure.
    values : array_like, shape (m,), optional
        One number a cell, drawn as its colour, with a colour bar; grey where it is NaN.
        Without values neighbouring cells differ in shade, bounded and unbounded ones in hue.
    label : str
        What the values are.
    projection : {"stereographic", "gnomonic"}
        For the sphere: two discs that show all of it, or the planes x_3 = ±1, on which great
        circles are straight.
    window : sequence of (low, high), optional
        One pair a coordinate; not on the sphere.
    title : str, optional
        Instead of the number of cells and hyperplanes.
    source : str, optional
        Where it comes from, such as the name of a data set: the first line of the title.

    Returns
    -------
    matplotlib Figure
        The one that was drawn on.

    Raises
    ------
    InputError
        If the arrangement cannot be drawn, or `values` is not one number a cell.
    SizeError
        If the box would hold more than 20,000 pieces of planes, or faces of cells.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from arrangement import Arrangement, plot
    >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
    >>> figure = plot.arrangement(cells)
    >>> figure.axes[0].get_title()
    '7 cells of 3 lines'
    """
    check_instance(cells, "cells", "Cells")
    drawn = cells.arrangement
    chart: Chart | Box
    if drawn.dimension == 3 and not drawn.is_central:
        choice(projection, ("stereographic", "gnomonic"), "projection")
        chart = Box(cells, window)
    else:
        chart = _chart(cells, projection, window=window)
    shade = None if values is None else _one_per_cell(values, len(cells))
    with canvas(target, chart.size) as axes:
        if shade is None:
            if isinstance(chart, Box):
                chart.paint_planes(axes)
            else:
                chart.paint(axes, pale_colours(cells))
            if drawn.dimension < 3:
                legend(axes, _pale_key(cells), 2, own=axes is not target)
        else:
            scale = colour_scale(shade)
            chart.paint(axes, scale.colours(shade))
            scale.add_bar(axes, label)
        heading = title
        if heading is None:
            what = ("point", "line", "plane")[drawn.dimension - 1]
            heading = f"{counted(len(cells), 'cell')} of {counted(drawn.n_hyperplanes, what)}"
        entitle(axes, heading, chart.remark, source)
    return figure_of(axes)


def landscape(
    landscape: Landscape,
    target: Target = None,
    *,
    projection: str = "stereographic",
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the loss landscape of one neuron: the cells of its weight space, and the minima.

    The colour of a cell is a lower bound of the loss in it: the least squares of its activation
    pattern, which may be attained in no weights of the cell, so that cells can look lower than
    the global minimum. Cells that attain it are outlined. Every minimum is marked where its
    weights are, non-differentiable ones thus on their face: white when the output weight is
    negative, and the global minimum ringed. Weights in R^3 are drawn
    by their direction, on the sphere, where each sample is a great circle. In higher
    dimensions, and for several neurons, the losses of the minima are drawn instead, by kind.

    Parameters
    ----------
    landscape : Landscape
    target, source
        As in :func:`arrangement.plot.arrangement`.
    projection : {"stereographic", "gnomonic"}
        For weights in R^3, as in `plot.arrangement`.
    title : str, optional
        Instead of the number of samples, cells and minima.

    Raises
    ------
    InputError
        If the projection or the target is not one of the above.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.relu import OneHiddenLayer
    >>> found = OneHiddenLayer([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).landscape()
    >>> figure = plot.landscape(found)
    >>> figure.axes[0].get_xlabel()
    '$w_1$'
    """
    check_instance(landscape, "landscape", "Landscape")
    cells, pieces, best = landscape.cells, list(landscape.pieces), landscape.global_minimum
    d = cells.arrangement.dimension
    flat = d <= 3 and all(len(piece.weights) == 1 for piece in pieces)
    if title is None:
        title = landscape_title(landscape)
    if not flat:
        return spectrum(landscape, target, title=title, source=source)
    weights = np.array([piece.weights[0] for piece in pieces], dtype=np.float64).reshape(-1, d)
    if d < 3:
        _to_one_length(weights)
        # The best first, to be in view; the origin, where all cells meet, well inside.
        first = sorted(range(len(pieces)), key=lambda k: pieces[k] is not best)
        show = np.vstack([weights[first], -0.5 * weights])
    else:
        show = weights
    chart = _chart(cells, projection, letter="w", show=show)
    losses = np.asarray(landscape.min_loss, dtype=np.float64)
    with canvas(target, chart.size) as axes:
        scale = colour_scale(losses)
        chart.paint(axes, scale.colours(losses), np.asarray(landscape.attained, dtype=bool))
        scale.add_bar(axes, BOUND)
        handles = _mark(axes, chart, pieces, weights, best)
        legend(axes, handles, 3 if d == 3 else 2, own=axes is not target)
        entitle(axes, title, chart.remark, source)
    return figure_of(axes)


def _chart(
    cells: Cells,
    projection: str,
    letter: str = "x",
    show: Floats | None = None,
    window: Limits | None = None,
) -> Chart:
    drawn = cells.arrangement
    choice(projection, ("stereographic", "gnomonic"), "projection")
    if drawn.dimension in (1, 2):
        return Plane(cells, letter, show, window)
    if drawn.dimension != 3:
        raise InputError(_undrawable(drawn))
    if window is not None:
        raise InputError(
            "a window is of the line, the plane or a box: on the sphere leave it out"
        )
    if projection == "gnomonic":
        return TangentPlanes(cells, letter, show)
    return Discs(cells, letter)


def _undrawable(drawn: Hyperplanes) -> str:
    message = (
        f"an arrangement in dimension {drawn.dimension} has no picture: what can be drawn is "
        "dimension 1, 2 or 3, and the graph of the cells, tope_graph(cells)"
    )
    if 0 < drawn.rank <= 3:
        return f"{message}; this one has rank {drawn.rank}: draw its essentialization()"
    return f"{message}; or draw what it cuts on one of its hyperplanes, restriction(i)"


def _one_per_cell(values: ArrayLike, m: int) -> Floats:
    try:
        shade = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"values must be numbers, one a cell: {error}") from error
    if shade.shape != (m,):
        raise InputError(f"values must be one number a cell, shape ({m},), not {shade.shape}")
    return shade


def _pale_key(cells: Cells) -> list[Any]:
    from matplotlib.patches import Patch

    bounded = int(np.sum(cells.bounded))
    across = bounded and not cells.arrangement.is_essential
    name = "bounded across the lines" if across else "bounded"
    return [
        Patch(facecolor=PALE[row], label=f"{label}: {count:,}")
        for row, label, count in ((0, name, bounded), (3, f"un{name}", len(cells) - bounded))
        if count
    ]


def _to_one_length(weights: Floats) -> None:
    """Give all weights but zero their median length: the loss sees (w, z) as (αw, z/α)."""
    lengths = np.linalg.norm(weights, axis=1)
    proper = lengths > 0
    if proper.any():
        weights[proper] *= (np.median(lengths[proper]) / lengths[proper])[:, None]


def _mark(
    axes: Axes, chart: Chart, pieces: list[Piece], weights: Floats, best: Piece
) -> list[Any]:
    """Draw the minima; the handles of a legend that says what the marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    places, visible = chart.place(weights)
    negative = np.array([piece.output_signs[0] < 0 for piece in pieces], dtype=bool)
    kinds = np.array([piece.kind for piece in pieces], dtype=object)
    size = 7.0 if len(pieces) <= 60 else 4.8 if len(pieces) <= 200 else 4.0
    handles: list[Any] = []
    for layer, (kind, (shape, _, name)) in enumerate(KINDS.items()):
        of_kind = kinds == kind
        for sign in (False, True):
            x, y = places[of_kind & visible & (negative == sign)].T
            style: dict[str, Any] = {"markersize": size * (0.7 if kind == "boundary" else 1.0)}
            style |= {"zorder": 5 + layer, **mark_style(kind, sign)}
            if of_kind.sum() > 300:  # a cloud: small marks, below the rarer kinds
                style |= {"markersize": 2.4, "markeredgewidth": 0.25, "zorder": 4}
            axes.plot(x, y, shape, **style)
        if of_kind.any():
            unseen = int((of_kind & ~visible).sum())
            text = f"{name}: {of_kind.sum():,}"
            if unseen:
                text += f" ({unseen:,} not in view)"
            handles.append(mark_handle(kind, text))
    first = np.array([piece is best for piece in pieces], dtype=bool)
    x, y = places[first & visible].T
    style = mark_style(best.kind, bool(negative[first].any()))
    axes.plot(x, y, KINDS[best.kind][0], markersize=size, zorder=10, **style)
    ring: dict[str, Any] = {"marker": "o", "linestyle": "none", "markerfacecolor": "none"}
    for layer, (colour, width) in enumerate((("white", 3.2), ("black", 1.4))):
        ring |= {"color": colour, "markeredgewidth": width}
        axes.plot(x, y, markersize=2.2 * size, zorder=11 + layer, **ring)
    handles.append(
        Line2D([], [], markersize=10, label=f"global minimum, loss {best.loss:.4g}", **ring)
    )
    handles.append(Patch(facecolor="none", edgecolor=OUTLINE, label="bound attained in cell"))
    if negative.any():
        white = mark_style("boundary", True) | {"markeredgecolor": "0.4"}
        handles.append(mark_handle("boundary", "negative output weight", **white))
    return handles
