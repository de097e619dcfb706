"""The convex cells of a complex one by one: their vertices and volumes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property
from math import factorial, prod
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.kernels.networks import pulling
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.vertices import nearest
from arrangement.ragged import places

__all__ = ["CellGeometry", "boundaries"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def boundaries(
    which: Indices, begin: NDArray[Any], sizes: NDArray[Any], pool: NDArray[Any]
) -> tuple[Indices, Indices]:
    """The boundaries of some faces in a row, and for each entry the place of its face.

    Parameters
    ----------
    which : ndarray of int
        The faces.
    begin, sizes : ndarray of int, shape (F,)
        Where the boundary of each face begins in the pool, and its length.
    pool : ndarray of int, shape (P,)
    """
    place, at = places(begin[which], sizes[which])
    return pool[at].astype(np.int64), place


class CellGeometry:
    """Vertices and volumes of the cells of a complex, computed when they are first asked for.

    Parameters
    ----------
    cells : Complex
    """

    def __init__(self, cells: Complex) -> None:
        self.complex = cells

    @cached_property
    def faces(self) -> NDArray[np.int64]:
        """The face of full dimension that is each cell."""
        faces = self.complex.faces
        top = np.flatnonzero(faces[:, 0] == self.complex.dimension)
        result = np.empty(len(top), dtype=np.int64)
        result[faces[top, 3]] = top
        return result

    @cached_property
    def corners(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The vertices of each cell: where they begin, and all in a row."""
        begin, found = pulling.corners(self.faces, self.complex.faces, self.complex.pool)
        return begin, found

    def corners_of(self, cells: Iterable[int]) -> list[int]:
        """The vertices of some cells, sorted."""
        begin, corner = self.corners
        return sorted({v for c in cells for v in corner[begin[c] : begin[c + 1]].tolist()})

    def polygon(self, cell: int) -> list[int]:
        """The vertices of a cell of dimension 2, counterclockwise."""
        faces, pool, points = self.complex.faces, self.complex.pool, self.complex.points
        f = self.faces[cell]
        edges = pool[faces[f, 1] : faces[f, 2]]
        ends = faces[pool[faces[edges, 1, None] + np.arange(2)], 1].tolist()
        follow: dict[int, list[int]] = {}
        for a, b in ends:
            follow.setdefault(a, []).append(b)
            follow.setdefault(b, []).append(a)
        path = [min(follow)]
        before = -1
        while len(path) < len(follow):
            before, v = (path[-2] if len(path) > 1 else -1), path[-1]
            one, other = follow[v]
            path.append(other if one == before else one)
        with np.errstate(over="ignore", invalid="ignore"):
            x, y = (points[path] - points[path[0]]).T
            terms = x * np.roll(y, -1) - y * np.roll(x, -1)
            turning, most = float(terms.sum()), float(np.abs(terms).sum())
        if not 1e-9 * most < abs(turning) < np.inf:
            corners = self.complex.exact.fractions(path)
            turning = exact.sign(
                sum(
                    a * d - b * c
                    for (a, b), (c, d) in zip(corners, corners[1:] + corners[:1], strict=True)
                )
            )
        return path if turning > 0 else [path[0], *reversed(path[1:])]

    @cached_property
    def _lowest(self) -> NDArray[np.int32]:
        return np.asarray(pulling.lowest_vertices(self.complex.faces, self.complex.pool))

    @cached_property
    def volumes(self) -> Floats:
        """The volume of each cell in float64; infinite, or 0, beyond its range."""
        cells = self.complex
        if not cells.domain.has_float64_volumes:
            return np.array([nearest(self.exact_volume(c)) for c in range(len(self.faces))])
        return np.asarray(
            pulling.volumes(self.faces, cells.faces, cells.pool, self._lowest, cells.points)
        )

    def exact_volume(self, cell: int) -> Fraction:
        """The volume of a cell, exactly: that of the simplices of a triangulation."""
        cells = self.complex
        simplices = pulling.triangulation(
            self.faces[cell], cells.faces, cells.pool, self._lowest
        )
        numbers = sorted(set(simplices.ravel().tolist()))
        columns = dict(zip(numbers, cells.exact.coordinates(numbers), strict=True))
        total = Fraction(0)
        for simplex in simplices.tolist():
            rows = [columns[v] for v in simplex]
            total += Fraction(abs(int(fmpz_mat(rows).det())), prod(int(x[-1]) for x in rows))
        return total / factorial(cells.dimension)

    def vertices_of(self, members: list[int]) -> tuple[int, ...]:
        """The vertices of some faces, sorted."""
        faces, pool = self.complex.faces, self.complex.pool
        found: set[int] = set()
        level = set(members)
        while level:
            deeper: set[int] = set()
            for f in level:
                k, begin, end = faces[f, :3].tolist()
                if k == 0:
                    found.add(begin)
                else:
                    deeper.update(pool[begin:end].tolist())
            level = deeper
        return tuple(sorted(found))
