"""The picture of a sweep: the share of cells with a minimum against the number of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.checks import check_instance
from arrangement.plot.canvas import Target, canvas, figure_of
from arrangement.plot.marks import entitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from arrangement.relu.minima_probability import MinimaProbability

__all__ = ["minima_probability"]

# Okabe and Ito's colours without their yellow, which is too light for a line.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
SHAPES = "osD^vPX"
STYLES = ("-", "--", "-.", ":")


def minima_probability(
    table: MinimaProbability,
    target: Target = None,
    title: str | None = None,
    *,
    source: str | None = None,
) -> Figure:
    """Draw the share of cells that hold a non-dead differentiable minimum against N.

    Both axes are logarithmic. There is a line for each pair of features and neurons: colours
    and marks are for the features, strokes for the neurons. The bars are one standard error
    to either side. A share of zero, for which there is no place, is an open triangle at one
    over the number of tuples that were looked at.

    Parameters
    ----------
    table : MinimaProbability
    target : matplotlib Axes, path-like or None
        Where to draw: see :func:`landscape`.
    title : str, optional
    source : str, optional
        Where it comes from, such as the name of a data set: the first line of the title.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        If the target is none of these.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.relu.minima_probability import minima_probability
    >>> table = minima_probability(samples=[5, 10], features=2, seeds=4)
    >>> figure = plot.minima_probability(table)
    >>> [line.get_text() for line in figure.axes[0].get_legend().get_texts()]
    ['d = 3, K = 1']
    """
    check_instance(table, "table", "MinimaProbability")
    dimensions = np.unique(table.dimension).tolist()
    neurons = np.unique(table.hidden).tolist()
    lowest = 1 / table.looked_at.sum(axis=1)
    error = np.nan_to_num(table.standard_error)
    with canvas(target, (6.4, 4.6)) as axes:
        from matplotlib.lines import Line2D

        handles = []
        axes.set_xscale("log")
        axes.set_yscale("log", nonpositive="clip")
        for k, d in enumerate(dimensions):
            for j, K in enumerate(neurons):
                rows = np.flatnonzero((table.dimension == d) & (table.hidden == K))
                rows = rows[np.argsort(table.samples[rows])]
                style: dict[str, Any] = {
                    "color": COLOURS[k % len(COLOURS)],
                    "marker": SHAPES[k % len(SHAPES)],
                    "markersize": 5,
                    "linestyle": STYLES[j % len(STYLES)],
                    "linewidth": 1.5,
                }
                handles.append(Line2D([], [], label=f"d = {d}, K = {K}", **style))
                seen = rows[table.share[rows] > 0]
                axes.errorbar(
                    table.samples[seen], table.share[seen], error[seen], capsize=3, **style
                )
                none = rows[table.share[rows] == 0]
                style |= {"marker": "v", "markerfacecolor": "white", "linestyle": "none"}
                axes.plot(table.samples[none], lowest[none], **style)
        shown = np.where(table.share > 0, table.share, lowest)
        axes.set_ylim(shown.min() / 2, min(1.2, 2 * (shown + error).max()))
        _plain_ticks(axes, np.unique(table.samples).tolist())
        axes.grid(color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("samples N")
        what = "cells" if neurons == [1] else "tuples of cells"
        axes.set_ylabel(f"share of {what} with a non-dead\ndifferentiable minimum")
        if title is not None or source is not None:
            entitle(axes, title or "", source=source)
        if not table.share.all():
            style = {"color": "0.3", "marker": "v", "markerfacecolor": "white"}
            handles.append(Line2D([], [], linestyle="none", label="none found", **style))
        axes.legend(handles=handles, frameon=False, fontsize="small", handlelength=4.5)
    return figure_of(axes)


def _plain_ticks(axes: Axes, samples: list[int]) -> None:
    """Ticks at the samples' numbers themselves, and shares in percent."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

    few = samples
    while len(few) > 10:
        few = few[::2]
    axes.xaxis.set_major_locator(FixedLocator(few))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    low, high = axes.get_ylim()
    steps = (1.0,) if high > 300 * low else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.10g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
