"""The spectrum of a landscape: the losses of its minima, one row a kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.checks import check_instance
from arrangement.errors import InputError
from arrangement.plot.canvas import DECADES, Target, canvas, figure_of, needs_log
from arrangement.plot.marks import KINDS, counted, entitle
from arrangement.plot.windows import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from arrangement.relu import Landscape, Pieces

__all__ = ["SADDLE", "spectrum", "spread"]

MANY = 400
"""More losses than this in a row are drawn as a histogram."""

MAX_NODES = 2_000_000
"""Tuples of cells whose losses are still computed for the lowest row."""

SADDLE = ("D", "#009e73", "saddle")
SEVERAL = {"dead": "a neuron is dead", "zero": "a neuron is zero"}


def spectrum(
    landscape: Landscape,
    target: Target = None,
    *,
    saddles: Pieces | None = None,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the losses of all minima, one row a kind, for any number of neurons.

    The lowest row has a lower bound of the loss in each cell, or in each tuple of cells where
    there are not too many: the least squares of their activation patterns. Most of them are not
    attained, and the distance to the rows above shows that.
    A mark is one piece; its height means nothing. More than some hundred pieces of a kind are
    drawn as a histogram. The scale is logarithmic when the losses ask for it.

    Parameters
    ----------
    landscape : Landscape
    target, source
        As in :func:`arrangement.plot.arrangement`.
    saddles : Pieces, optional
        The saddles, ``landscape.saddles()``, to be drawn in a row of their own.
    title : str, optional
        Instead of the number of samples, neurons, cells and minima.

    Raises
    ------
    InputError
        If the landscape has no pieces, which is so when none was asked for.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.relu import OneHiddenLayer
    >>> found = OneHiddenLayer([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], hidden=2).landscape()
    >>> figure = plot.spectrum(found)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()][:2]
    ['lower bounds of all pairs of cells (21)', 'continuum of minima (8)']
    """
    check_instance(landscape, "landscape", "Landscape")
    if saddles is not None:
        check_instance(saddles, "saddles", "Pieces")
    rows = _rows(landscape, saddles)
    if not len(landscape.pieces):
        raise InputError("the landscape has no pieces that could be drawn")
    values = np.concatenate([losses for *_, losses in rows])
    best = float(landscape.pieces.loss[0])
    logarithmic = needs_log(values)
    floor = float(values.max()) * 10.0**-DECADES if logarithmic else -np.inf
    with canvas(target, (8.0, 1.4 + 0.62 * len(rows))) as axes:
        low, high = max(float(values.min()), floor), float(values.max())
        if logarithmic:
            axes.set_xscale("log")
            room = (high / low) ** 0.03
            axes.set_xlim(low / room, high * room)
        else:
            room = 0.03 * (high - low) or 0.5 * abs(high) or 0.5
            axes.set_xlim(low - room, high + room)
        edges = (np.geomspace if logarithmic else np.linspace)(low, high, 161)
        for height, (_, shape, colour, losses) in enumerate(rows):
            if height:
                axes.axhline(height - 0.5, color="0.88", linewidth=0.8, zorder=0)
            _row(axes, height, shape, colour, np.maximum(losses, floor), edges)
        line = max(best, floor)
        axes.axvline(line, color="black", linewidth=1, linestyle="--", zorder=1)
        axes.set_yticks(
            range(len(rows)), [f"{name} ({len(losses):,})" for name, _, _, losses in rows]
        )
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        clipped = "; smaller losses are drawn at the left end" if values.min() < floor else ""
        axes.set_xlabel(f"loss (dashed: the lowest minimum, {best:.4g}{clipped})")
        entitle(axes, _title(landscape) if title is None else title, source=source)
    return figure_of(axes)


def _rows(landscape: Landscape, saddles: Pieces | None) -> list[tuple[str, str, str, Floats]]:
    """Name, mark, colour and losses of each row, from below."""
    # Pictures of arrangements do not wait for landscapes: half a second.
    from arrangement.relu.multisets import n_multisets

    K, pieces = landscape.problem.hidden, landscape.pieces
    rows: list[tuple[str, str, str, Floats]] = []
    if n_multisets(landscape.n_faces[-1], K) <= MAX_NODES:
        names = {1: "cells", 2: "pairs of cells"}
        bounds = np.asarray(landscape.min_loss, dtype=np.float64)
        name = f"lower bounds of all {names.get(K, 'tuples of cells')}"
        rows.append((name, "|", "0.45", bounds))
    counts = Counter(pieces.kind.tolist())
    for kind, (shape, colour, name) in KINDS.items():
        if counts[kind]:
            label = name if K == 1 else SEVERAL.get(kind, name)
            rows.append((label, shape, colour, pieces.loss[pieces.kind == kind]))
    if saddles is not None and len(saddles):
        shape, colour, name = SADDLE
        rows.append((name, shape, colour, saddles.loss))
    return rows


def _row(
    axes: Axes, height: int, shape: str, colour: str, losses: Floats, edges: Floats
) -> None:
    losses = np.sort(losses)
    style: dict[str, Any] = {
        "color": colour,
        "markeredgecolor": "black" if shape != "|" else colour,
        "markeredgewidth": 0.5,
        "alpha": 0.8,
    }
    if len(losses) <= MANY:
        axes.plot(losses, height + 0.6 * (spread(len(losses)) - 0.5), shape, **style)
        return
    counts, _ = np.histogram(losses, edges)
    top = height - 0.38 + 0.76 * counts / counts.max()
    axes.stairs(
        top, edges, baseline=height - 0.38, fill=True, color=colour, alpha=0.8, zorder=2
    )
    axes.stairs(top, edges, baseline=height - 0.38, color="0.2", linewidth=0.5, zorder=2)


def spread(n: int) -> Floats:
    """Heights in [0, 1) that keep neighbours apart: multiples of the golden ratio."""
    return np.asarray((0.5 + np.arange(n) * 0.6180339887498949) % 1.0, dtype=np.float64)


def _title(landscape: Landscape) -> str:
    problem, m = landscape.problem, len(landscape.pieces)
    parts = [counted(problem.n_samples, "sample")]
    if problem.hidden > 1:
        parts.append(counted(problem.hidden, "neuron"))
    parts.append(counted(landscape.n_faces[-1], "cell"))
    parts.append(counted(m, "local minimum", "local minima"))
    return ", ".join(parts)
