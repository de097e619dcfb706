"""The loss on a plane through the parameters of a network, with the boundaries of its cells.

A point of the plane is p = origin + a·e + b·f for parameters p = (w_1, …, w_K, z_1, …, z_K),
and an output bias where there is one. Where neuron j switches on sample i, w_j·x_i = 0, is a
line of the plane; between these lines the loss is one polynomial.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.plot import windows
from arrangement.plot.canvas import Target, canvas, figure_of, legend, rule, show_window
from arrangement.plot.contours import paint_losses, plane_size
from arrangement.plot.marks import KINDS, add_letter, counted, entitle, mark_handle, mark_style
from arrangement.plot.planes import Marked, ParameterPlane, minima_in_plane, plane_of
from arrangement.plot.windows import Floats, Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from arrangement.relu import Landscape, OneHiddenLayer, Piece
    from arrangement.relu.problem import Problem

__all__ = ["NEURONS", "losses_on", "slice", "switches"]

Limits: TypeAlias = "tuple[tuple[float, float], tuple[float, float]]"

GRID = 420
"""Losses are computed on a grid of so many points squared."""

NEURONS = ("black", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
"""The lines of the first neurons; further ones take the last colour."""


def slice(
    landscape: Landscape | OneHiddenLayer,
    target: Target = None,
    *,
    origin: ArrayLike | None = None,
    directions: ArrayLike | None = None,
    through: Sequence[Piece | ArrayLike] | None = None,
    window: Limits | None = None,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the loss on a plane of the parameter space, and the boundaries of the cells in it.

    The loss is drawn as filled contours, on a logarithmic scale when it asks for one, and each
    line is where one neuron switches on or off on one sample. Minima that lie in the plane are
    marked. By default the plane goes through the three lowest minima of a landscape, one of
    each connected component as far as there are so many. A piece stands for the point of it
    with ‖w_j‖ = |z_j|, its neurons in the order that is nearest to the first of the three.

    Parameters
    ----------
    landscape : Landscape or OneHiddenLayer
        The problem; with its landscape the minima are known.
    target, source
        As in :func:`arrangement.plot.arrangement`.
    origin : array_like, shape (P,), optional
        A point of the plane: the weights w_1, …, w_K (each with its bias last), then the output
        weights z_1, …, z_K, then the output bias in a layer that has one.
    directions : array_like, shape (2, P), optional
        Two directions in the plane; with `origin`. The coordinates of the picture are
        multiples of them.
    through : sequence of three Piece or array_like of shape (P,), optional
        Instead of these: three points of the plane. The coordinates are then lengths in the
        parameter space, from the first point on and towards the second.
    window : ((low, high), (low, high)), optional
        The range of both coordinates.
    title : str, optional
        Instead of what is drawn.

    Raises
    ------
    InputError
        If the plane is not given by one of these, its points or directions have the wrong shape
        or lie on a line, or there is no minimum to put it through.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.relu import OneHiddenLayer
    >>> found = OneHiddenLayer([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], hidden=2).landscape()
    >>> figure = plot.slice(found)
    >>> figure.axes[0].get_title()
    'Plane through the three lowest minima: 3 samples, 2 neurons'
    """
    problem, minima = _parts(landscape)
    if problem.n_outputs > 1:
        raise InputError(f"y has {problem.n_outputs} columns: one output is drawn")
    plane = plane_of(problem, minima, origin, directions, through)
    marked = minima_in_plane(problem, minima, plane)
    if window is None:
        frame = windows.window_around(plane.anchors, margin=0.45)
    else:
        frame = windows.given_window(window, 2, "two pairs")
    with canvas(target, plane_size(frame)) as axes:
        _paint(axes, problem, plane, frame)
        handles = _rule(axes, problem, plane, frame)
        handles += _mark(axes, plane, marked, frame)
        legend(axes, handles, 2, own=axes is not target)
        show_window(axes, frame)
        axes.set_xlabel(plane.names[0])
        axes.set_ylabel(plane.names[1])
        if title is None:
            what = (
                f"{counted(problem.n_samples, 'sample')}, {counted(problem.hidden, 'neuron')}"
            )
            title = f"{plane.what}: {what}"
        entitle(axes, title, source=source)
    return figure_of(axes)


def losses_on(problem: Problem, points: Floats) -> Floats:
    """The loss at parameters, shape (m, P)."""
    K, d = problem.hidden, problem.dimension
    X = problem.arrangement.normals.astype(np.float64)
    inner = points[:, : K * d].reshape(-1, K, d) @ X.T
    active = np.where(inner > 0, inner, problem.negative_slope * inner)
    outputs = np.einsum("mkn,mk->mn", active, points[:, K * d : K * d + K])
    if problem.output_bias:
        outputs += points[:, -1:]
    losses: Floats = problem.loss.values(outputs, problem.targets).mean(axis=1)
    return losses


def _paint(axes: Axes, problem: Problem, plane: ParameterPlane, frame: Window) -> None:
    """The loss as filled contours, with a colour bar."""
    a = np.linspace(frame.low[0], frame.high[0], GRID)
    b = np.linspace(frame.low[1], frame.high[1], GRID)
    table = np.empty((GRID, GRID))
    for row, height in enumerate(b):
        table[row] = losses_on(
            problem, plane.origin + a[:, None] * plane.axes[0] + height * plane.axes[1]
        )
    paint_losses(axes, a, b, table)


def _rule(axes: Axes, problem: Problem, plane: ParameterPlane, frame: Window) -> list[Any]:
    """Draw where neurons switch; the handles of a legend that says which is which."""
    from matplotlib.lines import Line2D

    K = problem.hidden
    many = K * len(np.unique(problem.arrangement.coincidence[0]))
    width, alpha = (1.1, 0.9) if many <= 40 else (0.7, 0.8) if many <= 120 else (0.4, 0.6)
    handles: list[Any] = []
    for j, rows in enumerate(switches(problem, plane)):
        lines = windows.line_segments(rows, frame)
        colour = NEURONS[min(j, len(NEURONS) - 1)]
        rule(axes, list(lines), colour, linewidths=width, alpha=alpha, zorder=2)
        text = "the neuron switches on a sample" if K == 1 else f"neuron {j + 1} switches"
        text += "" if len(lines) else " (not in view)"
        handles.append(Line2D([], [], color=colour, linewidth=1.2, label=text))
    return handles


def switches(problem: Problem, plane: ParameterPlane) -> Iterator[Floats]:
    """For each neuron the lines [a | b] on which it switches on a sample, of unit normals."""
    d = problem.dimension
    first, _ = problem.arrangement.coincidence
    X = problem.arrangement.normals.astype(np.float64)[np.unique(first)]
    for j in range(problem.hidden):
        own = np.arange(j * d, (j + 1) * d)
        rows = np.column_stack([X @ plane.axes[:, own].T, X @ plane.origin[own]])
        slopes = np.linalg.norm(rows[:, :2], axis=1)
        crossing = slopes > 1e-12 * np.linalg.norm(X, axis=1) * np.linalg.norm(plane.axes)
        yield rows[crossing] / slopes[crossing, None]


def _mark(axes: Axes, plane: ParameterPlane, marked: Marked, frame: Window) -> list[Any]:
    """Draw the minima of the plane, with letters on the points that it was put through."""
    from matplotlib.lines import Line2D

    handles: list[Any] = []
    kinds = np.array(marked.kinds, dtype=object)
    seen = frame.contains(marked.places)
    anchors: Floats = plane.anchors if len(plane.anchors) > 1 else np.zeros((0, 2))
    near = 1e-6 * np.abs(anchors).max(initial=0.0)
    own = np.zeros(len(kinds), dtype=bool)
    for letter, place in zip("ABC", anchors, strict=False):
        here = np.linalg.norm(marked.places - place, axis=1) <= near
        own |= here
        style: dict[str, Any] = {"color": "black"}
        shape, text = ".", f"{letter}: given"
        if here.any():
            k = int(np.flatnonzero(here)[0])
            kind, loss = marked.kinds[k], marked.losses[k]
            shape, style = KINDS[kind][0], mark_style(kind, False)
            text = f"{letter}: {KINDS[kind][2]}, loss {loss:.4g}"
        style |= {"marker": shape, "linestyle": "none"}
        x, y = float(place[0]), float(place[1])
        axes.plot(x, y, markersize=9, zorder=11, **style)
        add_letter(axes, letter, x, y)
        handles.append(Line2D([], [], label=text, **style))
    for layer, (kind, (shape, _, name)) in enumerate(KINDS.items()):
        here = seen & (kinds == kind) & ~own
        if here.any():
            style = {"marker": shape, "linestyle": "none", **mark_style(kind, False)}
            axes.plot(*marked.places[here].T, markersize=7, zorder=5 + layer, **style)
            handles.append(mark_handle(kind, name))
    return handles


def _parts(landscape: Any) -> tuple[Problem, Landscape | None]:
    # Pictures of arrangements do not wait for landscapes: half a second.
    from arrangement.relu import Landscape, OneHiddenLayer

    if isinstance(landscape, Landscape):
        return landscape.problem, landscape
    if isinstance(landscape, OneHiddenLayer):
        return landscape, None
    raise InputError(f"a Landscape or a OneHiddenLayer is drawn, not {shown(landscape)}")
