"""Cells that rows cut in a pointed cone, counted in integers, whole or in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import sqrt
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration.cone_edges import FEWER
from arrangement.kernels.cells import integral_cones as kernel
from arrangement.kernels.cells.cone_rays import DONE, GROW, LARGE, STEPPED
from arrangement.memory import refuse

__all__ = ["INTEGER_LIMIT", "IntegralCount", "TooLarge"]

INTEGER_LIMIT = 2**26
"""Values on rays are smaller."""

STEP = 2**22
"""Cells that are counted between reports."""

ROOM = 2**12
"""Entries for which each array has room at first."""


class TooLarge(Exception):
    """An integer is too large for the compiled loop, or there are too many walls."""


class IntegralCount:
    """The cells that rows cut in an open pointed cone, counted by restriction.

    Let D be the cone, and H_1, …, H_n rows that cut it. The cells are one, and those of
    {H_i ∩ H_k : i < k} in D ∩ H_k for each k.

    Parameters
    ----------
    values : ndarray of integers or float64, shape (r, n)
        Of the rows on the rays. No row is zero on all rays, and copies cut nothing more.
    masks : sequence of int
        Bit i is 1 where the ray lies on wall i.
    dimension : int
        Of the cone, at least 1.
    n_lines : int
        The last rays may stand for lines that the cone contains: then it is divided into
        orthants, pointed cones in which each of these is a ray or the opposite of one.

    Attributes
    ----------
    n_cuts : int
        How many different rows cut the orthant that was entered, at first the first one.

    Raises
    ------
    TooLarge
        If a value is, or there are more than 64 walls.

    Examples
    --------
    The quadrant of the plane, and three lines through the origin that are two:

    >>> rows = np.array([[1, -1], [2, -1], [-4, 2]])
    >>> IntegralCount(rows.T, [2, 1], 2).count()
    3
    >>> IntegralCount(rows.T, [2, 1], 2, n_lines=2).count()  # the plane
    8
    """

    def __init__(
        self, values: NDArray[Any], masks: Sequence[int], dimension: int, n_lines: int = 0
    ) -> None:
        self.dimension = dimension
        self.n_orthants = 2**n_lines
        if values.size and np.abs(values).max() >= INTEGER_LIMIT:
            raise TooLarge
        r, n = values.shape
        size = max(ROOM, 4 * (r + 8) * (n + 8))
        rays, edges = max(ROOM, 4 * (r + 8)), max(ROOM, r * r)
        self.levels = kernel.Levels(
            given=np.ascontiguousarray(values, dtype=np.float64),
            walls=_packed(masks),
            table=np.zeros((dimension + 1, kernel.N_COLUMNS), dtype=np.int64),
            values=np.zeros(size),
            tight=np.zeros(rays, dtype=np.uint64),
            edges=np.zeros((edges, 2), dtype=np.uint64),
            loops=np.zeros(edges),
            crossed=np.zeros(size, dtype=np.uint64),
            ends=np.zeros((edges, 2), dtype=np.uint64),
            weights=np.zeros((edges, 2)),
            chosen=np.zeros(n + 8, dtype=np.int64),
            copied=np.zeros(n + 8, dtype=np.int64),
            keys=np.zeros(n + 8),
            others=np.zeros(n + 8),
        )
        self.enter(0)

    def enter(self, orthant: int) -> None:
        """Have an orthant at hand; bit i tells the sign of the i-th line from the end."""
        while kernel.enter(self.levels, orthant, self.dimension) == GROW:
            self._grow()
        self.n_cuts = int(self.levels.table[0, kernel.N_CUTS])

    def _grow(self) -> None:
        """Twice the room."""
        growing = [name for name in self.levels._fields if name not in _FIXED]
        held = sum(getattr(self.levels, name).nbytes for name in growing)
        refuse(2 * held, f"more than {len(self.levels.tight):,} rays of cones", FEWER)
        self.levels = self.levels._replace(
            **{name: np.concatenate([getattr(self.levels, name)] * 2) for name in growing}
        )

    def count(self, show: Callable[[int, float], None] = lambda found, share: None) -> int:
        """The number of cells in all orthants.

        Parameters
        ----------
        show : callable
            Called with (cells so far, the share of the work that is done).

        Raises
        ------
        TooLarge
        """

        def report(found: int, orthant: int) -> None:
            first = self.levels.table[0]
            share = (first[kernel.START] / first[kernel.STOP]) ** (self.dimension - 1)
            show(found, (orthant + float(share)) / self.n_orthants)

        self.enter(0)
        return self._run(0, 1 + min(1, self.n_cuts), self.n_orthants, report)

    def count_orthant(self) -> int:
        """The number of cells in the orthant that was entered.

        Raises
        ------
        TooLarge
        """
        first = self.levels.table[0]
        first[kernel.START], first[kernel.STOP] = min(1, self.n_cuts), self.n_cuts
        return self._run(0, 1 + min(1, self.n_cuts))

    def n_below(self, row: int) -> int:
        """How many different rows cut what a row of those that cut cuts out; 0 if they are so
        few that nothing is left to divide."""
        return self._below(row)[1]

    def part(self, row: int, start: int = 0, stop: int | None = None) -> int:
        """The number of cells that come from a row, or from some of those that cut in it.

        Parameters
        ----------
        row : int
            Of those that cut, from 0 to `n_cuts` − 1. The cells of all rows, and one, are all.
        start, stop : int
            Of the rows that cut what it cuts out; the first comes with the cell of no row.

        Raises
        ------
        TooLarge
        """
        cells, n = self._below(row)
        if not n:
            return cells
        below = self.levels.table[1]
        stop = n if stop is None else stop
        below[kernel.START], below[kernel.STOP] = max(start, 1), stop
        return self._run(1, 2 if start == 0 else 0)

    def _below(self, row: int) -> tuple[int, int]:
        """The cells from a row if they are at hand, and how many rows cut what it cuts out."""
        while True:
            cells = kernel.restrict(self.levels, 0, row, self.dimension)
            if cells == -1 - LARGE:
                raise TooLarge
            if cells != -1 - GROW:
                break
            self._grow()
        return (cells, 0) if cells >= 0 else (0, int(self.levels.table[1, kernel.STOP]))

    def _run(
        self,
        floor: int,
        found: int,
        n_orthants: int = 1,
        report: Callable[[int, int], None] = lambda found, orthant: None,
    ) -> int:
        state = np.array([floor, found, found + STEP, 0], dtype=np.int64)
        while True:
            reason = kernel.count_integral(
                state, self.levels, floor, n_orthants, self.dimension
            )
            found = int(state[1])
            if reason == DONE:
                return found
            if reason == LARGE:
                raise TooLarge
            if reason == STEPPED:
                state[2] = found + STEP
                report(found, int(state[3]))
            else:
                self._grow()

    def estimate(
        self, samples: int, rng: np.random.Generator, row: int | None = None
    ) -> tuple[float, float]:
        """An unbiased estimate of the number of cells in an orthant, all or those from a row.

        Returns
        -------
        estimate, standard error

        Raises
        ------
        TooLarge

        References
        ----------
        D. E. Knuth, *Estimating the efficiency of backtrack programs*, Math. Comp. 29 (1975).
        """
        base = 1 + min(1, self.n_cuts)
        floor = 0
        if row is None:
            first = self.levels.table[0]
            first[kernel.START], first[kernel.STOP] = min(1, self.n_cuts), self.n_cuts
        else:
            cells, n = self._below(row)
            if not n:
                return float(cells), 0.0
            base, floor = 2, 1
        sums = np.zeros(2)
        depth = self.dimension + 1
        while True:
            numbers = rng.random(samples * depth)
            reason = kernel.sample_integral(self.levels, floor, self.dimension, numbers, sums)
            if reason == LARGE:
                raise TooLarge
            if reason == DONE:
                break
            self._grow()
            sums[:] = 0.0
        mean, square = sums / samples
        return base + float(mean), sqrt(max(0.0, square - mean * mean) / samples)


_FIXED = ("given", "walls", "table", "chosen", "copied", "keys", "others")
"""Arrays that do not grow."""


def _packed(masks: Sequence[int]) -> NDArray[np.uint64]:
    """Masks as words, without the walls on which there is no ray."""
    union = reduce(or_, masks, 0)
    if union.bit_length() > 64:
        used = [i for i in range(union.bit_length()) if union >> i & 1]
        if len(used) > 64:
            raise TooLarge
        masks = [sum((mask >> i & 1) << k for k, i in enumerate(used)) for mask in masks]
    return np.array(masks, dtype=np.uint64)
