"""Linear regions by recursion over layers: in each region the next layer is an arrangement."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.arrangement import Arrangement
from arrangement.errors import SizeError
from arrangement.exact.numbers import primitive
from arrangement.exact.polyhedron import Polyhedron
from arrangement.networks.complex import affine_maps
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.domains import polytope_of
from arrangement.networks.complex.geometry import CellGeometry
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers
from arrangement.networks.regions.division import Point
from arrangement.networks.regions.linear_regions import LinearRegion, LinearRegions
from arrangement.progress import Progress, reporter
from arrangement.results.columns import frozen

__all__ = ["HalfspaceRegions", "regions_by_recursion"]

Integers = NDArray[np.object_]
Table = list[list[Any]]

MOST_ROWS = 64
"""Vertices of a region of more inequalities, of which each may be a facet, are refused."""


@dataclass(frozen=True)
class _Part:
    """The region of the first layers' patterns: its inequalities and its map, exactly."""

    patterns: tuple[tuple[int, ...], ...]
    walls: Integers
    table: Table | None
    witness: Point | None


def regions_by_recursion(
    layers: Layers, walls: Integers, executor: Any = None, progress: Progress = None
) -> HalfspaceRegions:
    """All full-dimensional regions of a network, region by region and layer by layer.

    In a region of the layers before, the neurons of the next are affine functions, so their
    zero sets are a hyperplane arrangement; its cells that meet the region are found by linear
    programs whose answers are confirmed exactly
    (:mod:`arrangement.enumeration.linear_programs`). It shares nothing with the complex, needs
    memory for the regions only, and any number of inputs; it is slower where there are few.

    Parameters
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows [g | c] of the domain, g·x + c > 0 inside.
    executor : concurrent.futures.Executor, optional
        Regions of one layer are split independently of each other.
    progress : bool or callable, optional

    Examples
    --------
    >>> from arrangement.hyperplanes.domain import parse_domain
    >>> from arrangement.networks import Network
    >>> fold = Layers(Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]]))
    >>> len(regions_by_recursion(fold, parse_domain([(-1, 1)], 1)))
    2
    """
    show = reporter(progress, "regions split")
    parts = [_Part((), walls, None, None)]
    for l in range(len(layers.hidden_widths)):
        apply = map if executor is None else executor.map
        found: list[_Part] = []
        results = apply(_split, itertools.repeat(layers), parts, itertools.repeat(l))
        for done, children in enumerate(results, 1):
            found.extend(children)
            show(done, len(parts))
        parts = found
    patterns, witnesses = [p.patterns for p in parts], [p.witness for p in parts]
    return HalfspaceRegions(layers, walls, patterns, witnesses)


def _split(layers: Layers, part: _Part, l: int) -> list[_Part]:
    """The regions into which layer l cuts a region."""
    table = layers.composed(l, part.table)
    contests = list(_contests(layers, l, table))
    proper = np.array([any(row[:-1]) for *_, row in contests], dtype=np.bool_)
    rows = np.array([row for *_, row in contests], dtype=object)
    rows = rows.reshape(-1, part.walls.shape[1])
    cells = Arrangement(rows[proper, :-1], rows[proper, -1]).cells(
        method="lp", domain=(-part.walls[:, :-1], part.walls[:, -1])
    )
    _ = cells.points  # known from the linear programs, witnesses rest on them
    signs = np.empty((len(cells), len(rows)), dtype=np.int8)
    signs[:, proper] = cells.signs
    signs[:, ~proper] = [exact.sign(v) for v in rows[~proper, -1]]
    # Functions of one sign in all cells bound none of them.
    cutting = np.flatnonzero((signs != signs[:1]).any(axis=0)).tolist()
    children: dict[tuple[int, ...], _Part] = {}
    for c, sides in enumerate(signs.tolist()):
        pattern = _winners(contests, sides)
        if pattern not in children:
            inside = [
                [sides[i] * v for v in contests[i][3]]
                for i in cutting
                if pattern[contests[i][0]] in contests[i][1:3]
            ]
            walls = np.array([*part.walls.tolist(), *inside], dtype=object)
            below = affine_maps.chosen_rows(layers, l, table, np.array(pattern))
            children[pattern] = _Part(
                (*part.patterns, pattern), walls, below, tuple(cells.witness[c])
            )
    return list(children.values())


def _contests(
    layers: Layers, l: int, table: Table
) -> Iterator[tuple[int, int, int, list[int]]]:
    """Neuron, pieces p > q and the function that is positive where p wins over q."""
    k = layers.pieces
    if not layers.is_maxout:
        for j, row in enumerate(table[:-1]):
            linear = layers.slopes[l][j] == 1.0  # always counted as active: no cut
            one = [0] * (len(row) - 1) + [1]
            yield j, 1, 0, one if linear else primitive([int(v) for v in row])
        return
    for j in range((len(table) - 1) // k):
        for p in range(1, k):
            for q in range(p):
                pair = zip(table[j * k + p], table[j * k + q], strict=True)
                yield j, p, q, primitive([int(a - b) for a, b in pair])


def _winners(
    contests: list[tuple[int, int, int, list[int]]], sides: list[int]
) -> tuple[int, ...]:
    """The piece of each neuron in force; of equal ones the first."""
    winner: dict[int, int] = {}
    for (j, p, q, _), side in zip(contests, sides, strict=True):
        if winner.setdefault(j, 0) == q and side > 0:
            winner[j] = p
    return tuple(winner.values())


class HalfspaceRegions(LinearRegions[LinearRegion]):
    """The linear regions of a network by their patterns, without a complex.

    What needs the regions round a region (adjacency, merging, classes, graphs, files) takes
    the complex: ``method="complex"``. Vertices and volumes are computed region by region, by
    double description.

    Attributes
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        The domain.
    """

    def __init__(
        self,
        layers: Layers,
        walls: Integers,
        patterns: list[tuple[tuple[int, ...], ...]],
        witnesses: list[Point | None],
    ) -> None:
        self.layers, self.walls = layers, walls
        self._patterns, self._witnesses = patterns, witnesses

    @cached_property
    def patterns(self) -> list[NDArray[Any]]:
        """The activation patterns, per hidden layer; see :attr:`Regions.patterns`."""
        kind = np.int64 if self.layers.is_maxout else np.bool_
        levels = zip(*self._patterns, strict=True)
        return [frozen(np.array(level, dtype=kind)) for level in levels]

    def __len__(self) -> int:
        return len(self._witnesses)

    def _item(self, i: int) -> LinearRegion:
        return LinearRegion(self, i)

    def __repr__(self) -> str:
        return f"{len(self)} activation regions of a network, by recursion"

    @property
    def n_activation_regions(self) -> int:
        """How many activation patterns have a region of full dimension: len(regions)."""
        return len(self)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """A point of each region, shape (m, d): the witness rounded to float64.

        NaN where it is beyond float64.
        """
        points = np.array([[nearest(v) for v in self.witness(i)] for i in range(len(self))])
        points[~np.isfinite(points).all(axis=1)] = np.nan
        return frozen(points)

    def witness(self, i: int) -> Point:
        """A rational point strictly inside a region."""
        found = self._witnesses[i]
        if found is None:
            found = exact.interior_point(self.walls.tolist())
            assert found is not None, "the domain has interior points"
        return found

    def rows(self, i: int) -> Integers:
        """The inequalities [g | c] of a region, g·x + c > 0 inside: walls, then neurons."""
        found = self.walls.tolist()
        table: Any = None
        for l, level in enumerate(self.patterns):
            table = self.layers.composed(l, table)
            pattern = level[i].astype(np.int64).tolist()
            for j, p, q, row in _contests(self.layers, l, table):
                if pattern[j] in (p, q) and any(row[:-1]):
                    found.append(row if pattern[j] == p else [-v for v in row])
            table = affine_maps.chosen_rows(self.layers, l, table, level[i])
        return np.array(found, dtype=object)

    def polyhedron(self, i: int) -> Polyhedron:
        """A region's closure by exact inequalities.

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
        """The vertices of a region as Fractions, in lexicographic order."""
        return cast(list[Point], self.polyhedron(i).vertices)  # as networks are rational

    def vertices(self, i: int) -> NDArray[np.float64]:
        """The vertices of a region in float64, shape (k, d)."""
        return np.array([[nearest(v) for v in x] for x in self.exact_vertices(i)])

    def exact_volume(self, i: int) -> Fraction:
        """The volume of a region, exactly."""
        body = polytope_of(self.polyhedron(i).rows)
        linear = Layers(FeedForward([np.zeros((1, self.layers.input_dimension))], [[0]]))
        return CellGeometry(Complex(linear, body)).exact_volume(0)
