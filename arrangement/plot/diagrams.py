"""Hasse diagrams, and the graph of cells and the facets between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_instance
from arrangement.errors import InputError, SizeError
from arrangement.plot.canvas import Target, canvas, figure_of, rule
from arrangement.plot.charts import Limits, Plane, pale_colours
from arrangement.plot.marks import counted, entitle, literal
from arrangement.plot.windows import Floats
from arrangement.results.sign_vectors import sign_strings
from arrangement.results.topes import separations

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.figure import Figure

    from arrangement.results.cells import Cells

__all__ = ["hasse_diagram", "tope_graph"]

Indices = NDArray[np.int64]

INK = "0.15"
NODE = "#0072b2"
LARGEST = 20_000
"""Lines in a picture: with more of them nothing is seen."""

WIDEST = 16.0
LETTER = 0.1
"""Inches: the widest figure with names, and the width of a letter in it."""

SWEEPS = 12


def hasse_diagram(
    poset: nx.DiGraph,
    target: Target = None,
    *,
    labels: Sequence[str] | None = None,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the Hasse diagram of a graded poset: the least element below, a line for each cover.

    Elements are named where the names have room: faces and cells by their signs, flats by the
    hyperplanes that contain them, ∅ for none; the largest posets are drawn without
    names, as points. In each rank elements stand below those that cover them, as far as may be.

    Parameters
    ----------
    poset : networkx.DiGraph
        From :meth:`Arrangement.intersection_poset`, :meth:`Arrangement.face_lattice`,
        :meth:`Cell.face_lattice` or :meth:`Arrangement.poset_of_regions`; or any graph whose
        edges are the covers, from the smaller to the larger, and whose nodes have a `rank` or a
        `dimension`.
    target : path-like, matplotlib Axes or None
        As in :func:`arrangement.plot.arrangement`.
    labels : sequence of str, optional
        What the hyperplanes are called in the names of flats, such as ``A.labels``; by their
        numbers where there is none.
    title : str, optional
        Instead of the number of elements and covers.
    source : str, optional
        As in :func:`arrangement.plot.arrangement`.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        If the nodes have no whole number as rank, there are none, or `labels` are too few.
    SizeError
        If there are more than 20,000 covers, or ranks.

    Examples
    --------
    >>> from arrangement import families, plot
    >>> figure = plot.hasse_diagram(families.braid(4).intersection_poset())
    >>> figure.axes[0].get_title()
    '15 elements, 31 covers'
    """
    check_instance(poset, "poset", "DiGraph")
    by = "rank" if all("rank" in data for _, data in poset.nodes(data=True)) else "dimension"
    heights = [data.get(by) for _, data in poset.nodes(data=True)]
    if not heights or not all(isinstance(height, int | np.integer) for height in heights):
        raise InputError("poset: its nodes must have a rank or a dimension, to be drawn by")
    _check_size(poset.number_of_edges(), "covers")
    _check_size(max(heights) - min(heights), "ranks")
    number = {node: k for k, node in enumerate(poset)}
    ranks = np.array(heights, dtype=np.int64)
    edges = np.array([(number[a], number[b]) for a, b in poset.edges], dtype=np.int64)
    names = _names(poset, labels)
    if title is None:
        title = f"{counted(len(poset), 'element')}, {counted(len(edges), 'cover')}"
    return _layered(names, ranks, edges.reshape(-1, 2), target, title, source)


def tope_graph(
    cells: Cells,
    target: Target = None,
    *,
    base: Any = None,
    window: Limits | None = None,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the graph of the cells, a line for each facet that two of them share.

    In dimension 1 and 2 each cell is a point in it, and the hyperplanes are drawn. In other
    dimensions, and where a base is given, the cells stand by their distance from it: the Hasse
    diagram of the poset of regions, their names the signs.

    Parameters
    ----------
    cells : Cells
    target : path-like, matplotlib Axes or None
        As in :func:`arrangement.plot.arrangement`.
    base : int, or sequence of n signs, or str of + and −, optional
        The cell at the bottom; the first one in higher dimensions.
    window : sequence of (low, high), optional
        For dimension 1 and 2, as in :func:`arrangement.plot.arrangement`.
    title : str, optional
        Instead of the number of cells and facets.
    source : str, optional
        As in :func:`arrangement.plot.arrangement`.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        If there is no such cell.
    SizeError
        If there are more than 20,000 facets.

    Examples
    --------
    >>> from arrangement import families, plot
    >>> figure = plot.tope_graph(families.braid(4).cells())
    >>> figure.axes[0].get_title()
    '24 cells, 36 facets between them'
    """
    check_instance(cells, "cells", "Cells")
    edges = cells.edges[:, :2]
    _check_size(len(edges), "facets between cells")
    if title is None:
        facets = counted(len(edges), "facet")
        title = f"{counted(len(cells), 'cell')}, {facets} between them"
    if cells.arrangement.dimension not in (1, 2) or base is not None:
        if window is not None:
            raise InputError("a window is for dimension 1 and 2, without a base")
        ranks = separations(cells, 0 if base is None else base)
        names = [text.replace("-", "−") for text in sign_strings(cells.signs)]
        return _layered(names, ranks, edges, target, title, source)
    chart = Plane(cells, window=window)
    if window is None:  # with room for the points of unbounded cells
        low, high = np.array(chart.window.low), np.array(chart.window.high)
        wide = np.column_stack([low - (high - low) / 4, high + (high - low) / 4])
        pairs = wide[: cells.arrangement.dimension].tolist()
        chart = Plane(cells, window=tuple((low, high) for low, high in pairs))
    inside = np.array([len(polygon) > 0 for polygon in chart.polygons], dtype=bool)
    points = np.array([_centre(polygon) for polygon in chart.polygons]).reshape(-1, 2)
    lines = [
        np.stack([points[a], _middle(chart.polygons[a], chart.rows[h]), points[b]])
        for a, b, h in cells.edges[inside[edges].all(axis=1)].tolist()
    ]
    with canvas(target, chart.size) as axes:
        chart.paint(axes, pale_colours(cells))
        rule(axes, lines, NODE, linewidths=1.6 if len(lines) < 300 else 0.8, zorder=3)
        size = 6 if len(cells) < 100 else 3 if len(cells) < 1000 else 1.5
        x, y = points[inside].T
        axes.plot(x, y, "o", color=NODE, markersize=size, markeredgewidth=0, zorder=3.5)
        entitle(axes, title, chart.remark, source)
    return figure_of(axes)


def _centre(polygon: Floats) -> Floats:
    """The centre of gravity of a polygon; of an empty one, NaN."""
    if not len(polygon):
        return np.full(2, np.nan)
    x, y = (polygon - polygon[0]).T
    u, v = np.roll(x, -1), np.roll(y, -1)
    area = x * v - u * y
    if area.sum() <= 0:
        return np.asarray(polygon.mean(axis=0))
    return polygon[0] + np.array([((x + u) * area).sum(), ((y + v) * area).sum()]) / (
        3 * area.sum()
    )


def _middle(polygon: Floats, line: Floats) -> Floats:
    """The middle of the side of a polygon that is on a line, NaN if none is.

    A way over it from one cell to the next stays in both, as they are convex.
    """
    far = np.abs(polygon @ line[:2] + line[2])
    side = polygon[far <= 1e-9 * (1 + np.abs(polygon).max())]
    return np.asarray(side.mean(axis=0)) if len(side) > 1 else np.full(2, np.nan)


def _check_size(count: int, what: str) -> None:
    if count > LARGEST:
        raise SizeError(
            f"{count:,} {what}, and a picture may have {LARGEST:,}; write GraphML, and lay it "
            "out with a program for large graphs"
        )


def _names(poset: nx.DiGraph, labels: Sequence[str] | None) -> list[str]:
    """Signs as they are, and sets of hyperplanes by labels or numbers."""
    given = dict(enumerate(labels or ()))
    every = {h for node in poset if isinstance(node, tuple) for h in node}
    if labels is not None and max(every, default=-1) >= len(given):
        raise InputError(f"labels must be one a hyperplane, not {len(given)}")
    called = {h: str(given.get(h) or h) for h in every}
    gap = "" if all(len(name) == 1 for name in called.values()) else " "
    return [
        gap.join(called[h] for h in node) or "∅"
        if isinstance(node, tuple)
        else str(data.get("signs", node)).replace("-", "−")
        for node, data in poset.nodes(data=True)
    ]


def _layered(
    names: list[str],
    ranks: Indices,
    edges: Indices,
    target: Target,
    title: str,
    source: str | None,
) -> Figure:
    """A graph whose nodes stand at the height of their rank."""
    levels = [np.flatnonzero(ranks == rank) for rank in range(ranks.min(), ranks.max() + 1)]
    place = _columns(len(names), levels, edges)
    widest = max(map(len, levels))
    longest = [max((len(literal(names[k])) for k in level), default=0) for level in levels]
    needed = LETTER * max(
        widest * (n + 2) / (_gap(len(level), widest) if len(level) > 1 else widest)
        for level, n in zip(levels, longest, strict=True)
    )
    named = needed <= WIDEST
    width = max(4.0, needed) if named else max(6.0, min(0.1 * widest, 12))
    height = max(3.0, min(0.95 * len(levels), 11.0))
    with canvas(target, (width, height)) as axes:
        points = np.column_stack([place, ranks - ranks.min()])
        heavy = 1.0 if len(edges) < 200 else 0.5 if len(edges) < 2000 else 0.2
        rule(axes, list(points[edges]), "0.45", linewidths=heavy, zorder=1)
        if named:
            paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            for name, (x, y) in zip(names, points.tolist(), strict=True):
                style: dict[str, Any] = {"ha": "center", "va": "center", "bbox": paper}
                axes.text(x, y, literal(name), color=INK, fontsize="small", zorder=2, **style)
        else:
            size = 3.5 if widest < 100 else 1.5
            axes.plot(*points.T, "o", color=NODE, markersize=size, markeredgewidth=0, zorder=2)
        half = 0.52 * widest
        axes.set_xlim(-half, half)
        axes.set_ylim(-0.4, len(levels) - 0.6)
        axes.set_axis_off()
        entitle(axes, title, "", source)
    return figure_of(axes)


def _columns(count: int, levels: list[Indices], edges: Indices) -> Floats:
    """Where the nodes of each level stand, evenly: in the order of the means of neighbours.

    The barycentre method (Sugiyama, Tagawa and Toda 1981), up and down in turn.
    """
    from scipy.sparse import csr_array

    place = np.zeros(count)
    both = np.concatenate([edges, edges[:, ::-1]])
    joined = csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(count, count))
    widest = max(map(len, levels))
    for level in levels:
        place[level] = _spread(len(level), widest)
    for sweep in range(SWEEPS):
        towards = levels[1:] if sweep % 2 == 0 else levels[-2::-1]
        before = levels[:-1] if sweep % 2 == 0 else levels[:0:-1]
        for level, other in zip(towards, before, strict=True):
            links = joined[level][:, other]
            weight = links.sum(axis=1)
            means = np.where(weight > 0, links @ place[other], place[level])
            means = means / np.where(weight > 0, weight, 1.0)
            order = np.argsort(np.round(means, 9), kind="stable")
            place[level[order]] = _spread(len(level), widest)
    return place


def _spread(size: int, widest: int) -> Floats:
    return np.asarray((np.arange(size) - (size - 1) / 2) * _gap(size, widest))


def _gap(size: int, widest: int) -> float:
    """Between nodes of a level: 1 in the widest, more in others, which still are narrower."""
    return 1 + 2 * (widest / max(size, 1) - 1) / 3
