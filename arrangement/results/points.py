"""Points inside cells: float64 candidates certified exactly, rational ones where those fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.enumeration import cone_faces, cones
from arrangement.enumeration.choose import worth_sweeping
from arrangement.enumeration.sweep import Sweep
from arrangement.exact.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.hyperplanes.reduction import Reduction, distinct_rows
from arrangement.memory import zeros
from arrangement.results.cell_signs import CellSigns
from arrangement.results.columns import frozen

__all__ = ["interior_points"]

Integers = NDArray[np.object_]

MARGINS = (1e-5, 1e-9, 1e-13)
"""How far the sides of a cell are moved inwards, in units of the arrangement's extent."""

BLOCK = 2**16
"""Cells are worked on in blocks of this many."""

MANY = 2**11
"""To split a cone again takes as long to begin as points in so many cells take otherwise."""


def interior_points(
    cells: CellSigns, which: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Certified float64 points inside cells (inside the domain, if there is one).

    A candidate is, where a sweep has listed the cells, halfway along a chord from the vertex
    where the cell begins; where a cone was split into them, a sum of rays. Else, or if that
    cannot be certified, it is halfway along a chord from a vertex of the cell whose sides are
    moved inwards a little, or on a line through such a point; cells too narrow for that are
    given smaller margins. Where no candidate can be certified, a rational point is found
    exactly and moved to nearby floats.

    Parameters
    ----------
    cells : CellSigns
    which : ndarray of int64, shape (k,), optional
        All by default.

    Returns
    -------
    ndarray of float64, shape (k, d)
        NaN where no float64 point was found.
    """
    n, d = cells.arrangement.n_hyperplanes, cells.arrangement.dimension
    rows, words = cells.arrangement.rows, cells.packed
    wanted = words if which is None else words[which]
    points = zeros((len(wanted), d))
    if cells.domain is not None:
        rows = np.concatenate([rows, cells.domain])
    if len(rows) == 0 or len(wanted) == 0:
        return points
    columns = exact.independent_columns(rows[:, :-1])
    values, errors, units = _scaled_rows(rows[:, [*columns, d]])
    reach = _reach_worth_having(values)
    show = cells.reporter("interior points")
    # One signature for the compiler.
    sides = frozen(np.ascontiguousarray(_with_ones(wanted, n, len(rows))))
    certain = np.zeros(len(wanted), dtype=bool)
    if which is None and cells.complete:
        filled = _filled(values)
        doubt = kernels.measure_doubt(filled, errors)
        listed = _Listed(cells, sides, values, filled, doubt, units, columns, points, certain)
        for candidates in (_begun, _split):
            if not certain.any():
                for done in candidates(listed):
                    show(done, len(wanted))
    todo = np.flatnonzero(~certain)
    table = np.zeros(2 << len(todo).bit_length(), dtype=np.uint32)
    kernels.enter_cells(sides, todo, table)
    order = todo[_in_gray_order(sides[todo])]
    for margin in MARGINS:
        order = order[~certain[order]]
        for start in range(0, len(order), BLOCK):
            kernels.interior_points(
                values, errors, sides, order[start : start + BLOCK], margin * reach, reach,
                table, np.array(columns), units, points, certain,
            )  # fmt: skip
            show(int(certain.sum()), len(wanted))
    todo = np.flatnonzero(~certain)
    for start in range(0, len(todo), BLOCK):
        part = todo[start : start + BLOCK]
        signs = np.ones((len(part), len(rows)), dtype=np.int8)
        signs[:, :n] = unpack_signs(wanted[part], n)
        wrong = (exact.signs_at(rows, points[part]) != signs).any(axis=1)
        for q in np.flatnonzero(wrong).tolist():
            cell = part[q] if which is None else which[part[q]]
            points[part[q]] = _sought_point(cells, int(cell))
            show(start + q, len(todo))
    return points


class _Listed(NamedTuple):
    """All cells in the order in which they were listed, and what is known of their points.

    Attributes
    ----------
    cells : CellSigns
    sides : ndarray of uint64
        Their packed signs, and those of the walls of the domain.
    values, units
        See :func:`_scaled_rows`.
    filled : ndarray of float64
        See :func:`_filled`.
    doubt : ndarray of float64, shape (d + 1,)
        How much the value of a row can be wrong, per unit of each coordinate.
    columns : list of int
        The coordinates that the rows depend on.
    points : ndarray of float64, shape (m, d)
    certain : ndarray of bool, shape (m,)
        Which of the points are proved.
    """

    cells: CellSigns
    sides: Words
    values: NDArray[np.float64]
    filled: NDArray[np.float64]
    doubt: NDArray[np.float64]
    units: NDArray[np.float64]
    columns: list[int]
    points: NDArray[np.float64]
    certain: NDArray[np.bool_]


def _begun(listed: _Listed) -> Iterator[int]:
    """Find points in cells that a sweep has listed; how many so far.

    Of the coordinates of the sweep it only matters in which order they become infinite, so that
    they are made orthonormal. Where cells come in another order no points are found.
    """
    cells, _, values, filled, doubt, units, columns, points, certain = listed
    arrangement, r = cells.arrangement, len(columns)
    reduction = Reduction(arrangement)
    essential, central = reduction.essential, reduction.copies == 2
    different = arrangement.different
    given = arrangement.rows[different][:, [*columns, arrangement.dimension]]
    if (
        cells.domain is not None
        or not worth_sweeping(reduction.rows)
        or (central and not arrangement.is_linear)
        or not np.array_equal(essential, given)
    ):
        return
    n, d = len(reduction.rows), reduction.rows.shape[1] - 1
    directions = np.linalg.inv(Sweep(reduction.rows).change.astype(np.float64))
    if central:  # the space is the slice {last row = 1}, with the other coordinates
        directions = np.insert(directions, exact.smallest_pivot(essential[-1]), 0.0, axis=1)
    directions *= units
    if central:
        directions = np.concatenate([values[:r, different[-1:]].T, directions])
    basis, triangle = np.linalg.qr(directions.T)
    basis *= np.sign(np.diag(triangle))
    origin = basis[:, 0] if central else np.zeros(r)
    basis = basis[:, -d:]
    wide, high = -(-n // 8) * 8, -(-r // 8) * 8
    rows = values[:, different[:n]]
    linear, offsets = np.zeros((wide + high, d)), np.zeros(wide + high)
    linear[:n], linear[wide : wide + r] = rows[:r].T @ basis, basis
    offsets[:n], offsets[wide : wide + r] = rows[r] + rows[:r].T @ origin, origin
    state = np.zeros(3, dtype=np.int64)
    for level in range(1, d + 1):
        tables = np.zeros((max(level - 1, 1), level + 1, wide + high))
        finite = level == d
        tables[0, 0] = offsets if finite else -linear[:, d - level - 1]
        tables[0, 0, n:wide] = 1.0
        tables[0, 1:] = linear[:, d - level :].T
        for first in range(n - level + 1 if level > 1 else 1):
            if not kernels.points_at_births(
                tables, offsets[: 0 if finite else None], n, level, first, filled,
                values.shape[1], doubt, listed.sides, central,
                _reach_worth_having(values) if finite else 1.0, np.array(columns), units,
                points, certain, state,
            ):  # fmt: skip
                return
            yield reduction.copies * int(state[0])


def _split(listed: _Listed) -> Iterator[int]:
    """Find points in cells that a cone was split into; how many so far.

    The cone is split again, and its parts are located. Where cells come in another order no
    points are found.
    """
    cells, sides, values, filled, doubt, units, columns, points, certain = listed
    if len(certain) < MANY:
        return
    rows, walls = cones.homogeneous(distinct_rows(cells.arrangement), cells.domain)
    halved = len(walls) == 0
    projective = rows.shape[1] > cells.arrangement.dimension
    origin = np.zeros(len(columns))
    if halved:
        # The point that all hyperplanes contain.
        essential = cells.arrangement.rows[:, [*columns, cells.arrangement.dimension]]
        *centre, scale = exact.nullspace(essential)[:, 0]
        with np.errstate(over="ignore"):  # points are not certified there
            floats = [exact.scaled_float(exact.ratio(v, scale), 0)[0] for v in centre]
            origin[:] = floats / units
    first, found = 0, 0
    for candidates in cone_faces.inner_points(rows, rows[:1] if halved else walls):
        for start, side in ((first, 1.0), (first + len(certain) // 2, -1.0))[: 1 + halved]:
            if start + len(candidates) > len(certain):
                return
            certified = kernels.certify(
                candidates, origin, side, projective, filled, values.shape[1], doubt, sides,
                start, np.array(columns), units, points, certain,
            )  # fmt: skip
            if 2 * certified < len(candidates):
                return
            found += certified
        first += len(candidates)
        yield found


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows, filled up by such that are 1 everywhere."""
    filled = np.zeros((len(values), -(-values.shape[1] // 8) * 8))
    filled[-1] = 1.0
    filled[:, : values.shape[1]] = values
    return filled


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


def _with_ones(words: Words, n: int, total: int) -> Words:
    """Sign vectors of n signs made longer by positive ones."""
    if total == n:
        return words
    wide = np.zeros((len(words), word_count(total)), dtype=np.uint64)
    wide[:, : words.shape[1]] = words
    return wide | pack_signs(np.repeat([0, 1], [n, total - n])[None])


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
    # The sort for one key is several times as fast as that for many.
    return np.argsort(keys[0]) if len(keys) == 1 else np.lexsort(keys[::-1])


def _reach_worth_having(values: NDArray[np.float64]) -> float:
    """A length of the order of the hyperplanes' distances from the origin, or 1."""
    distances = np.abs(values[-1])
    distances = distances[distances > 0]
    return max(1.0, float(np.median(distances))) if len(distances) else 1.0


def _sought_point(cells: CellSigns, i: int) -> NDArray[np.float64]:
    point = exact.nearest_floats(cells.inward_rows(i), cells.rational_point(i))
    return np.full(cells.arrangement.dimension, np.nan) if point is None else point
