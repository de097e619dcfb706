"""The index of critical points against their loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arrangement.checks import check_instance
from arrangement.errors import InputError
from arrangement.plot.canvas import DECADES, Target, canvas, figure_of, legend, needs_log
from arrangement.plot.marks import KINDS, counted, entitle
from arrangement.plot.spectra import SADDLE, spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from arrangement.relu import CriticalPoints

__all__ = ["index"]


def index(
    points: CriticalPoints,
    target: Target = None,
    *,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the share of negative eigenvalues of the Hessian of critical points against loss.

    All of them, where in large networks the experiment draws samples (Dauphin et al.,
    Identifying and attacking the saddle point problem, NeurIPS 2014). Shares are fractions
    with few different values; around each of them the marks are spread sideways a little, so
    that they can be told apart.

    Parameters
    ----------
    points : CriticalPoints
        As of :meth:`Landscape.critical_points`.
    target, source
        As in :func:`arrangement.plot.arrangement`.
    title : str, optional
        Instead of the number of critical points and of minima.

    Raises
    ------
    InputError
        If there is no critical point.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.relu import OneHiddenLayer
    >>> found = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 1.0, -1.0], hidden=2).landscape()
    >>> figure = plot.index(found.critical_points())
    >>> figure.axes[0].get_title()
    '57 critical points, 52 minima'
    """
    check_instance(points, "points", "CriticalPoints")
    if not len(points):
        raise InputError("there is no critical point that could be drawn")
    with canvas(target, (7.0, 5.0)) as axes:
        loss, low = points.loss, -np.inf
        if needs_log(loss):
            axes.set_yscale("log")
            low = float(loss.max()) * 10.0**-DECADES
        gap = 1.0 / float(points.inertia.sum(axis=1).max())
        for kind, (shape, colour, name) in {**KINDS, "saddle": SADDLE}.items():
            rows = np.flatnonzero(points.kind == kind)
            if len(rows):
                axes.plot(
                    points.share[rows] + 0.2 * gap * (spread(len(rows)) - 0.5),
                    np.maximum(loss[rows], low),
                    shape,
                    color=colour,
                    markeredgecolor="black",
                    markeredgewidth=0.5,
                    markersize=4,
                    alpha=0.7,
                    label=f"{name} ({len(rows):,})",
                )
        clipped = " (smaller ones are drawn at the lower end)" if loss.min() < low else ""
        axes.set_xlabel(
            "share of negative eigenvalues of the Hessian (equal ones side by side)"
        )
        shares = np.unique(points.share)
        if np.diff(shares).min(initial=1.0) >= 0.08 * np.ptp(shares):  # labels have room
            axes.set_xticks(shares, [f"{share:.3g}" for share in shares])
        axes.set_ylabel(f"loss{clipped}")
        minima = int((points.kind != "saddle").sum())
        text = (
            f"{counted(len(points), 'critical point')}, {counted(minima, 'minimum', 'minima')}"
        )
        entitle(axes, text if title is None else title, source=source)
        handles = axes.get_legend_handles_labels()[0]
        legend(axes, handles, 2, own=axes is not target)
    return figure_of(axes)
