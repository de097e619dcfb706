"""Points inside cells: float64 candidates certified exactly, rational ones where those fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.cells import Cells
from arrangement.packing import pack_signs, unpack_signs

__all__ = ["Witnesses", "interior_points"]


def interior_points(cells: Cells, which: NDArray[np.int64]) -> NDArray[np.float64]:
    """Certified float64 points inside some cells (inside the domain, if there is one).

    A candidate maximises the distance to the nearest hyperplane, up to a cap. Its signs are
    checked exactly; where they are wrong, a rational point is found exactly and moved to
    nearby floats.

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
    rows, words = cells.arrangement.rows, cells.packed[which]
    if cells.domain is not None:
        rows = np.concatenate([rows, cells.domain])
    if len(rows) == 0 or len(which) == 0:
        return points
    columns = exact.independent_columns(rows[:, :-1])
    values, _, _ = exact.float_rows(rows[:, [*columns, d]])
    lengths = np.linalg.norm(values[:, :-1], axis=1)
    show = cells.reporter("interior points")
    block = max(1, 2**22 // len(rows))
    for start in range(0, len(which), block):
        part = slice(start, start + block)
        signs = np.ones((len(words[part]), len(rows)), dtype=np.int8)
        signs[:, :n] = unpack_signs(words[part], n)
        candidates = kernels.interior_points(
            values, lengths, pack_signs(signs), _margin_worth_having(values, lengths)
        )
        candidates[~np.isfinite(candidates).all(axis=1)] = 0.0
        points[part, columns] = candidates
        wrong = (exact.signs_at(rows, points[part]) != signs).any(axis=1)
        for q in np.flatnonzero(wrong).tolist():
            points[start + q] = _sought_point(cells, int(which[start + q]))
            show(start + q, len(which))
        show(min(start + block, len(which)), len(which))
    return points


class Witnesses(Sequence[tuple[Fraction, ...]]):
    """Rational interior points, computed one at a time; see :attr:`Cells.witness`."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[tuple[Fraction, ...]]:
        _ = self._cells.points  # all at once is quicker than one by one
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        cells, i = self._cells, self._cells[key].index
        point = cells[i].point
        if not np.isnan(point).any():
            return tuple(Fraction(float(v)) for v in point)
        return _rational_point(cells, i)


def _margin_worth_having(values: NDArray[np.float64], lengths: NDArray[np.float64]) -> float:
    """A margin of the order of the hyperplanes' distances from the origin, or 1."""
    proper = lengths > 0
    distances = np.abs(values[proper, -1] / lengths[proper])
    distances = distances[np.isfinite(distances) & (distances > 0)]
    return max(1.0, float(np.median(distances))) if len(distances) else 1.0


def _inward_rows(cells: Cells, i: int) -> list[list[int]]:
    """Rows, of facets if known, positive exactly on the part of cell i inside the domain."""
    signs, rows = cells[i].signs, cells.arrangement.rows
    which = cells._table.facets(i) if cells.complete else range(len(rows))
    inward = [[int(signs[k]) * v for v in rows[k]] for k in which]
    return inward if cells.domain is None else inward + cells.domain.tolist()


def _rational_point(cells: Cells, i: int) -> tuple[Fraction, ...]:
    """A rational point inside, found exactly, and remembered."""
    if i not in cells._rational_points:
        inside = exact.interior_point(_inward_rows(cells, i))
        assert inside is not None, "every cell has an interior point"
        cells._rational_points[i] = inside or (Fraction(0),) * cells.arrangement.dimension
    return cells._rational_points[i]


def _sought_point(cells: Cells, i: int) -> NDArray[np.float64]:
    point = exact.nearest_floats(_inward_rows(cells, i), _rational_point(cells, i))
    return np.full(cells.arrangement.dimension, np.nan) if point is None else point
