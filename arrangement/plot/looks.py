"""What the colours of a picture of regions tell: affine map, class, rank, or dead layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.plot.marks import counted, literal
from arrangement.plot.windows import Floats

if TYPE_CHECKING:
    from arrangement.networks.regions.decisions import DecisionRegions
    from arrangement.networks.regions.regions import Regions

__all__ = ["LONGEST_KEY", "LOOKS", "Look", "greedy"]

# Shades of two hues which differ in lightness, too, for maps that are neighbours.
SHADES = ("#dcebf7", "#f3d9a4", "#a6cbe6", "#fbf1da", "#6fa8d2", "#e0b566", "#c6c6c6",
          "#3f7fb5", "#b98a3a", "#8f8f8f")  # fmt: skip

# The qualitative scheme "light" of Paul Tol, which the colour-blind can tell apart and on which
# lines and names are seen; and a tenth.
CLASSES = ("#77aadd", "#eedd88", "#ee8866", "#44bb99", "#ffaabb", "#99ddff", "#aaaa00",
           "#dddddd", "#bbcc33", "#c2a5cf")  # fmt: skip
ALIVE = "#eef1f4"
DEAD = ("#fdb863", "#92c5de", "#d7a6c9", "#a6dba0", "#b3b3b3")
LONGEST_KEY = 12
"""Entries of a legend: a picture of more values gets a colour bar, or no legend."""


@dataclass
class Look:
    """Which regions are drawn, in which colours, and what these mean."""

    drawn: Regions | DecisionRegions
    fills: NDArray[np.int64]  # the colour of each of them, a row of `palette`
    palette: Floats
    title: str
    key: list[tuple[int, str]] = field(default_factory=list)  # colour, what it means
    hatched: NDArray[np.bool_] | None = None
    boundary: bool = False
    names: list[str] | None = None
    bar: tuple[int, int] | None = None  # least and largest value of a colour bar
    caption: str = ""

    def handles(self) -> list[Any]:
        """The entries of a legend."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        hatched = set() if self.hatched is None else set(self.fills[self.hatched].tolist())
        found: list[Any] = [
            Patch(
                facecolor=self.palette[c],
                edgecolor="0.3",
                linewidth=0.6,
                hatch="////" if c in hatched else None,
                label=label,
            )
            for c, label in self.key
            if len(self.key) <= LONGEST_KEY
        ]
        if self.boundary:
            found.append(
                Line2D([], [], color="black", linewidth=1.6, label="decision boundary")
            )
        return found


def _by_map(regions: Regions, _: int | None) -> Look:
    maps = regions.affine_map_numbers
    shade = greedy(maps[regions.edges], regions.n_affine_maps)
    return Look(
        regions,
        shade[maps],
        _palette(SHADES, int(shade.max()) + 1),
        f"{_counted(regions)}, {counted(regions.n_affine_maps, 'affine map')}",
    )


def _by_class(regions: Regions | DecisionRegions, _: int | None) -> Look:
    # Pictures of arrangements do not wait for networks.
    from arrangement.networks.regions.regions import Regions

    network = regions.layers.network
    if network.output_dimension < 2:
        raise InputError('colour="class": the network has one output, and so no classes')
    decision = regions.decision_regions() if isinstance(regions, Regions) else regions
    names = [literal(str(name)) for name in decision.class_labels.tolist()]
    share = decision.class_volumes / decision.class_volumes.sum()
    present = np.flatnonzero(decision.class_counts).tolist()
    key = [(k, f"{names[k]}: {_percent(share[k])}") for k in present]
    what = counted(len(decision), "decision region")
    if isinstance(regions, Regions):
        what = f"{_counted(regions)}, {what}"
    return Look(
        decision,
        decision.class_numbers,
        _palette(CLASSES, len(names)),
        f"{what} of {counted(len(present), 'class', 'classes')}",
        key,
        boundary=len(decision) > 1,
        names=names,
    )


def _by_rank(regions: Regions, layer: int | None) -> Look:
    depth = regions.ranks.shape[1]
    if depth == 0:
        raise InputError('colour="rank": the network has no hidden layer')
    l = depth - 1 if layer is None else layer
    if not 0 <= l < depth:
        raise InputError(f"layer {shown(l)} does not exist: hidden layers are 0 to {depth - 1}")
    ranks = regions.ranks[:, l]
    low, high = int(ranks.min()), int(ranks.max())
    from matplotlib import colormaps

    number = np.bincount(ranks - low)
    key = [(k, f"rank {low + k}: {n:,}") for k, n in enumerate(number.tolist()) if n]
    span = f"{low}" if low == high else f"{low} to {high}"
    return Look(
        regions,
        ranks - low,
        colormaps["viridis"](np.linspace(0.08, 1, len(number))),
        f"{_counted(regions)}, rank in hidden layer {l}: {span}",
        key,
        bar=None if len(key) <= LONGEST_KEY else (low, high),
        caption=f"rank of the active neurons' weights in hidden layer {l}",
    )


def _by_dead(regions: Regions, _: int | None) -> Look:
    dead = regions.dead
    depth = dead.shape[1]
    # Of several dead layers the last one tells: what is before it makes no difference.
    last = np.where(dead, np.arange(1, depth + 1), 0).max(axis=1, initial=0)
    share = np.bincount(last, weights=regions.volumes, minlength=depth + 1)
    share = share / share.sum()
    number = np.bincount(last, minlength=depth + 1)
    key = [
        (k, f"hidden layer {k - 1} dead: {number[k]:,} ({_percent(share[k])})" if k else
         f"none dead: {number[0]:,} ({_percent(share[0])})")
        for k in range(depth + 1)
        if number[k]
    ]  # fmt: skip
    return Look(
        regions,
        last,
        _palette((ALIVE, *DEAD), depth + 1),
        f"{_counted(regions)}, {int((last > 0).sum()):,} with a dead layer",
        key,
        hatched=last > 0,
    )


LOOKS: dict[str, Callable[[Any, int | None], Look]] = {
    "map": _by_map,
    "class": _by_class,
    "rank": _by_rank,
    "dead": _by_dead,
}


def _palette(colours: Sequence[str], n: int) -> Floats:
    """n colours: the given ones, and more of a wheel where they do not suffice."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba_array

    given = to_rgba_array(colours)
    if n > len(given):
        turns = (np.arange(n - len(given)) * 0.6180339887498949) % 1.0
        given = np.vstack([given, colormaps["turbo"](turns)])
    return np.asarray(given[:n])


def greedy(pairs: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Colours 0, 1, … of n nodes, different on the two of every pair that differ.

    Breadth first, each node takes the least colour that no neighbour has: two colours where
    two suffice, as they do where every facet lies on the kink of one neuron.
    """
    import networkx as nx

    graph = nx.empty_graph(n)
    graph.add_edges_from(np.unique(np.sort(pairs, axis=1), axis=0).tolist())
    colour = nx.greedy_color(graph, "connected_sequential_bfs")
    return np.array([colour[v] for v in range(n)], dtype=np.int64)


def _counted(regions: Regions) -> str:
    return counted(len(regions), "linear region" if regions.merged else "activation region")


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else f"{share:.0e}"
