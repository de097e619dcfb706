"""The loss of a network on a line or a plane of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.checks import check_flag, check_instance
from arrangement.errors import InputError
from arrangement.plot import windows
from arrangement.plot.canvas import (
    Target,
    canvas,
    figure_of,
    legend,
    needs_log,
    rule,
    show_window,
)  # fmt: skip
from arrangement.plot.contours import paint_losses, plane_size
from arrangement.plot.marks import add_letter, counted, entitle
from arrangement.plot.network_regions import INK, STROKES
from arrangement.plot.windows import Floats, Window
from arrangement.progress import Progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from arrangement.relu import LossSurface

__all__ = ["surface"]

ZERO, LONG, LOW = "#cc79a7", "#d55e00", "#e69f00"


def surface(
    surface: LossSurface,
    target: Target = None,
    *,
    kinks: bool | Floats = True,
    title: str | None = None,
    source: str | None = None,
    progress: Progress = None,
) -> Figure:
    """Draw the loss of a network on a line or a plane of its parameters.

    On a plane as filled contours, on a line as a graph; on a logarithmic scale when it asks for
    one. Where one layer moves, the kinks are drawn exactly; with an l1 penalty so are the lines
    on which a weight is 0, and with a max-norm what it forbids is hatched.

    Parameters
    ----------
    surface : LossSurface
        See :func:`arrangement.relu.losses.surface.loss_surface`.
    target, source
        As in :func:`arrangement.plot.arrangement`.
    kinks : bool or ndarray
        False leaves the kinks out; finding them takes time with many samples. Those that
        `LossSurface.kinks` has found need not be found again.
    title : str, optional
        Instead of the loss, its penalty, the samples and the network.
    progress : bool or callable, optional
        Of the search for kinks.

    Raises
    ------
    InputError
        If an argument is not what it must be.
    SizeError
        If a sample has too many regions for its kinks; ``kinks=False`` draws without.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.networks import Network
    >>> from arrangement.relu import NetworkLoss, loss_surface
    >>> loss = NetworkLoss(Network.random([2, 5, 1], rng=0), [[0.0, 1.0]], [1.0])
    >>> figure = plot.surface(loss_surface(loss, "random", layer=0, points=20))
    >>> figure.axes[0].get_title()
    'squared loss, 1 sample, Network(2 → 5 → 1, relu)'
    """
    check_instance(surface, "surface", "LossSurface")
    found: Floats | None = None
    if isinstance(kinks, np.ndarray):
        form = (2, 2) if len(surface.axes) == 2 else ()
        if kinks.dtype != np.float64 or kinks.shape[1:] != form or not kinks.ndim:
            raise InputError("kinks: True, False or what surface.kinks() gives")
        found = kinks
    else:
        check_flag(kinks, "kinks")
        if kinks and len(surface.moving_layers) == 1:
            found = surface.kinks(progress)
    ends = [(axis[0], axis[-1]) for axis in surface.axes]
    flat = len(ends) == 2
    frame = Window.between(*np.transpose(ends if flat else [*ends, (0.0, 1.0)]))
    with canvas(target, plane_size(frame) if flat else (7.6, 4.6)) as axes:
        handles = (_draw_plane if flat else _draw_line)(axes, surface, found)
        handles += _mark(axes, surface)
        legend(axes, handles, min(len(handles), 2), own=axes is not target)
        if flat:
            show_window(axes, frame)
        axes.set_xlabel(surface.names[0])
        axes.set_ylabel(surface.names[1] if flat else "loss")
        if title is None:
            loss = surface.loss
            samples = counted(len(loss.X), "sample")
            penalty = loss.penalty
            more = (
                "" if penalty.name is None else f" + {penalty.alpha:g} {penalty.name} penalty"
            )
            title = f"{loss.loss.name} loss{more}, {samples}, {loss.network!r}"
        entitle(axes, title, source=source)
    return figure_of(axes)


def _draw_plane(axes: Axes, surface: LossSurface, kinks: Floats | None) -> list[Any]:
    """The contours, and all that lies on them; the handles of a legend."""
    from matplotlib.colors import to_rgba
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    a, b = surface.axes
    paint_losses(axes, a, b, surface.losses, lines=True)
    handles: list[Any] = []
    if kinks is not None:
        rule(axes, list(kinks), INK, zorder=2, **_stroke(len(kinks)))
        text = "kinks of the loss" if len(kinks) else "no kinks in view"
        handles.append(Line2D([], [], color=INK, linewidth=1.0, label=text))
    rows = surface.zero_weights()
    if len(rows):
        frame = Window.between(*np.transpose([(a[0], a[-1]), (b[0], b[-1])]))
        lengths = np.linalg.norm(rows[:, :2], axis=1, keepdims=True)
        lines = windows.line_segments(rows / lengths, frame)
        rule(axes, list(lines), ZERO, linestyles="--", zorder=2, **_stroke(len(lines)))
        handles.append(
            Line2D([], [], color=ZERO, linewidth=1.0, linestyle="--", label="a weight is 0")
        )
    if surface.longest is not None and not surface.feasible.all():
        most = surface.loss.max_norm
        assert most is not None
        levels = [most, max(float(surface.longest.max()), most) * 2]
        hatched = axes.contourf(a, b, surface.longest, levels, colors="none", hatches=["//"])
        hatched.set_edgecolor(to_rgba(LONG, 0.4))
        hatched.set_linewidth(0.0)
        axes.contour(a, b, surface.longest, levels[:1], colors=LONG, linewidths=1.4, zorder=3)
        handles.append(
            Patch(facecolor="none", edgecolor=LONG, hatch="//", label=_forbidden(surface))
        )
    return handles


def _draw_line(axes: Axes, surface: LossSurface, kinks: Floats | None) -> list[Any]:
    """The graph of the loss, through its kinks; the handles of a legend."""
    t, losses = surface.axes[0], surface.losses
    handles: list[Any] = []
    if kinks is not None and len(kinks):
        at = surface.values(kinks[:, None])
        size = 3.5 if len(kinks) <= 60 else 2.0 if len(kinks) <= 400 else 1.0
        handles += axes.plot(
            kinks, at, "o", color=INK, markersize=size, zorder=3, label="kinks of the loss"
        )
        order = np.argsort(np.concatenate([t, kinks]), kind="stable")
        t = np.concatenate([t, kinks])[order]
        losses = np.concatenate([losses, at])[order]
    axes.plot(t, losses, color="#0072b2", linewidth=1.5, zorder=2)
    if needs_log(surface.losses) and surface.losses.min() > 0:
        axes.set_yscale("log")
    axes.set_xlim(t[0], t[-1])
    rows = surface.zero_weights()
    for x in -rows[:, 1] / rows[:, 0]:
        if t[0] <= x <= t[-1]:
            style: dict[str, Any] = {"linestyle": "--", "linewidth": 0.6, "zorder": 1}
            line = axes.axvline(float(x), color=ZERO, label="a weight is 0", **style)
            handles = [one for one in handles if one.get_label() != "a weight is 0"] + [line]
    if not surface.feasible.all():
        handles.append(
            axes.fill_between(
                surface.axes[0], 0, 1, where=~surface.feasible, facecolor="none", hatch="//",
                edgecolor=LONG, linewidth=0, transform=axes.get_xaxis_transform(),
                label=_forbidden(surface),
            )
        )  # fmt: skip
    return handles


def _stroke(n: int) -> dict[str, float]:
    """How n lines are drawn: the more there are, the thinner."""
    width, alpha = next(stroke for most, *stroke in STROKES if n <= most)
    return {"linewidths": width, "alpha": alpha}


def _forbidden(surface: LossSurface) -> str:
    return f"a neuron's weights are longer than {surface.loss.max_norm:g}"


def _mark(axes: Axes, surface: LossSurface) -> list[Any]:
    """The networks that it goes through, and the lowest node."""
    anchors = surface.anchors
    handles: list[Any] = []
    names = "ABC" if len(anchors) > 1 else [""]
    for letter, place, loss in zip(names, anchors, surface.values(anchors), strict=False):
        inside = [axis[0] <= x <= axis[-1] for x, axis in zip(place, surface.axes, strict=True)]
        if not all(inside):
            continue
        x, y = (float(v) for v in (place if len(place) == 2 else (place[0], loss)))
        label = f"{letter}: loss {loss:.4g}" if letter else f"the network, loss {loss:.4g}"
        handles += axes.plot(
            x, y, "o", color="white", markeredgecolor="black", markersize=7, zorder=11,
            linestyle="none", label=label, clip_on=False,
        )  # fmt: skip
        if letter:
            add_letter(axes, letter, x, y)
    place = surface.lowest
    loss = float(surface.values(place[None])[0])
    if surface.feasible.any() and loss < surface.values(anchors).min():
        x, y = (float(v) for v in (place if len(place) == 2 else (place[0], loss)))
        handles += axes.plot(
            x, y, "*", color=LOW, markeredgecolor="black", markersize=11, zorder=10,
            linestyle="none", label=f"lowest of the grid, loss {loss:.4g}",
        )  # fmt: skip
    return handles
