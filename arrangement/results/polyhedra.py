"""The closures of all cells as polyhedra, in bulk: vertices, rays, faces, volumes, balls."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import entries, whole
from arrangement.enumeration import cones
from arrangement.enumeration.cell_rays import cell_rays
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement, Point
from arrangement.exact.numbers import primitive
from arrangement.exact.packing import Signs, pack_signs, unpack_signs, word_count
from arrangement.hyperplanes.reduction import all_columns, distinct_rows
from arrangement.kernels.cells.closures import (
    Closures,
    Work,
    count_faces,
    inscribe_balls,
    pull,
)
from arrangement.kernels.reasons import FULL
from arrangement.ragged import places
from arrangement.results.cell_signs import CellSigns
from arrangement.results.columns import frozen
from arrangement.results.flats import center

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["Polyhedra"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Integers = NDArray[np.object_]

ANGLES = 2**14
"""So many are worked on at a time."""


class Polyhedra:
    """The closures of all cells: each is conv(vertices) + cone(rays) + span(lines).

    Made by :attr:`Cells.polyhedra`, all at once, by splitting cones that carry their rays.
    Vertices and rays are found exactly, and each is held once, whatever the number of cells
    around it. With a domain, the parts of the cells in it are meant. Where the normals do not
    span the space, the closures contain lines, and vertices and rays are those of their cuts
    with the coordinate subspace of :meth:`Arrangement.essentialization`, as of
    :meth:`Cell.vertices`.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
    >>> polyhedra = cells.polyhedra
    >>> polyhedra
    The closures of 7 cells: 3 vertices, 6 rays
    >>> triangle = cells.index("++-")
    >>> polyhedra.vertices[polyhedra.vertices_of(triangle)].tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    >>> float(polyhedra.volumes[triangle]), polyhedra.f_vectors[triangle].tolist()
    (0.5, [3, 3, 1])
    """

    def __init__(self, cells: CellSigns) -> None:
        self._cells = cells
        arrangement = cells.arrangement
        self._rows, self._walls = cones.homogeneous(distinct_rows(arrangement), cells.domain)
        found = cell_rays(self._rows, self._walls, cells.reporter("cells"))
        self._is_linear = self._rows.shape[1] == arrangement.dimension
        self._rays, self._zero = found.rays, found.zero
        at = cells.look_up(all_columns(arrangement, found.words))
        held = np.flatnonzero(at >= 0)
        if len(held) < len(cells):
            raise InputError("some cells are none of their hyperplanes; they were altered")
        order = np.empty(len(cells), dtype=np.int64)
        order[at[held]] = held
        starts = np.concatenate([[0], found.ends])
        counts = np.diff(starts)[order]
        self._ends = np.cumsum(counts)
        if np.array_equal(order, np.arange(len(found.ends))):
            self._members = found.members
        else:
            self._members = found.members[places(starts[order], counts)[1]]
        self._finite = np.zeros(len(self._rays), dtype=np.bool_)
        if not self._is_linear:
            self._finite = self._rays[:, -1] != 0

    def __len__(self) -> int:
        return len(self._cells)

    def __repr__(self) -> str:
        sizes = f"{len(self.exact_vertices):,} vertices, {len(self.exact_rays):,} rays"
        return f"The closures of {len(self):,} cells: {sizes}"

    # --- vertices and rays --------------------------------------------------------------------

    @cached_property
    def exact_vertices(self) -> list[Point]:
        """The vertices: tuples of d Fractions, or elements of the arrangement's field."""
        if self._is_linear:
            return [self._apex] if len(self) else []
        points = self._rays[self._finite].tolist()
        return [tuple(exact.ratio(v, y[-1]) for v in y[:-1]) for y in points]

    @cached_property
    def exact_rays(self) -> list[Point]:
        """The directions of unbounded edges: tuples of d coprime integers, as Fractions."""
        d = self._cells.arrangement.dimension
        rays = self._rays[~self._finite][:, :d].tolist()
        return [tuple(map(exact.ratio, primitive(ray))) for ray in rays]

    @cached_property
    def vertices(self) -> Floats:
        """The float64 nearest to each vertex, ±inf beyond float64; shape (v, d).

        :attr:`exact_vertices` has them in the same order.
        """
        d = self._cells.arrangement.dimension
        if self._is_linear:
            nearest = [[_nearest(v, 1) for v in vertex] for vertex in self.exact_vertices]
            return frozen(np.array(nearest, dtype=np.float64).reshape(-1, d))
        return frozen(_quotients(self._rays[self._finite]))

    @cached_property
    def rays(self) -> Floats:
        """The rays of length 1, rounded to float64; shape (r, d)."""
        d = self._cells.arrangement.dimension
        found = exact.float_rows(self._rays[~self._finite][:, :d])[0]
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return frozen(found / lengths)

    def vertices_of(self, cell: int) -> Indices:
        """The numbers of the vertices of a cell; at least one.

        Parameters
        ----------
        cell : int

        Returns
        -------
        ndarray of int64
        """
        return _part(self.cell_vertices, cell, "cell")

    def rays_of(self, cell: int) -> Indices:
        """The numbers of the rays of a cell; none if it is bounded (modulo lines).

        Parameters
        ----------
        cell : int

        Returns
        -------
        ndarray of int64

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> polyhedra = Arrangement([[1, 0], [0, 1]]).cells().polyhedra
        >>> polyhedra.rays[polyhedra.rays_of(0)].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
        """
        return _part(self.cell_rays, cell, "cell")

    def cells_around(self, vertex: int) -> Indices:
        """The cells whose closures contain a vertex.

        Parameters
        ----------
        vertex : int

        Returns
        -------
        ndarray of int64

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> polyhedra = Arrangement([[1, 0], [0, 1], [1, 1]]).cells().polyhedra
        >>> polyhedra.cells_around(0).tolist()
        [0, 1, 2, 3, 4, 5]
        """
        return _part(self._around, vertex, "vertex")

    @cached_property
    def cell_vertices(self) -> scipy.sparse.csr_array:
        """Which vertices each cell has: a boolean matrix, shape (m, v)."""
        if self._is_linear:
            count = min(1, len(self))
            return _incidence(
                np.zeros(len(self) * count, dtype=np.int64), 1 + np.arange(len(self)), count
            )
        return self._incidence(self._finite)

    @cached_property
    def cell_rays(self) -> scipy.sparse.csr_array:
        """Which rays each cell has: a boolean matrix, shape (m, r)."""
        return self._incidence(~self._finite)

    @cached_property
    def vertex_hyperplanes(self) -> scipy.sparse.csr_array:
        """Which hyperplanes contain each vertex, copies too: a boolean matrix, shape (v, n)."""
        if self._is_linear:
            from scipy.sparse import csr_array

            count, n = min(1, len(self)), self._cells.arrangement.n_hyperplanes
            return csr_array(np.ones((count, n), dtype=np.bool_))
        return self._hyperplanes(self._finite)

    @cached_property
    def ray_hyperplanes(self) -> scipy.sparse.csr_array:
        """Which hyperplanes are parallel to each ray, copies too: shape (r, n).

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> polyhedra = Arrangement([[1, 0], [0, 1]]).cells().polyhedra
        >>> polyhedra.rays.tolist()
        [[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [-1.0, 0.0]]
        >>> polyhedra.ray_hyperplanes.toarray().astype(int).tolist()
        [[0, 1], [1, 0], [1, 0], [0, 1]]
        """
        return self._hyperplanes(~self._finite)

    def _hyperplanes(self, wanted: NDArray[np.bool_]) -> scipy.sparse.csr_array:
        """Which hyperplanes contain some of the rays of the cones."""
        from scipy.sparse import csr_array

        arrangement = self._cells.arrangement
        n, m = arrangement.n_hyperplanes, len(self._walls)
        on = unpack_signs(self._zero[wanted], m + len(self._rows))[:, m:]
        words = all_columns(arrangement, pack_signs(on), oriented=False)
        return csr_array(unpack_signs(words, n) > 0)

    @cached_property
    def _around(self) -> scipy.sparse.csr_array:
        return self.cell_vertices.T.tocsr()

    def _incidence(self, wanted: NDArray[np.bool_]) -> scipy.sparse.csr_array:
        numbers = np.cumsum(wanted) - 1
        kept = wanted[self._members]
        before = np.concatenate([[0], np.cumsum(kept)])
        return _incidence(numbers[self._members[kept]], before[self._ends], int(wanted.sum()))

    @cached_property
    def _apex(self) -> Point:
        """The vertex of linear cells, or of those of hyperplanes that share a point."""
        arrangement = self._cells.arrangement
        if self._cells.domain is not None or not arrangement.n_hyperplanes:
            return (Fraction(0),) * arrangement.dimension
        return center(arrangement).point

    # --- faces --------------------------------------------------------------------------------

    @cached_property
    def f_vectors(self) -> Indices:
        """The faces of each closure by dimension, itself included; int64, shape (m, d + 1).

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> octants = Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0, 0, 0]).cells()
        >>> octants.polyhedra.f_vectors[0].tolist()
        [1, 3, 3, 1]
        """
        closures, work = self._closures
        counts = np.zeros((len(self), closures.dimension + 1), dtype=np.int64)
        if closures.dimension:
            count_faces(closures, work, counts)
        if self._is_linear:
            counts[:, 0] = 1
        else:
            counts = counts[:, 1:]
        d = self._cells.arrangement.dimension
        result = np.zeros((len(self), d + 1), dtype=np.int64)
        result[:, d + 1 - counts.shape[1] :] = counts
        return frozen(result)

    @cached_property
    def _columns(self) -> list[int]:
        """The coordinates in which the closures are pointed."""
        both = np.concatenate([self._walls, self._rows])
        columns = exact.independent_columns(both)
        return columns if self._is_linear else columns[:-1]

    @cached_property
    def _closures(self) -> tuple[Closures, Work]:
        D = len(self._columns) + (not self._is_linear)
        counts = np.diff(np.concatenate([[0], self._ends]))
        K = max(1, word_count(int(counts.max(initial=0))))
        n = 64 * self._zero.shape[1]
        closures = Closures(
            members=self._members,
            ends=self._ends,
            zero=np.ascontiguousarray(self._zero),
            finite=np.ones_like(self._finite) if self._is_linear else self._finite,
            dimension=D,
        )
        work = Work(
            places=np.full(n, -1, dtype=np.int64),
            facets=np.empty((n, K), dtype=np.uint64),
            faces=np.empty((D + 1, K), dtype=np.uint64),
            trial=np.empty((2, K), dtype=np.uint64),
            finite=np.empty(K, dtype=np.uint64),
            at=np.empty(D + 1, dtype=np.int64),
            walls=np.empty(n, dtype=np.int64),
            chosen=np.empty(D + 1, dtype=np.int64),
            pivots=np.empty(D + 1, dtype=np.int64),
            factors=np.empty(D + 1),
            reduced=np.empty((D + 1, D + 1)),
        )
        return closures, work

    # --- what they hold -----------------------------------------------------------------------

    @cached_property
    def volumes(self) -> Floats:
        """The d-dimensional volume of each cell, inf if it is not bounded; shape (m,).

        Sums over simplices in float64, of vertices rounded to it (NaN where these are beyond
        it): for what is proved, and for cells that are slivers, see :meth:`exact_volumes`.
        """
        d = self._cells.arrangement.dimension
        if self._is_linear or len(self._columns) < d:
            return frozen(np.full(len(self), np.inf if d else 1.0))  # a point has volume 1
        volumes = np.empty(len(self))
        simplices = np.empty((0, d + 1), dtype=np.int64), np.empty(0, dtype=np.int64)
        state = np.zeros(2, dtype=np.int64)
        pull(*self._closures, self._placed, state, volumes, *simplices)
        return frozen(volumes / math.factorial(d))

    def exact_volumes(self, which: Any = None) -> list[Any]:
        """The volume of each cell as a Fraction, or an element of the arrangement's field.

        Parameters
        ----------
        which : sequence of int, optional
            Cells; all by default.

        Returns
        -------
        list
            math.inf for cells that are not bounded.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, "-1/3"]).cells()
        >>> [str(v) for v in cells.polyhedra.exact_volumes([cells.index("++-")])]
        ['1/18']
        """
        d = self._cells.arrangement.dimension
        if which is None:
            chosen = list(range(len(self)))
        else:
            chosen = [whole(i, "which", 0, len(self) - 1) for i in entries(which).ravel()]
        result: list[Any] = [math.inf if d else Fraction(1)] * len(chosen)
        if self._is_linear or len(self._columns) < d:
            return result
        (closures, work), starts = self._closures, np.concatenate([[0], self._ends])
        for k, i in enumerate(chosen):
            members = self._members[starts[i] : starts[i + 1]]
            if not self._finite[members].all():
                continue
            one = closures._replace(members=members, ends=np.array([len(members)]))
            room, reason = 64, FULL
            while reason == FULL:
                simplices = np.empty((room, d + 1), dtype=np.int64)
                owners, state = np.empty(room, dtype=np.int64), np.zeros(2, dtype=np.int64)
                reason = pull(one, work, self._placed, state, np.empty(1), simplices, owners)
                room *= 4
            total: Any = Fraction(0)
            for simplex in simplices[: state[1]].tolist():
                table = self._rays[simplex]
                scale = math.prod(table[:, -1].tolist(), start=1)
                volume = exact.ratio(_determinant(table), scale)
                total += abs(volume)
            result[k] = total / math.factorial(d)
        return result

    @cached_property
    def _placed(self) -> Floats:
        """Vertices, and rays of length 1, in the coordinates in which closures are pointed."""
        d = self._cells.arrangement.dimension
        placed = np.empty((len(self._rays), d))
        placed[~self._finite] = self.rays
        if not self._is_linear:
            placed[self._finite] = self.vertices
        return np.ascontiguousarray(placed[:, self._columns])

    @cached_property
    def chebyshev_balls(self) -> tuple[Floats, Floats]:
        """The centre and the radius of a largest ball in each cell, by linear programs.

        Returns
        -------
        centres : ndarray of float64, shape (m, d)
            NaN where there are balls of any size.
        radii : ndarray of float64, shape (m,)
            inf there; else the distance of the centre from the nearest facet, in float64; NaN
            where float64 does not suffice to find a ball.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [3, 4]], [0, 0, -12]).cells()
        >>> centres, radii = cells.polyhedra.chebyshev_balls
        >>> i = cells.index("++-")
        >>> centres[i].round(9).tolist(), round(float(radii[i]), 9)
        ([1.0, 1.0], 1.0)
        """
        d = self._cells.arrangement.dimension
        centres, radii = np.full((len(self), d), np.nan), np.full(len(self), np.inf)
        if not self._is_linear:
            rows = np.zeros((64 * self._zero.shape[1], d + 1))
            sides = np.concatenate([self._walls, self._rows])
            normals, _, units = exact.float_rows(sides[:, :-1])
            for i, (side, unit) in enumerate(zip(sides, units.tolist(), strict=True)):
                rows[i] = [*normals[i], _nearest(side[-1], Fraction(2) ** unit)]
            lengths = np.linalg.norm(rows[:, :-1], axis=1, keepdims=True)
            rows /= np.where(lengths > 0, lengths, 1.0)
            found = np.empty((len(self), len(self._columns)))
            inscribe_balls(
                *self._closures,
                pack_signs(self._sides()),
                np.ascontiguousarray(rows[:, [*self._columns, d]]),
                self._placed,
                found,
                radii,
            )
            centres[:, self._columns] = found
            centres[:, [c for c in range(d) if c not in self._columns]] = 0.0
            centres[np.isinf(radii)] = np.nan
        return frozen(centres), frozen(radii)

    @cached_property
    def solid_angles(self) -> Floats:
        """The share of all directions that stay in each cell, for normals of rank at most 3.

        The solid angle of the cell's recession cone, modulo lines, as a part of the whole: in
        a plane times 2π it is in radians, in space times 4π in steradians. From the angles
        between facets by Girard's theorem, in float64: right up to about 10^-15, with which
        a share of 0 may be negative, too. Without a domain they add up to 1. Shape (m,).

        Raises
        ------
        InputError
            If the rank of the normals (those of the domain among them) is more than 3.

        Examples
        --------
        >>> from arrangement import families
        >>> families.braid(4).cells().polyhedra.solid_angles[:3].round(6).tolist()
        [0.041667, 0.041667, 0.041667]
        """
        r = len(self._columns)
        if r > 3:
            raise InputError(f"solid angles: of normals of rank at most 3, not {r}")
        matrix = self.cell_rays
        counts = np.diff(matrix.indptr)
        if r <= 1:
            return frozen(0.5**r * (counts >= r))
        result = np.zeros(len(self))
        for k in np.unique(counts[counts >= r]).tolist():
            which = np.flatnonzero(counts == k)
            for part in np.array_split(which, -(-len(which) * k // ANGLES)):
                rays = matrix.indices[matrix.indptr[part][:, None] + np.arange(k)]
                angles = self._dihedral_angles(part, rays).sum(axis=1)
                result[part] = angles / (4 * np.pi) - (k - 2) / 4
        return frozen(result)

    def solid_angles_at(self, vertex: int) -> Floats:
        """The share of all directions, from a vertex, that go into each of the cells around it.

        In the order of :meth:`cells_around`; computed, and limited, like :attr:`solid_angles`.

        Parameters
        ----------
        vertex : int
            Its row in :attr:`vertices`.

        Returns
        -------
        ndarray of float64, one a cell

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> corner = cells.polyhedra.vertices.tolist().index([1.0, 0.0])
        >>> cells.signs[cells.polyhedra.cells_around(corner)].tolist()
        [[1, 1, 1], [1, 1, -1], [1, -1, 1], [1, -1, -1]]
        >>> cells.polyhedra.solid_angles_at(corner).round(6).tolist()
        [0.375, 0.125, 0.125, 0.375]
        """
        cells, around = self._cells, self.cells_around(vertex)
        on = _part(self.vertex_hyperplanes, vertex, "vertex")
        packed = cells.packed[around]
        signs = unpack_signs(packed, cells.arrangement.n_hyperplanes)[:, on]
        domain = cells.domain
        if domain is not None:
            place = np.array([*self.exact_vertices[vertex], Fraction(1)], dtype=object)
            domain = domain[np.equal(domain @ place, 0).astype(np.bool_)]
        near = cells.arrangement.chosen(on.tolist())
        return Polyhedra(CellSigns(near, pack_signs(signs), domain)).solid_angles

    def _sides(self, cells: Indices | slice = slice(None)) -> Signs:
        """On which side of each wall, and of each row, some cells are, all by default."""
        arrangement, packed = self._cells.arrangement, self._cells.packed[cells]
        sides = np.ones((len(packed), len(self._walls) + len(self._rows)), dtype=np.int8)
        signs = unpack_signs(packed, arrangement.n_hyperplanes)
        sides[:, len(self._walls) :] = signs[:, arrangement.different]
        return sides

    def _dihedral_angles(self, cells: Indices, rays: Indices) -> Floats:
        """The angles at each ray between the two facets of the recession cone around it.

        Of a sector of a plane, the angle between the rays, twice: by Girard's theorem, the
        share of all directions follows in the same way.
        """
        r = len(self._columns)
        normals = np.concatenate([self._walls, self._rows])[:, : self.vertices.shape[1]]
        units = exact.float_rows(normals)[0]
        lengths = np.linalg.norm(units, axis=1, keepdims=True)
        units /= np.where(lengths > 0, lengths, 1.0)
        sides = self._sides(cells)
        on = (unpack_signs(self._zero[~self._finite], len(units)) > 0) & (lengths[:, 0] > 0)
        on = on[rays]
        on &= on.sum(axis=1, keepdims=True) == r - 1  # the facets
        each, first = np.arange(len(cells))[:, None], on.argmax(axis=2)
        if r == 2:
            second = first[:, ::-1]
        else:
            others = on[each, :, first]
            others[:, np.arange(rays.shape[1]), np.arange(rays.shape[1])] = False
            second = (on & ~on[each, others.argmax(axis=2)]).argmax(axis=2)
        one, other = (units[f] * sides[each, f][:, :, None] for f in (first, second))
        apart = np.linalg.norm(one - other, axis=2), np.linalg.norm(one + other, axis=2)
        return np.asarray(np.pi - 2 * np.arctan2(*apart))


def _incidence(indices: Indices, ends: Indices, width: int) -> scipy.sparse.csr_array:
    """A read-only boolean matrix by what is true in each row."""
    from scipy.sparse import csr_array

    starts = np.concatenate([[0], ends])
    data = np.ones(len(indices), dtype=np.bool_)
    matrix = csr_array((data, indices, starts), shape=(len(ends), width))
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def _part(matrix: scipy.sparse.csr_array, i: int, name: str) -> Indices:
    i = whole(i, name, 0, matrix.shape[0] - 1)
    return np.asarray(matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]], dtype=np.int64)


def _quotients(rows: Integers) -> Floats:
    """The float64 nearest to the other entries of each row divided by the last."""
    try:
        return np.asarray((rows[:, :-1] / rows[:, -1:]).astype(np.float64))
    except (OverflowError, TypeError):
        return np.array(
            [[_nearest(v, row[-1]) for v in row[:-1]] for row in rows], dtype=np.float64
        ).reshape(len(rows), rows.shape[1] - 1)


def _nearest(numerator: Any, denominator: Any) -> float:
    """The float64 nearest to a quotient, about; ±inf beyond float64."""
    m, _, q = exact.enclosure(exact.ratio(numerator, denominator), 64)
    near, error = exact.to_float(m, q)
    return near if error < math.inf else exact.sign(m) * math.inf


def _determinant(table: Integers) -> Any:
    """The determinant of integers or algebraic integers."""
    if FieldElement not in set(map(type, table.ravel().tolist())):
        return int(fmpz_mat(table.tolist()).det())
    rows, result = [list(row) for row in table], Fraction(1)
    while rows:
        at = next((k for k, row in enumerate(rows) if row[0]), None)
        if at is None:
            return Fraction(0)
        pivot = rows.pop(at)
        result = result * pivot[0] * (-1) ** at
        factors = [exact.ratio(row[0], pivot[0]) for row in rows]
        rows = [
            [v - f * p for v, p in zip(row[1:], pivot[1:], strict=True)]
            for row, f in zip(rows, factors, strict=True)
        ]
    return result
