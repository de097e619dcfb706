"""A simple polytope while it is cut and stays simple: its vertices and edges alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import count
from math import comb
from operator import or_

import numpy as np
from numpy.typing import NDArray

from arrangement.kernels.networks import edge_subdivision as kernel
from arrangement.kernels.networks import star_faces as lattice
from arrangement.kernels.networks.subdivision import COMPLETE, NEED_VERTICES
from arrangement.kernels.rounding import UNIT_ROUNDOFF
from arrangement.memory import refuse
from arrangement.networks.complex.cutting import ADVICE, Subdivision, enlarged, refuse_many
from arrangement.networks.complex.domains import Polytope

__all__ = ["DegenerateError", "EdgeSubdivision", "SimpleComplex", "is_simple"]

FEW = 8
"""So many signs are settled before it is asked whether one of them is 0."""

MOST_VERTICES = 2**27
"""The ends of edges are 16 times a vertex and a place, in 32 bits."""

MOST_STEEP = 2**20
"""A bound on the entries of a direction, in which edges rise."""


class DegenerateError(Exception):
    """A vertex lies on more zero sets than the dimension."""


@dataclass(frozen=True, eq=False)
class SimpleComplex:
    """A simple complex by its vertices, of which the faces are derived when they are wanted.

    Attributes
    ----------
    points, spread, parents, origin, signs_of_regions
        As those of :class:`Complex`.
    on : ndarray of int32, shape (V, d)
        The functions that vanish at each vertex, in order.
    ends : ndarray of int32, shape (V, 2 d)
        The other end of each edge; see :class:`kernel.Stars`.
    up : ndarray of int64, shape (V,)
        The places from which an edge rises, as bits.
    born : ndarray of int32, shape (m, 2)
        Where each region is found, and
    numbers : ndarray of int64, shape (m,)
        its number.
    labels : ndarray of int64
        Of the cuts, then of the walls.
    """

    points: NDArray[np.float64]
    spread: NDArray[np.float64]
    parents: NDArray[np.int32]
    origin: NDArray[np.int32]
    signs_of_regions: NDArray[np.int8]
    on: NDArray[np.int32]
    ends: NDArray[np.int32]
    up: NDArray[np.int64]
    born: NDArray[np.int32]
    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]

    def faces(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """`faces` and `pool`, as those of :class:`Complex`.

        Raises
        ------
        SizeError
            If there are too many.
        """
        n, d = self.on.shape
        *counts, length = lattice.numbers_of_faces(n, self.ends, self.up).tolist()
        refuse_many(max(sum(counts), length))
        number = max(comb(d, k) * 2**k for k in range(d + 1))
        size = 4 * (6 * sum(counts) + length + number * n)
        refuse(size, f"{sum(counts):,} faces", ADVICE)
        faces, pool = np.empty((sum(counts), 6), np.int32), np.empty(length, np.int32)
        lattice.faces_of_stars(
            n, self.on, self.ends, self.up, self.born, self.numbers, self.labels, faces, pool
        )
        return faces, pool

    def facets(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """The faces of codimension 1, which take less to be found alone.

        Returns
        -------
        numbers : ndarray of int64, shape (F,)
            In `faces`.
        label : ndarray of int32, shape (F,)
        sides : ndarray of int64, shape (F, 2)
            The regions on both sides, lower first; −1 outside.

        Raises
        ------
        SizeError
            If there are too many.
        """
        n, d = self.on.shape
        counts = lattice.numbers_of_faces(n, self.ends, self.up)
        before, number = int(counts[: d - 1].sum()), int(counts[d - 1])
        refuse_many(before + number)
        refuse(20 * number + 4 * 2**d * n, f"{number:,} facets", ADVICE)
        label, sides = np.empty(number, np.int32), np.empty((number, 2), np.int64)
        lattice.facets_of_stars(
            n, self.on, self.ends, self.up, self.born, self.numbers, self.labels, label, sides
        )
        return before + np.arange(number), label, sides


def directions(d: int) -> Iterator[NDArray[np.int64]]:
    """Directions with positive entries, one after the other."""
    for seed in count():
        yield np.array(np.random.default_rng(seed).integers(1, MOST_STEEP, d))


def is_simple(domain: Polytope) -> bool:
    """Does every vertex of the domain lie on as many facets as there are coordinates, of which
    there are not too many?"""
    d = domain.rows.shape[1] - 1
    if d > kernel.MOST_DIMENSIONS:
        return False
    return bool((np.bincount(np.array(domain.faces[1]).ravel()) == d).all())


class EdgeSubdivision(Subdivision):
    """The edges of a simple polytope, cut by all steps of a network.

    Attributes
    ----------
    stars : kernel.Stars
        With room for more.

    Raises
    ------
    DegenerateError
        If the complex does not stay simple.
    """

    def _begin(self) -> None:
        """The edges of the domain."""
        d, levels = self.layers.input_dimension, self.domain.faces
        n, room = self.n_vertices, len(self.vertices.spread)
        self._n_cuts = 0
        n_words = sum(map(len, self.steps.cutting)) // 64 + 1
        self.stars = kernel.Stars(
            on=np.empty((room, d), dtype=np.int32),
            ends=np.empty((room, 2 * d), dtype=np.int32),
            lines=np.empty((room, 2 * d), dtype=np.int32),
            positive=np.empty((room, n_words), dtype=np.uint64),
        )
        self._split = np.empty((room, 2), dtype=np.int32)
        self.stars.positive[:n] = 0
        self.stars.ends[:n] = kernel.OUTSIDE
        corners = [1 << v for v in range(n)]  # of each face, as bits
        for level in levels[1:d]:
            corners = [reduce(or_, [corners[e] for e in face]) for face in level]
        walls = [[w for w, facet in enumerate(corners) if facet >> v & 1] for v in range(n)]
        self.stars.on[:n] = np.array(walls) - len(corners)
        for face in levels[1]:
            places = []
            for v, other in (face, face[::-1]):
                (left,) = set(walls[v]) - set(walls[other])
                places.append((v, 2 * walls[v].index(left) + 1))
            for here, (v, place) in zip(places, places[::-1], strict=True):
                self.stars.ends[here] = 16 * v + place

    def _begin_lines(self) -> None:
        n = self.n_vertices
        self.stars.lines[:n] = self.stars.ends[:n] >> 4

    def _subdivide(
        self, cutting: NDArray[np.int64], settled: bool, fixed: bool, last: bool
    ) -> tuple[int, int]:
        status, n = kernel.subdivide_edges(
            cutting, settled, fixed, last, self._n_cuts, self.counts, self.vertices,
            self.stars, self._split,
        )  # fmt: skip
        if status == kernel.DEGENERATE:
            raise DegenerateError
        if status == COMPLETE:
            self._n_cuts += len(cutting)
        return status, n

    def _settle(self, vertices: list[int], number: int) -> None:
        for k in range(0, len(vertices), FEW):
            some = vertices[k : k + FEW]
            super()._settle(some, number)
            if not self.vertices.signs[some].all():
                raise DegenerateError

    def _grow(self, count: int) -> None:
        refuse_many(int(self.counts[NEED_VERTICES]), "vertices", MOST_VERTICES)
        self._grow_vertices()
        *stars, self._split = enlarged((*self.stars, self._split), len(self.vertices.spread))
        self.stars = kernel.Stars(*stars)

    def complex(self) -> SimpleComplex:
        """The complex, whose regions are numbered as they are split off one from another.

        Each is found at its lowest vertex in a direction in which no edge is level.
        """
        self._finish_vertices()
        n, (on, ends, _, positive) = self.n_vertices, self.stars
        up = self._rising()
        positive, born = kernel.births(n, on, positive, up)
        # Of one word no stable order is needed, which is quicker to find.
        one = positive.shape[1] == 1
        order = np.argsort(positive[:, 0]) if one else np.lexsort(positive.T[::-1])
        steps = np.concatenate([np.zeros(0, np.int64), *(c[:, 3] for c in self.steps.cutting)])
        m = len(positive)
        numbers = np.empty(m, dtype=np.int64)
        origin = np.empty((m, 2), dtype=np.int32)
        signs = np.zeros((m, len(self.steps)), dtype=np.int8)
        kernel.pedigree(positive[order], steps, numbers, origin, signs)
        points, spread, parents, *_ = self.vertices
        return SimpleComplex(
            points, spread, parents, origin, self.steps.complete(signs), on[:n].copy(),
            ends[:n].copy(), up, born[order], numbers,
            np.concatenate([steps, -1 - np.array(self.domain.walls)]),
        )  # fmt: skip

    def _rising(self) -> NDArray[np.int64]:
        """The places at each vertex from which an edge rises, in some direction."""
        n, ends = self.n_vertices, self.stars.ends
        points, spread = self.vertices.points[:n], self.vertices.spread[:n]
        up, asked = np.empty(n, np.int64), np.empty((n * points.shape[1], 2), np.int32)
        for direction in directions(points.shape[1]):
            with np.errstate(over="ignore", invalid="ignore"):
                heights, size = points @ direction, np.abs(points) @ direction
                errors = spread * direction.sum() + 2 * len(direction) * UNIT_ROUNDOFF * size
            open_ = asked[: kernel.rising(n, ends, heights, errors, up, asked)]
            if self._settle_rises(open_, direction.tolist(), up):
                return up
        raise AssertionError("some direction is level on no edge")

    def _settle_rises(
        self, edges: NDArray[np.int32], direction: list[int], up: NDArray[np.int64]
    ) -> bool:
        """Exactly which of some edges rise; False if one is level."""
        for v, place in edges.tolist():
            w, far = divmod(int(self.stars.ends[v, place]), 16)
            (*x, p), (*y, q) = self.exact.coordinates([v, w])
            terms = zip(direction, x, y, strict=True)
            rise = sum(c * (b * p - a * q) for c, a, b in terms)
            if rise == 0:
                return False
            if rise > 0:
                up[v] |= 1 << place
            else:
                up[w] |= 1 << far
        return True
