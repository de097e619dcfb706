"""The closure of a cell as a polyhedron: vertices, rays, lines and faces, exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.fields import Point
from arrangement.exact.numbers import primitive

__all__ = ["Polyhedron", "cut_rays", "extreme_rays"]

Integers = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Polyhedron:
    """The polyhedron {x : row·(x, 1) ≥ 0 for all rows}, which has interior points.

    It is the sum of the convex hull of its vertices, the cone of its rays, and the span of its
    lines. Where there are lines, vertices and rays are those of its cut with the coordinate
    subspace in which :meth:`Arrangement.essentialization` lives: coordinates on whose columns
    the normals do not depend independently are 0.

    Attributes
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        [normal | offset], no normal zero.

    Examples
    --------
    >>> import numpy as np
    >>> corner = Polyhedron(np.array([[1, 0, 0], [0, 2, -1]], dtype=object))
    >>> [[str(v) for v in vertex] for vertex in corner.vertices], corner.rays, corner.lines
    ([['0', '1/2']], [(0, 1), (1, 0)], [])
    """

    rows: Integers

    @cached_property
    def _columns(self) -> list[int]:
        """The coordinates in which the polyhedron is pointed."""
        return exact.independent_columns(self.rows[:, :-1])

    @cached_property
    def _generators(self) -> list[tuple[list[int], int]]:
        """The extreme rays of the cone over the polyhedron, and the rows that are 0 on them.

        A generator (x, c) with c > 0 is the vertex x / c, one with c = 0 the ray x. Bit i of
        its mask is 1 where row i is 0; the last bit is that of the row c ≥ 0.
        """
        n, d = len(self.rows), self.rows.shape[1] - 1
        infinity = np.array([[*[0] * len(self._columns), 1]], dtype=object)
        return extreme_rays(np.concatenate([self.rows[:, [*self._columns, d]], infinity]), n)

    @cached_property
    def _ordered(self) -> tuple[list[tuple[Point, int]], list[tuple[tuple[int, ...], int]]]:
        """Vertices and rays with their masks, in lexicographic order."""
        vertices, rays = [], []
        for generator, mask in self._generators:
            direction = [0] * (self.rows.shape[1] - 1)
            for c, v in zip(self._columns, generator, strict=False):
                direction[c] = v
            if generator[-1]:
                vertices.append((tuple(exact.ratio(v, generator[-1]) for v in direction), mask))
            else:
                rays.append((tuple(primitive(direction)), mask))
        return sorted(vertices), sorted(rays)

    @property
    def vertices(self) -> list[Point]:
        """The vertices, at least one, in lexicographic order."""
        return [vertex for vertex, _ in self._ordered[0]]

    @property
    def rays(self) -> list[tuple[int, ...]]:
        """The directions of the unbounded edges: coprime integers, in lexicographic order."""
        return [ray for ray, _ in self._ordered[1]]

    @cached_property
    def lines(self) -> list[tuple[int, ...]]:
        """A basis of the directions along which the polyhedron does not end."""
        d = self.rows.shape[1] - 1
        if len(self.rows) == 0:
            return [tuple(int(k == c) for k in range(d)) for c in range(d)]
        return [tuple(primitive(line)) for line in exact.nullspace(self.rows[:, :-1]).T]

    @cached_property
    def facets(self) -> list[int]:
        """The rows that are 0 on a facet, by the lowest of equal rows."""
        found: dict[int, int] = {}
        for i in range(len(self.rows)):
            on = self.incident(1 << i)
            if on:
                found.setdefault(on, i)
        return sorted(found[on] for on in _maximal(set(found)))

    def incident(self, rows: int) -> int:
        """The generators on which all rows of a mask are 0; 0 if no vertex is among them."""
        on = vertex = 0
        for k, (generator, mask) in enumerate(self._generators):
            if mask & rows == rows:
                on |= 1 << k
                vertex |= generator[-1] != 0
        return on if vertex else 0

    @cached_property
    def faces(self) -> list[dict[int, list[int]]]:
        """The non-empty faces by codimension, each with the faces that it covers.

        A face is the mask of the vertices and rays on it, as `_generators` counts them. Every
        proper face of a polyhedron lies in a facet of it, and the facets of a face are its
        largest cuts with one more row (Ziegler 1995, §2.2).
        """
        level = [(1 << len(self._generators)) - 1]
        found = []
        while level:
            covered: dict[int, list[int]] = {}
            for on in level:
                tight = self._tight(on)
                cuts = {self.incident(tight | 1 << i) for i in range(len(self.rows))}
                covered[on] = sorted(_maximal(cuts - {on, 0}))
            found.append(covered)
            level = sorted(set().union(*covered.values()))
        return found

    def relative_interior(self, on: int) -> list[int]:
        """A point y = (x c, c) of the relative interior of a face, c > 0."""
        chosen = [y for k, (y, _) in enumerate(self._generators) if on >> k & 1]
        y = [sum(column) for column in zip(*chosen, strict=True)]
        result = [0] * self.rows.shape[1]
        for c, v in zip([*self._columns, -1], y, strict=True):
            result[c] = v
        return result

    def is_bounded(self, on: int) -> bool:
        """Has a face no ray?"""
        return all(y[-1] for k, (y, _) in enumerate(self._generators) if on >> k & 1)

    def _tight(self, on: int) -> int:
        """The rows that are 0 on all generators of a mask."""
        mask = (1 << len(self.rows) + 1) - 1
        for k, (_, zero) in enumerate(self._generators):
            if on >> k & 1:
                mask &= zero
        return mask


def _maximal(masks: set[int]) -> set[int]:
    """The masks that are in no other."""
    return {on for on in masks if not any(on & ~other == 0 for other in masks if other != on)}


def extreme_rays(rows: Integers, first: int) -> list[tuple[list[int], int]]:
    """The extreme rays of the pointed cone {y : rows y ≥ 0}, and the rows that are 0 on them.

    The double description method (Motzkin, Raiffa, Thompson, Thrall 1953; Fukuda and Prodon
    1996): the rays of as many independent rows as there are coordinates, then one row after
    the other. A row keeps the rays on its positive side and adds one for each pair of adjacent
    rays that it separates; two rays are adjacent iff no third is zero on all rows on which
    both are.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, D)
        Of rank D, with a y that is positive on all.
    first : int
        A row to begin with.
    """
    n, D = rows.shape
    order = [first, *(i for i in range(n) if i != first)]
    start = [order[k] for k in exact.independent_columns(rows[order].T)]
    inverse, _ = exact.inverse(rows[start])
    rays = []
    for k in range(D):
        y = primitive(inverse[:, k])
        rays.append((y, sum(1 << i for q, i in enumerate(start) if q != k)))
    return cut_rays(rays, rows, [i for i in order if i not in start], D)


def cut_rays(
    rays: list[tuple[list[int], int]], rows: Integers, order: Sequence[int], dimension: int
) -> list[tuple[list[int], int]]:
    """The extreme rays of the part of a pointed cone where some more rows are not negative.

    Parameters
    ----------
    rays : list of (list of int, int)
        Those of the cone, with the masks of the rows that are 0 on them.
    rows : ndarray of Python ints, shape (n, D)
    order : sequence of int
        The rows that are to cut.
    dimension : int
        Each ray is 0 on independent rows one fewer than this.
    """
    for i in order:
        row = rows[i].tolist()
        value = [sum(map(mul, row, y)) for y, _ in rays]
        kept = [
            (y, mask | (1 << i if v == 0 else 0))
            for (y, mask), v in zip(rays, value, strict=True)
            if v >= 0
        ]
        below = [(y, mask, w) for (y, mask), w in zip(rays, value, strict=True) if w < 0]
        for (y, mask), v in zip(rays, value, strict=True):
            if v <= 0:
                continue
            for z, other, w in below:
                common = mask & other
                if common.bit_count() < dimension - 2:
                    continue
                # Of the rows that are 0 on a ray that is on no more than it must be, all but
                # one are 0 on just one other ray.
                simple = min(mask.bit_count(), other.bit_count()) < dimension
                if simple or _adjacent(common, rays):
                    between = primitive([v * b - w * a for a, b in zip(y, z, strict=True)])
                    kept.append((between, common | 1 << i))
        rays = kept
    return rays


def _adjacent(common: int, rays: list[tuple[list[int], int]]) -> bool:
    """Are just two rays zero on all these rows?"""
    count = 0
    for _, mask in rays:
        if mask & common == common:
            count += 1
            if count > 2:
                return False
    return True
