"""The regions of a network from a point on, nearest first, through their facets."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import nonnegative, whole
from arrangement.errors import InputError
from arrangement.exact.inner_points import inner_point
from arrangement.exact.numbers import exact_table, exact_text
from arrangement.networks.complex.domains import rational_rows
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.layers import Layers, homogeneous
from arrangement.networks.regions.crossings import Crossings, Side
from arrangement.networks.regions.division import Floats, Point
from arrangement.networks.regions.halfspaces import HalfspaceRegions
from arrangement.networks.regions.inequalities import Choices
from arrangement.networks.regions.linear_regions import LinearRegion
from arrangement.networks.regions.region_search import rounded
from arrangement.progress import Progress, reporter
from arrangement.results.columns import Columns, frozen

__all__ = ["Walk", "WalkedRegion", "WalkedRegions"]

Reason: TypeAlias = Literal["radius", "max_regions"]


class Walk:
    """The regions of a network, nearest to a point first: an iterable, see `Network.walk`.

    Each time it is gone through, the walk begins anew. It keeps the patterns of the regions
    that it has met, and the distances of those that it has not come to, and nothing else.

    **Nothing nearer is missed.** Let y be the point of a region's closure that is nearest to x.
    A segment from a point near x to one near y, in general position, passes from region to
    region through facets, and all of these come as near to x as points of the segment from x
    to y are. So at each time the nearest region that is left is beyond a facet of one found.

    Parameters
    ----------
    layers : Layers
    x, domain, radius, max_regions
        As for :meth:`Network.walk`.

    Examples
    --------
    >>> from itertools import islice
    >>> from arrangement.networks import Network
    >>> stairs = Network([[[1]] * 9, [[1] * 9]], [[-k for k in range(9)], [0]])
    >>> walk = stairs.walk(["5/2"])
    >>> [str(region.distance) for region in islice(walk, 5)]
    ['0', '1/2', '1/2', '3/2', '3/2']
    """

    def __init__(
        self, layers: Layers, x: Any, domain: Any, radius: Any, max_regions: int | None
    ) -> None:
        d = layers.input_dimension
        self.layers = layers
        walls = np.empty((0, d + 1), dtype=object)
        self.walls = walls if domain is None else rational_rows(domain, d)
        point = exact_table(x, "x", "entry", 1).tolist()
        if len(point) != d:
            raise InputError(f"x has {len(point)} entries, but the network has {d} inputs")
        self.x = tuple(map(Fraction, point))
        column = np.array([int(v) for v in homogeneous(self.x)], dtype=object)
        outside = np.flatnonzero(self.walls @ column < 0)
        if len(outside):
            raise InputError(
                f"x is outside the domain, beyond its row {outside[0]}: give another"
            )
        self.radius = None if radius is None else nonnegative(radius, "radius")
        self.max_regions = None if max_regions is None else whole(max_regions, "max_regions", 1)

    def __iter__(self) -> Iterator[WalkedRegion]:
        for step in _Steps(self):
            yield WalkedRegion(WalkedRegions(self, [step], "max_regions"), 0)

    def regions(self, progress: Progress = None) -> WalkedRegions:
        """All regions of the walk, with their columns and their graph.

        Parameters
        ----------
        progress : bool or callable, optional
            As for :meth:`Network.regions`.

        Returns
        -------
        WalkedRegions

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> walk = Network.random([2, 3, 2], rng=0).walk([0, 0], max_regions=3)
        >>> found = walk.regions()
        >>> len(found)
        3
        """
        show = reporter(progress, "regions found")
        steps, found = _Steps(self), []
        for step in steps:
            found.append(step)
            show(len(found), len(found) + len(steps.ahead))
        show(len(found), len(found))
        return WalkedRegions(self, found, steps.reason)

    def __repr__(self) -> str:
        limits = [
            f"{name} {exact_text(value)}"
            for name, value in (("radius", self.radius), ("at most", self.max_regions))
            if value is not None
        ]
        return f"Walk: {', '.join(limits) or 'all'} regions, nearest first"


class _Step(NamedTuple):
    """A region of a walk."""

    choices: Choices
    distance: Fraction
    nearest: Point
    inside: Point
    sides: list[Side]


class _Steps:
    """A walk on its way.

    Attributes
    ----------
    ahead : list of (distance, is it exact?, number, pieces, nearest point)
        A heap of the regions beyond a facet of those found, by a bound on the distance until
        they are about to come; of equal distances the first met comes first.
    reason : {"radius", "max_regions"} or None
        Why the walk ended before all regions were found.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk, self.crossings = walk, Crossings(walk.layers, walk.walls)
        self.ahead: list[tuple[Fraction, bool, int, bytes, Point]] = []
        self.met: set[bytes] = set()
        self.reason: Reason | None = None

    def __iter__(self) -> Iterator[_Step]:
        walk, x = self.walk, self.walk.x
        guess = np.array([nearest(v) for v in x])
        middle = inner_point(walk.walls, guess)
        assert middle is not None, "the domain has interior points"
        *inward, _ = homogeneous([b - a for a, b in zip(x, middle, strict=True)])
        self._meet(self.crossings.behind(x, inward), Fraction(0))
        column = np.array([int(v) for v in homogeneous(x)], dtype=object)
        count = 0
        while self.ahead:
            distance, is_exact, number, packed, near = heapq.heappop(self.ahead)
            choices = tuple(np.frombuffer(packed, dtype=self._kind).tolist())
            outline = self.crossings.outline(choices)
            if not is_exact:
                distance, near = self.crossings.distance(outline, x)
                self._put(distance, True, number, packed, near)
                continue
            if count == walk.max_regions:
                self.reason = "max_regions"
                return
            inside = self.crossings.inside(outline, near)
            sides = list(self.crossings.sides(outline, inside))
            for side in sides:
                if side.beyond is not None:
                    row = outline.rows[side.row]
                    height, scale = max(0, int(row @ column)), int(np.abs(row[:-1]).sum())
                    self._meet(side.beyond, Fraction(height, scale * column[-1]))
            count += 1
            yield _Step(choices, distance, near, inside, sides)

    @property
    def _kind(self) -> type[np.integer[Any]]:
        return np.uint8 if self.walk.layers.pieces < 256 else np.int32

    def _meet(self, choices: Choices, bound: Fraction) -> None:
        """Keep a region that is new, at least so far away."""
        packed = np.array(choices, dtype=self._kind).tobytes()
        if packed not in self.met:
            self.met.add(packed)
            self._put(bound, False, len(self.met), packed, ())

    def _put(
        self, bound: Fraction, is_exact: bool, number: int, packed: bytes, near: Point
    ) -> None:
        """Keep a region until it comes, unless it is too far."""
        if self.walk.radius is not None and bound > self.walk.radius:
            self.reason = "radius"
        else:
            heapq.heappush(self.ahead, (bound, is_exact, number, packed, near))


@dataclass(frozen=True)
class WalkedRegion(LinearRegion):
    """One region of a walk: an index into its `regions`.

    Attributes
    ----------
    regions : WalkedRegions
    index : int

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> walk = Network.random([2, 3, 2], rng=0).walk([0, 0], max_regions=3)
    >>> found = walk.regions()
    >>> found[0].distance, found[0].nearest
    (Fraction(0, 1), (Fraction(0, 1), Fraction(0, 1)))
    """

    regions: WalkedRegions

    def __repr__(self) -> str:
        counts = ", ".join(str(int(np.count_nonzero(p))) for p in self.patterns)
        return f"WalkedRegion at distance {nearest(self.distance):.6g}, active neurons {counts}"

    @property
    def distance(self) -> Fraction:
        """How far the region is from the point where the walk began, in l∞."""
        return self.regions.exact_distances[self.index]

    @property
    def nearest(self) -> Point:
        """The point of its closure at that distance."""
        return self.regions.nearest[self.index]


class WalkedRegions(HalfspaceRegions):
    """The regions that a walk has found, nearest first; see :meth:`Network.walk`.

    Made by :meth:`Walk.regions`. What is told is told of these regions: edges join two of them,
    and a facet that has a neuron and no neighbour leads to a region that was not reached.

    Attributes
    ----------
    x : tuple of Fractions
        Where the walk began.
    radius : Fraction or None
    reason : {"radius", "max_regions"} or None
        Why there are other regions, None if there are none: "radius" if they are further away,
        "max_regions" if the walk was stopped.
    complete : bool
        Are these all regions in the domain?
    exact_distances : list of Fractions
        How far each region's closure is from x, in l∞.
    nearest : list of tuples of Fractions
        The point of its closure at that distance.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> found = Network.random([12, 8, 8, 1], rng=0).walk([0] * 12, max_regions=5).regions()
    >>> len(found), found.complete, found.reason, found.distances[0]
    (5, False, 'max_regions', np.float64(0.0))
    """

    def __init__(self, walk: Walk, steps: Sequence[_Step], reason: Reason | None) -> None:
        layers = walk.layers
        n = sum(layers.hidden_widths)
        choices = np.array([step.choices for step in steps], dtype=np.int32).reshape(-1, n)
        found = rounded(choices, [step.inside for step in steps])
        super().__init__(layers, walk.walls, found, reason is None)
        self.x, self.radius, self.reason = walk.x, walk.radius, reason
        self.exact_distances = [step.distance for step in steps]
        self.nearest = [step.nearest for step in steps]
        self._known_sides.update((i, step.sides) for i, step in enumerate(steps))

    def _item(self, i: int) -> WalkedRegion:
        return WalkedRegion(self, i)

    def __repr__(self) -> str:
        why = {None: "all there are", "radius": "all within the radius"}
        told = why.get(self.reason, "there are more")
        return f"{len(self)} activation regions of a network, nearest first: {told}"

    @cached_property
    def distances(self) -> Floats:
        """The distances in float64, shape (m,)."""
        return frozen(np.array([nearest(v) for v in self.exact_distances]))

    def node_columns(self) -> Columns:
        """What a graph says of each region: distance, pattern, ranks, dead layers, x0, ….

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> walk = Network.random([2, 3, 2], rng=0).walk([0, 0], max_regions=3)
        >>> found = walk.regions()
        >>> list(found.node_columns())[:2]
        ['distance', 'pattern']
        """
        return {"distance": self.distances, **super().node_columns()}

    def to_dict(self) -> dict[str, Any]:
        """What was found, with exact numbers as text "p/q"; see :attr:`node_columns`.

        Returns
        -------
        dict

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> walk = Network.random([2, 3, 2], rng=0).walk([0, 0], max_regions=3)
        >>> found = walk.regions()
        >>> sorted(found.to_dict())[:3]
        ['complete', 'edge_neurons', 'edges']
        """
        columns: dict[str, NDArray[Any] | Sequence[Any]] = self.node_columns()
        return {
            "x": list(map(exact_text, self.x)),
            "norm": "linf",
            "radius": None if self.radius is None else exact_text(self.radius),
            "complete": self.complete,
            "reason": self.reason,
            "regions": {
                "exact_distance": list(map(exact_text, self.exact_distances)),
                **{name: np.asarray(column).tolist() for name, column in columns.items()},
            },
            "edges": self.edges.tolist(),
            "edge_neurons": self.edge_neurons.tolist(),
        }
