"""Linear regions of a network by their inequalities, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.checks import given_points
from arrangement.errors import InputError, SizeError
from arrangement.exact.inner_points import inner_point
from arrangement.exact.numbers import primitive
from arrangement.exact.polyhedron import Polyhedron
from arrangement.memory import refuse
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.domains import polytope_of
from arrangement.networks.complex.geometry import CellGeometry
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers, homogeneous
from arrangement.networks.regions.crossings import Crossings, Side
from arrangement.networks.regions.decision_cells import (
    DecisionCells,
    joined_cells,
    wins_on_facet,
)
from arrangement.networks.regions.division import Facet, Point
from arrangement.networks.regions.inequalities import Choices
from arrangement.networks.regions.linear_regions import LinearRegion, LinearRegions
from arrangement.networks.regions.region_search import Batch, PatternSearch, joined
from arrangement.networks.regions.region_tasks import Part, RegionCheckpoint, parts
from arrangement.progress import Progress, reporter
from arrangement.results.columns import frozen

__all__ = ["HalfspaceRegions", "regions_by_recursion", "regions_in_portions"]

Integers = NDArray[np.object_]

DIVES = 64
"""From so many the number of regions is estimated before they are listed."""

MANY = 10_000
"""Where there are about so many, it is estimated again, from 16 times as many dives."""

EXCESS = 1000
"""An unbiased estimate is so many times too large in one case of as many at most (Markov)."""

CHECKED = 2**18
"""Regions after which memory is looked at again, and whenever they are twice as many."""

MOST_WITH_VOLUMES = 8
"""Inputs up to which the volume of a region takes seconds; of each more, ten times as many."""

MOST_ROWS = 64
"""Vertices of a region of more inequalities, of which each may be a facet, are refused."""


def regions_by_recursion(
    layers: Layers,
    walls: Integers,
    executor: Executor | None = None,
    progress: Progress = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> HalfspaceRegions:
    """All full-dimensional regions of a network, neuron by neuron, depth first.

    What earlier neurons leave is cut by the next; the simplex method goes on from the vertex
    where it was, and what it proposes is proved
    (:mod:`arrangement.networks.regions.region_search`). It shares nothing with the complex,
    needs memory for the answer only, and any number of inputs.

    Parameters
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows [g | c] of the domain, g·x + c > 0 inside.
    executor, checkpoint
        See :func:`~arrangement.networks.regions.region_tasks.parts`.
    progress : bool or callable, optional

    Raises
    ------
    SizeError
        If there are more regions than there is memory for, as far as sampled dives tell.

    Examples
    --------
    >>> from arrangement.hyperplanes.domain import parse_domain
    >>> from arrangement.networks import Network
    >>> fold = Layers(Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]]))
    >>> len(regions_by_recursion(fold, parse_domain([(-1, 1)], 1)))
    2
    """
    search = PatternSearch(layers, walls)
    expected, each = search.estimate(DIVES, rng=0), search.bytes_each
    if expected.mean > MANY:  # a few dives mostly say too few: some of the rest weigh much
        expected = search.estimate(16 * DIVES, rng=1)
    advice = "reduce the domain, the neurons or the inputs"
    least = expected.mean / EXCESS
    about = (
        f"at least {least:.1g} regions (99.9 % sure; about {expected.mean:.1g} by sampled "
        f"dives) of {each} bytes"
    )
    refuse(int(each * least), about, advice)
    show = reporter(progress, "regions found")
    found: list[Part] = []
    total, checked = 0, CHECKED
    for part in _parts(search, executor, checkpoint):
        found.append(part)
        total += len(part.batch.points)
        if total > checked:  # they are copied once, when they are joined
            checked *= 2
            refuse(2 * each * total, f"more than {total:,} regions of {each} bytes", advice)
        show(total, max(total + 1, round(expected.mean)))
    show(total, total)
    found.sort(key=lambda part: part.key)
    return HalfspaceRegions(layers, walls, joined([part.batch for part in found]))


def regions_in_portions(
    layers: Layers,
    walls: Integers,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Iterator[HalfspaceRegions]:
    """The regions of :func:`regions_by_recursion`, a part at a time."""
    for part in _parts(PatternSearch(layers, walls), executor, checkpoint):
        if len(part.batch.points):
            yield HalfspaceRegions(layers, walls, part.batch, complete=False)


def _parts(search: PatternSearch, executor: Executor | None, checkpoint: Any) -> Iterator[Part]:
    """The regions of a search: in batches, or where parts can be of use in parts."""
    if executor is None and checkpoint is None:
        return (Part((i,), batch) for i, batch in enumerate(search))
    kept = None if checkpoint is None else RegionCheckpoint(checkpoint, search)
    return parts(search, executor, kept)


class HalfspaceRegions(LinearRegions[LinearRegion]):
    """The linear regions of a network by their patterns, without a complex.

    Made by :meth:`Network.regions`. What needs the faces of the regions (merged regions,
    volumes of all, files) takes the complex: ``method="complex"``. Facets are found by linear
    programs, when they are first asked for; vertices and volumes region by region, by double
    description.

    Attributes
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        The domain.
    complete : bool
        Are these all regions in the domain?
    merged : bool
        False: each region is of one activation pattern.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> regions = network.regions([(-1, 2), (-1, 2)], method="recursion")
    >>> regions
    4 activation regions of a network, by recursion
    >>> regions.exact_map(0), regions.exact_volume(0)
    (([(Fraction(0, 1), Fraction(1, 1))], (Fraction(0, 1),)), Fraction(2, 1))
    >>> regions.facet_rows(0).tolist() == regions.rows(0).tolist(), len(regions.facets(0))
    (False, 4)
    >>> regions.exact_vertices(0)[0], regions.vertices(0).shape
    ((Fraction(-1, 1), Fraction(0, 1)), (4, 2))
    >>> int(regions.locate(regions.witness(2))), len(regions.polyhedron(0).vertices)
    (2, 4)
    >>> list(regions.node_columns())[:2], regions.statistics()['neighbors'].largest
    (['pattern', 'affine_map'], 2.0)
    """

    merged = False

    def __init__(
        self, layers: Layers, walls: Integers, found: Batch, complete: bool = True
    ) -> None:
        self.layers, self.walls, self.complete = layers, walls, complete
        self._found, self._crossings = found, Crossings(layers, walls)
        self._known_sides: dict[int, list[Side]] = {}
        self._known_walls: dict[int, list[Side]] = {}

    @cached_property
    def patterns(self) -> list[NDArray[Any]]:
        """As :attr:`Regions.patterns`: per hidden layer an array of shape (m, width)."""
        kind = np.int64 if self.layers.is_maxout else np.bool_
        ends = np.cumsum(self.layers.hidden_widths)[:-1]
        levels = (
            np.split(self._found.choices, ends, axis=1) if self.layers.hidden_widths else []
        )
        return [frozen(level.astype(kind)) for level in levels]

    def __len__(self) -> int:
        return len(self._found.points)

    def _item(self, i: int) -> LinearRegion:
        return LinearRegion(self, i)

    def __repr__(self) -> str:
        some = "" if self.complete else "some "
        return f"{some}{len(self)} activation regions of a network, by recursion"

    @property
    def n_activation_regions(self) -> int:
        """How many activation patterns have a region of full dimension: len(regions)."""
        return len(self)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """A point of each region, shape (m, d): the witness rounded to float64.

        NaN where it is beyond float64.
        """
        return frozen(self._found.points)

    def witness(self, i: int) -> Point:
        """A rational point strictly inside a region.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        tuple of d Fractions
        """
        i = self._place(i)
        known = self._found.witnesses.get(i)
        return tuple(map(Fraction, self._found.points[i].tolist())) if known is None else known

    def rows(self, i: int) -> Integers:
        """The inequalities [g | c] of a region, g·x + c > 0 inside: walls, then neurons.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        ndarray of Python ints, shape (k, d + 1)
        """
        rows = self._crossings.inequalities.rows(self._found.choices[self._place(i)].tolist())
        assert rows is not None, "the region has a point"
        return rows

    def facet_rows(self, i: int) -> Integers:
        """The inequalities of :meth:`rows` that have a facet, as :meth:`facets` has them.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        ndarray of Python ints, shape (k, d + 1)
        """
        sides = *self._wall_sides(i), *self._sides(i)
        return self._crossings.outline(self._choices(i)).rows[[side.row for side in sides]]

    def polyhedron(self, i: int) -> Polyhedron:
        """A region's closure by exact inequalities.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        Polyhedron

        Raises
        ------
        SizeError
            If there are more inequalities than double description is good for.
        """
        rows = self.rows(i)
        if len(rows) > MOST_ROWS:
            raise SizeError(
                f"region {i} has {len(rows)} inequalities in dimension {rows.shape[1] - 1}; "
                f"vertices are listed up to {MOST_ROWS}: use method='complex'"
            )
        return Polyhedron(rows)

    def exact_vertices(self, i: int) -> list[Point]:
        """The vertices of a region as Fractions, in lexicographic order.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        list of tuples of d Fractions
        """
        return cast(list[Point], self.polyhedron(i).vertices)  # as networks are rational

    def vertices(self, i: int) -> NDArray[np.float64]:
        """The vertices of a region in float64, shape (k, d).

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        ndarray, shape (k, d)
        """
        return np.array([[nearest(v) for v in x] for x in self.exact_vertices(i)])

    def exact_volume(self, i: int) -> Fraction:
        """The volume of a region, exactly.

        Parameters
        ----------
        i : int
            A region.

        Raises
        ------
        SizeError
            If there are too many inputs, and so too many faces, or too many inequalities.
        """
        d = self.dimension
        if d > MOST_WITH_VOLUMES:
            raise SizeError(
                f"region {i} is in dimension {d}, where a box has {3**d:,} faces; volumes are "
                f"computed up to {MOST_WITH_VOLUMES} inputs"
            )
        body = polytope_of(self.polyhedron(i).rows)
        linear = Layers(FeedForward([np.zeros((1, self.layers.input_dimension))], [[0]]))
        return CellGeometry(Complex(linear, body)).exact_volume(0)

    @cached_property
    def classes(self) -> list[tuple[int, ...]]:
        """The classes that are argmax of the output somewhere in the interior of each region.

        A class counts if it wins on a set of full dimension; of equal outputs the first wins.
        """
        return [self._classes(i) for i in range(len(self))]

    def decision_regions(self) -> DecisionCells:
        """The connected sets of inputs of one class, connected through facets, exactly.

        Two parts of one class have a common facet where the class wins, or ties, on a part of
        a facet between their regions that has full dimension in it.

        Returns
        -------
        DecisionCells

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> fold = Network([[[1], [-1]], [[1, 1], [0, 0]]], [[0, 0], [-1, 0]])
        >>> decision = fold.regions([(-3, 3)], method="recursion").decision_regions()
        >>> len(decision), decision.class_counts.tolist()
        (3, [2, 1])
        """
        out = self.layers.output_dimension
        cells = [(i, k) for i, found in enumerate(self.classes) for k in found]
        number = {cell: c for c, cell in enumerate(cells)}
        links = []
        for i in range(len(self)):
            rows = self._crossings.outline(self._choices(i)).rows
            outputs = self._crossings.inequalities.functions(self._choices(i))[:out]
            for side in self._sides(i):
                j = None if side.beyond is None else self._numbers.get(side.beyond)
                if j is None or j < i:
                    continue
                links += [
                    (number[i, k], number[j, k])
                    for k in set(self.classes[i]) & set(self.classes[j])
                    if wins_on_facet(rows, side.row, outputs, k)
                ]
        return joined_cells(cells, links, out)

    def _classes(self, i: int) -> tuple[int, ...]:
        choices = self._choices(i)
        rows = self._crossings.outline(choices).rows
        out = self.layers.output_dimension
        outputs = np.array(self._crossings.inequalities.functions(choices)[:out], dtype=object)
        found = []
        for k in range(out):
            margins = [primitive(list(map(int, outputs[k] - outputs[j]))) for j in range(out)]
            flat = [(m[-1], j) for j, m in enumerate(margins) if j != k and not any(m[:-1])]
            if any(c < 0 or (c == 0 and j < k) for c, j in flat):
                continue
            over = [m for m in margins if any(m[:-1])]
            wanted = np.concatenate(
                [rows, np.array(over, dtype=object).reshape(-1, rows.shape[1])]
            )
            if inner_point(wanted, self.points[i]) is not None:
                found.append(k)
        return tuple(found)

    # -- adjacency --------------------------------------------------------------------------

    def _choices(self, i: int) -> Choices:
        return tuple(self._found.choices[self._place(i)].tolist())

    @cached_property
    def _numbers(self) -> dict[Choices, int]:
        return {tuple(row): i for i, row in enumerate(self._found.choices.tolist())}

    def _sides(self, i: int) -> list[Side]:
        """The facets of a region inside the domain, which are sought once."""
        i = self._place(i)
        if i not in self._known_sides:

            def is_neighbor(beyond: Choices) -> bool | None:
                """What is known of a region that may be beyond a facet, None for nothing."""
                other = self._numbers.get(beyond)
                if other is None:
                    return False if self.complete else None
                if other not in self._known_sides:
                    return None
                return any(side.beyond == self._choices(i) for side in self._known_sides[other])

            outline = self._crossings.outline(self._choices(i))
            self._known_sides[i] = list(
                self._crossings.sides(outline, self.witness(i), is_neighbor)
            )
        return self._known_sides[i]

    def _wall_sides(self, i: int) -> list[Side]:
        """The facets of a region on the boundary of the domain."""
        i = self._place(i)
        if i not in self._known_walls:
            outline = self._crossings.outline(self._choices(i))
            self._known_walls[i] = list(self._crossings.wall_sides(outline, self.witness(i)))
        return self._known_walls[i]

    def facets(self, i: int) -> list[Facet]:
        """The facets of a region: one for each neighbour and each wall of the domain.

        Where not all regions were found there may be others beyond: a facet that has a neuron
        and no neighbour leads there.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        list of Facet
        """
        place = self._crossings.inequalities.place
        return [
            Facet(
                None if side.beyond is None else self._numbers.get(side.beyond),
                None if side.neuron is None else place(side.neuron),
                side.wall,
            )
            for side in (*self._wall_sides(i), *self._sides(i))
        ]

    @cached_property
    def _graph(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Edges and their neurons."""
        edges: dict[tuple[int, int], tuple[int, int]] = {}
        place = self._crossings.inequalities.place
        for i in range(len(self)):
            for side in self._sides(i):
                other = None if side.beyond is None else self._numbers.get(side.beyond)
                if other is not None and side.neuron is not None:
                    edges.setdefault((min(i, other), max(i, other)), place(side.neuron))
        order = sorted(edges)
        return _pairs(order), _pairs([edges[pair] for pair in order])

    @property
    def edges(self) -> NDArray[np.int64]:
        """Pairs of regions that share a facet, shape (E, 2), each once, lower first."""
        return self._graph[0]

    @property
    def edge_neurons(self) -> NDArray[np.int64]:
        """As :attr:`Regions.edge_neurons`, of shape (E, 2)."""
        return self._graph[1]

    @cached_property
    def boundary_facets(self) -> NDArray[np.int64]:
        """The facets on the domain's boundary, shape (B, 2): region, row of the domain."""
        return _pairs(
            sorted((i, side.wall) for i in range(len(self)) for side in self._wall_sides(i))
        )

    @cached_property
    def facet_counts(self) -> NDArray[np.int64]:
        """How many facets each region has, shape (m,): the lengths of :meth:`facets`."""
        counts = [len(self._wall_sides(i)) + len(self._sides(i)) for i in range(len(self))]
        return frozen(np.array(counts, dtype=np.int64))

    def locate(self, x: ArrayLike) -> int | NDArray[np.int64]:
        """The region that contains a point; see :meth:`Regions.locate`.

        Parameters
        ----------
        x : array_like, shape (d,) or (k, d)

        Returns
        -------
        int, or ndarray of int64 of shape (k,)

        Raises
        ------
        InputError
            If a point is outside the domain, between regions, or in none of those that were
            found.
        """
        points, single = given_points(x, self.dimension)
        found = [self._locate(k, tuple(map(Fraction, row))) for k, row in enumerate(points)]
        return found[0] if single else np.array(found, dtype=np.int64)

    def _locate(self, k: int, x: Point) -> int:
        column = np.array([int(v) for v in homogeneous(x)], dtype=object)
        if (self.walls @ column <= 0).any():
            raise InputError(f"point {k} is not inside the domain")
        choices = self._crossings.behind(x, [0] * self.dimension)
        if (self._crossings.outline(choices).rows @ column <= 0).any():
            raise InputError(f"point {k} lies between regions")
        i = self._numbers.get(choices)
        if i is None:
            raise InputError(f"point {k} is in none of the regions that were found")
        return i


def _pairs(found: list[Any]) -> NDArray[np.int64]:
    return frozen(np.array(found, dtype=np.int64).reshape(-1, 2))
