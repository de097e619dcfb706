"""Points inside cells: float64 candidates certified exactly, rational ones where those fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.cells import Cell, Cells
from arrangement.errors import InputError
from arrangement.packing import Words, pack_signs, unpack_signs

if TYPE_CHECKING:
    from arrangement.faces import Faces

__all__ = ["Witnesses", "interior_points", "inward_rows", "rational_point"]

Integers = NDArray[np.object_]

MARGINS = (1e-5, 1e-9, 1e-13)
"""How far the sides of a cell are moved inwards, in units of the arrangement's extent."""

SUBNORMAL = 2.0**-1000
"""Coordinates that are smaller may have lost digits when they were scaled."""

BLOCK = 2**16
"""Cells are worked on in blocks of this many."""


def interior_points(cells: Cells, which: NDArray[np.int64]) -> NDArray[np.float64]:
    """Certified float64 points inside some cells (inside the domain, if there is one).

    A candidate is halfway along a chord from a vertex of the cell whose sides are moved
    inwards a little; cells too narrow for that are given smaller margins. Where a candidate
    cannot be certified, a rational point is found exactly and moved to nearby floats.

    Parameters
    ----------
    cells : Cells
    which : ndarray of int64, shape (k,)

    Returns
    -------
    ndarray of float64, shape (k, d)
        NaN where no float64 point was found.
    """
    n, d = cells.arrangement.n_hyperplanes, cells.arrangement.dimension
    points = np.zeros((len(which), d))
    rows, words = cells.arrangement.rows, cells.packed
    if cells.domain is not None:
        rows = np.concatenate([rows, cells.domain])
    if len(rows) == 0 or len(which) == 0:
        return points
    columns = exact.independent_columns(rows[:, :-1])
    values, errors, units = _scaled_rows(rows[:, [*columns, d]])
    reach = _reach_worth_having(values)
    show = cells.reporter("interior points")
    todo = _in_gray_order(words[which])
    for margin in MARGINS:
        left = []
        for start in range(0, len(todo), BLOCK):
            part = todo[start : start + BLOCK]
            order, sides = which[part], words
            if cells.domain is not None:
                signs = np.ones((len(part), len(rows)), dtype=np.int8)
                signs[:, :n] = unpack_signs(words[order], n)
                order, sides = np.arange(len(part)), pack_signs(signs)
            found, certain = kernels.interior_points(
                values, errors, sides, order, margin * reach, reach
            )
            zero = found == 0.0
            with np.errstate(over="ignore", invalid="ignore"):
                found *= units
            lost = ~np.isfinite(found) | ((np.abs(found) < SUBNORMAL) & ~zero)
            found[~np.isfinite(found)] = 0.0
            points[part[:, None], columns] = found
            left.append(part[~certain | lost.any(axis=1)])
            if margin == MARGINS[0]:
                show(min(start + BLOCK, len(todo)), len(todo))
        todo = np.concatenate(left) if left else todo
    for start in range(0, len(todo), BLOCK):
        part = todo[start : start + BLOCK]
        signs = np.ones((len(part), len(rows)), dtype=np.int8)
        signs[:, :n] = unpack_signs(words[which[part]], n)
        wrong = (exact.signs_at(rows, points[part]) != signs).any(axis=1)
        for q in np.flatnonzero(wrong).tolist():
            points[part[q]] = _sought_point(cells, int(which[part[q]]))
            show(start + q, len(todo))
    return points


class Witnesses(Sequence[tuple[Fraction, ...]]):
    """The witnesses of cells or faces, computed one at a time; see :attr:`Cells.witness`."""

    def __init__(self, owner: Cells | Faces) -> None:
        self._owner = owner

    def __len__(self) -> int:
        return len(self._owner)

    def __iter__(self) -> Iterator[tuple[Fraction, ...]]:
        _ = self._owner.points  # all at once is quicker than one by one
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        return self._owner[key].witness


def rational_point(cell: Cell) -> tuple[Fraction, ...]:
    """A rational point inside a cell: the float64 point, where there is one."""
    point = cell.point
    if not np.isnan(point).any():
        return tuple(Fraction(float(v)) for v in point)
    return _rational_point(cell.cells, cell.index)


def _scaled_rows(
    rows: Integers,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rows in other units, by powers of two: entries of each column and normals near 1.

    Returns
    -------
    values : ndarray of float64, shape (d + 1, n)
    errors : ndarray of float64, shape (d + 1,)
        Bounds on the errors in each column.
    units : ndarray of float64, shape (d,)
        A coordinate in these units times this is the coordinate.
    """
    values, errors, _ = exact.float_rows(rows)
    units = np.ones(rows.shape[1] - 1)
    with np.errstate(over="ignore"):  # where that happens, points are not certified
        for _ in range(3):
            _, column = np.frexp(np.abs(values[:, :-1]).max(axis=0, initial=0.0))
            scale = np.ldexp(1.0, -np.clip(column, -500, 500))
            units *= scale
            values[:, :-1] *= scale
            errors[:, :-1] *= scale
            _, row = np.frexp(np.abs(values[:, :-1]).max(axis=1, initial=0.0))
            _, offset = np.frexp(np.abs(values[:, -1]))
            scale = np.ldexp(1.0, -np.clip(np.maximum(row, offset - 500), -500, 500))[:, None]
            values, errors = values * scale, errors * scale
    # Scaling is exact, but for subnormal numbers.
    return np.ascontiguousarray(values.T), errors.max(axis=0) + 5e-324, units


def _in_gray_order(words: Words) -> NDArray[np.int64]:
    """An order of sign vectors in which neighbours differ little: that of a Gray code."""
    keys, odd = [], np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        place = column.copy()
        for shift in (1, 2, 4, 8, 16, 32):
            place ^= place >> np.uint64(shift)
        place ^= np.uint64(0) - odd
        odd = place & np.uint64(1)
        keys.append(place)
    return np.lexsort(keys[::-1]) if keys else np.arange(len(words))


def _reach_worth_having(values: NDArray[np.float64]) -> float:
    """A length of the order of the hyperplanes' distances from the origin, or 1."""
    distances = np.abs(values[-1])
    distances = distances[distances > 0]
    return max(1.0, float(np.median(distances))) if len(distances) else 1.0


def inward_rows(cells: Cells, i: int) -> list[list[int]]:
    """Rows, of facets if known, positive exactly on the part of cell i inside the domain."""
    signs, rows = cells[i].signs, cells.arrangement.rows
    which = cells._table.facets(i) if cells.complete else range(len(rows))
    inward = [[int(signs[k]) * v for v in rows[k]] for k in which]
    return inward if cells.domain is None else inward + cells.domain.tolist()


def _rational_point(cells: Cells, i: int) -> tuple[Fraction, ...]:
    """A rational point inside, found exactly, and remembered."""
    if i not in cells._rational_points:
        inside = exact.interior_point(inward_rows(cells, i))
        if inside is None:
            raise InputError(f"cell {i}: no point has its signs; what was loaded is no cell")
        cells._rational_points[i] = inside or (Fraction(0),) * cells.arrangement.dimension
    return cells._rational_points[i]


def _sought_point(cells: Cells, i: int) -> NDArray[np.float64]:
    point = exact.nearest_floats(inward_rows(cells, i), _rational_point(cells, i))
    return np.full(cells.arrangement.dimension, np.nan) if point is None else point
