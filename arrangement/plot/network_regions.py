"""Pictures of the regions of a network: by affine map, class, rank, or dead layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.checks import check_instance, choice
from arrangement.errors import InputError
from arrangement.exact.polyhedron import Polyhedron
from arrangement.hyperplanes.domain import parse_domain
from arrangement.plot.canvas import (
    Target,
    add_bar,
    canvas,
    figure_of,
    fill,
    legend,
    outline,
    rule,
    show_window,
)  # fmt: skip
from arrangement.plot.looks import LONGEST_KEY, LOOKS, Look
from arrangement.plot.marks import entitle, literal
from arrangement.plot.windows import Floats, Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    # Pictures of arrangements do not wait for networks.
    # Pictures of arrangements do not wait for networks.
    from arrangement.networks.regions.decisions import DecisionRegions
    from arrangement.networks.regions.region_set import RegionSet, SolidRegion
    from arrangement.networks.regions.regions import Regions
    from arrangement.networks.regions.walks import WalkedRegions

__all__ = ["region_polygons", "regions"]

# Okabe and Ito's, dark enough for lines.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")

INK = "0.15"

STROKES = ((100, 0.9, 0.8), (1000, 0.5, 0.6), (10_000, 0.3, 0.5), (np.inf, 0.15, 0.4))
"""Up to how many regions the lines between them have which width and opacity."""


def regions(
    regions: Regions | DecisionRegions | WalkedRegions,
    target: Target = None,
    colour: str = "map",
    title: str | None = None,
    *,
    layer: int | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the regions of a network with one or two inputs.

    Two inputs: the regions as polygons. One input: the graph of each output over the regions
    as strips, with a point at every breakpoint.

    Parameters
    ----------
    regions : Regions, DecisionRegions or WalkedRegions
        Of a network with one or two inputs; of more, those of a slice
        (`Network.slice_through`). What a walk found is drawn where there are two, coloured by
        map or rank, as far as it came.
    target, source
        As in :func:`arrangement.plot.arrangement`.
    colour : {"map", "class", "rank", "dead"}
        What the colours tell. "map": regions with the same affine map have the same shade,
        neighbours with different maps have different ones. "class": the class of the largest
        output, with the decision boundary. "rank": the rank of the weights of a layer's active
        neurons. "dead": regions in which all neurons of a hidden layer are inactive.
    title : str, optional
        Instead of the numbers of regions.
    layer : int, optional
        The hidden layer whose rank is drawn; the last, if left out.

    Raises
    ------
    InputError
        If the network has more inputs, or has not what the colours are to tell.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.relu import Network
    >>> found = Network.random([2, 8, 1], rng=0).regions([(-1, 1), (-1, 1)])
    >>> plot.regions(found).axes[0].get_title()
    '24 activation regions, 24 affine maps'
    """
    # Pictures of arrangements do not wait for networks.
    from arrangement.networks import DecisionRegions, Regions, WalkedRegions

    choice(colour, tuple(LOOKS), "colour")
    check_instance(regions, "regions", "Regions", "DecisionRegions", "HalfspaceRegions")
    if regions.dimension > 2:
        raise InputError(
            f"a network with {regions.dimension} inputs has no picture: what can be drawn is "
            "one or two inputs; draw what it does on a plane, network.slice_through(points)"
        )
    if isinstance(regions, WalkedRegions):
        if regions.dimension < 2 or colour not in ("map", "rank"):
            raise InputError(
                f"colour={colour!r}, {regions.dimension} inputs: what a walk found is drawn in "
                "two inputs, by map or rank; use network.regions()"
            )
        return _draw_walk(regions, target, LOOKS[colour](regions, layer), title, source)
    if not isinstance(regions, Regions | DecisionRegions):
        raise InputError("regions by recursion have no picture: use method='complex'")
    if not regions.complex.domain.has_float64_volumes:
        raise InputError(
            "a picture has coordinates in float64, whose numbers are too far apart for this "
            "domain, or do not reach; move it to the origin, or scale it"
        )
    if isinstance(regions, DecisionRegions) and colour != "class":
        raise InputError('draw decision regions by colour="class": a class is all they have')
    if layer is not None and colour != "rank":
        raise InputError('layer: is for colour="rank"')
    look = LOOKS[colour](regions, layer)
    with canvas(target, _size(regions, look.bar is not None)) as axes:
        handles: list[Any] = []
        if regions.dimension == 1:
            look.palette = 0.4 + 0.6 * look.palette  # paler, behind a graph
            _paint_line(axes, look)
            handles = _draw_graph(axes, regions)
        else:
            _paint_plane(axes, regions, look)
        handles += look.handles()
        if look.bar is not None:
            _add_bar(axes, look, *look.bar)
        if handles:
            most = 5 if max(len(handle.get_label()) for handle in handles) < 20 else 3
            rows = -(-len(handles) // most)
            legend(axes, handles, -(-len(handles) // rows), own=axes is not target)
        entitle(axes, look.title if title is None else title, source=source)
    return figure_of(axes)


def _size(regions: RegionSet[SolidRegion], bar: bool) -> tuple[float, float]:
    if regions.dimension == 1:
        return (8.0, 4.2)
    height = 5.5 * min(_window(regions).proportion or 1.0, 1.2)
    return (7.5, 1.0 + 0.9 * height) if bar else (7.5, 1.8 + height)


def _window(regions: RegionSet[SolidRegion]) -> Window:
    """What shows a domain in the plane."""
    points = regions.complex.points
    return Window.between(points.min(axis=0), points.max(axis=0))


# -- two inputs -----------------------------------------------------------------------------


def region_polygons(regions: RegionSet[SolidRegion]) -> list[Floats]:
    """The cells of the complex, each with its vertices in the order of their angles."""
    begin, corner = regions.geometry.corners
    sizes = np.diff(begin)
    points = regions.complex.points[corner]
    centre = np.add.reduceat(points, begin[:-1], axis=0) / sizes[:, None]
    span = np.ptp(regions.complex.points, axis=0)
    x, y = ((points - np.repeat(centre, sizes, axis=0)) / span).T
    order = np.lexsort([np.arctan2(y, x), np.repeat(np.arange(len(sizes)), sizes)])
    return np.split(points[order], begin[1:-1])


def _paint_plane(axes: Axes, regions: RegionSet[SolidRegion], look: Look) -> None:
    polygons = region_polygons(look.drawn)
    fill(axes, polygons, look.palette[look.fills[look.drawn.owner]])
    _hatch(axes, polygons, look)
    if not look.boundary or regions is not look.drawn:
        width, alpha = next(stroke for most, *stroke in STROKES if len(regions) <= most)
        rule(axes, list(regions.contacts.segments), INK, linewidths=width, alpha=alpha)
    if look.boundary:
        rule(axes, list(look.drawn.contacts.segments), "black", linewidths=1.6, zorder=3)
    if look.names is not None:
        _name_classes(axes, look)
    show_window(axes, _window(regions))
    axes.set_xlabel("$x_1$")
    axes.set_ylabel("$x_2$")


def _hatch(axes: Axes, shapes: Sequence[Any], look: Look, **style: Any) -> None:
    """Hatch the cells of hatched regions."""
    if look.hatched is not None and look.hatched.any():
        marked = np.flatnonzero(look.hatched[look.drawn.owner]).tolist()
        outline(axes, [shapes[c] for c in marked], "0.3", hatch="////", linewidths=0, **style)


def _draw_walk(
    regions: WalkedRegions, target: Target, look: Look, title: str | None, source: str | None
) -> Figure:
    """The regions of a walk as polygons, and where it began."""
    window = _window_of_walk(regions)
    polygons = [_polygon(regions.facet_rows(i), window) for i in range(len(regions))]
    with canvas(target, (7.5, 7.3)) as axes:
        fill(axes, polygons, look.palette[look.fills])
        width, alpha = next(stroke for most, *stroke in STROKES if len(regions) <= most)
        outline(axes, polygons, INK, linewidths=width, alpha=alpha)
        axes.plot(*(float(v) for v in regions.x), "o", color="black", markersize=4, zorder=4)
        show_window(axes, window)
        axes.set_xlabel("$x_1$")
        axes.set_ylabel("$x_2$")
        handles = look.handles()
        if look.bar is not None:
            _add_bar(axes, look, *look.bar)
        if handles:
            legend(axes, handles, min(len(handles), 5), own=axes is not target)
        shown = look.title if regions.complete else f"{look.title}; there are more"
        entitle(axes, shown if title is None else title, source=source)
    return figure_of(axes)


def _window_of_walk(regions: WalkedRegions) -> Window:
    """What shows a point of each region, and where the walk began, with a margin."""
    near = np.array([[float(v) for v in point] for point in (regions.x, *regions.nearest)])
    points = np.concatenate([near, regions.points[np.isfinite(regions.points).all(axis=1)]])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * np.where(high > low, high - low, max((high - low).max(), 1.0))
    return Window.between(low - margin, high + margin)


def _polygon(rows: Any, window: Window) -> Floats:
    """A region with these inequalities, cut to a window, its vertices in their order."""
    sides = parse_domain(list(zip(window.low, window.high, strict=True)), 2)
    body = Polyhedron(np.concatenate([rows, sides]))
    points = np.array([[float(v) for v in vertex] for vertex in body.vertices])
    x, y = ((points - points.mean(axis=0)) / np.subtract(window.high, window.low)).T
    return np.asarray(points[np.argsort(np.arctan2(y, x))])


def _name_classes(axes: Axes, look: Look) -> None:
    """The name of each class in its largest region, where there is room."""
    from matplotlib import patheffects

    assert look.names is not None
    regions = look.drawn
    total = regions.volumes.sum()
    halo = [patheffects.withStroke(linewidth=2.5, foreground="white")]
    for k, name in enumerate(look.names):
        own = np.flatnonzero(look.fills == k)
        if len(own) == 0:
            continue
        largest = int(own[regions.volumes[own].argmax()])
        if regions.volumes[largest] < 0.004 * total:
            continue
        x, y = _deepest(regions, largest)
        axes.text(
            x, y, name, ha="center", va="center", fontweight="bold", path_effects=halo, zorder=4
        )


def _deepest(regions: RegionSet[SolidRegion], i: int) -> tuple[float, float]:
    """A point of a region, among means of its cells, that is far from the region's boundary."""
    begin, corner = regions.geometry.corners
    points = regions.complex.points
    means = np.array(
        [points[corner[begin[c] : begin[c + 1]]].mean(axis=0) for c in regions.cells_of(i)]
    )
    own = {v for facet in regions.facets(i) for v in facet.vertices}
    wall = points[sorted(own)]
    x, y = max(means.tolist(), key=lambda mean: np.hypot(*(wall - mean).T).min())
    return x, y


def _add_bar(axes: Axes, look: Look, low: int, high: int) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.ticker import MaxNLocator

    norm = BoundaryNorm(np.arange(low, high + 2) - 0.5, len(look.palette))
    shades = ScalarMappable(norm, ListedColormap(look.palette))
    add_bar(axes, shades, look.caption, ticks=MaxNLocator(10, integer=True))


# -- one input ------------------------------------------------------------------------------


def _paint_line(axes: Axes, look: Look) -> None:
    """Regions as strips; they are behind a graph that `_draw_graph` scales the axes to."""
    from matplotlib.collections import PolyCollection

    _, corner = look.drawn.geometry.corners
    ends = np.sort(look.drawn.complex.points[corner, 0].reshape(-1, 2), axis=1)
    strips = [[(a, 0), (b, 0), (b, 1), (a, 1)] for a, b in ends.tolist()]
    shade = look.palette[look.fills[look.drawn.owner]]
    across = axes.get_xaxis_transform()
    axes.add_collection(
        PolyCollection(strips, facecolors=shade, linewidths=0, transform=across, zorder=0)
    )
    _hatch(axes, strips, look, transform=across, zorder=0.5)
    if look.boundary:
        for x in look.drawn.breakpoints:
            axes.axvline(float(x), color="black", linewidth=1.6, zorder=1)


def _draw_graph(axes: Axes, regions: RegionSet[SolidRegion]) -> list[Any]:
    """The outputs as functions, with their breakpoints; the handles of a legend."""
    network = regions.layers.network
    x = np.sort(regions.complex.points[:, 0])
    y = network.forward(x[:, None])
    breaks = np.array([float(v) for v in regions.breakpoints])
    values = network.forward(breaks[:, None])
    labels = network.labels
    handles: list[Any] = []
    size = 4.0 if len(breaks) <= 60 else 2.0 if len(breaks) <= 400 else 0.0
    for k in range(y.shape[1]):
        shade = LINES[k % len(LINES)]
        style = ("-", "--", ":", "-.")[k // len(LINES) % 4]
        name = f" {k if labels is None else literal(str(labels[k]))}" if y.shape[1] > 1 else ""
        handles += axes.plot(
            x, y[:, k], style, color=shade, linewidth=1.5, label=f"output{name}", zorder=2
        )
        if size:
            axes.plot(
                breaks, values[:, k], "o", color=shade, markersize=size, zorder=3,
                markeredgecolor="white", markeredgewidth=0.4,
            )  # fmt: skip
    axes.set_xlim(x[0], x[-1])
    axes.set_xlabel("$x$")
    axes.set_ylabel("output" if y.shape[1] == 1 else "outputs")
    return handles if len(handles) <= LONGEST_KEY else []
