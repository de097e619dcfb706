"""Cells that rows cut in a pointed cone, counted in Python's integers: obvious, and slow.

What the compiled loop leaves over is done so, and what it found is checked so.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np

from arrangement.enumeration.integral_counts import IntegralCount, TooLarge

__all__ = ["RestrictedCone"]


class RestrictedCone:
    """A pointed cone, and the values of the different rows that cut it on its rays.

    Parameters
    ----------
    rows : sequence of sequences of int
        The values of each row on the rays. Those that do not cut the cone are left out, and all
        but the first of those that are the same up to a factor.
    masks : sequence of int
        Bit i is 1 where the ray lies on wall i.
    dimension : int
        Of the cone.

    Examples
    --------
    >>> cone = RestrictedCone([(1, -1), (2, -1), (-4, 2), (1, 1)], [2, 1], 2)
    >>> len(cone.rows), cone.count()
    (2, 3)
    """

    def __init__(
        self, rows: Sequence[Sequence[int]], masks: Sequence[int], dimension: int
    ) -> None:
        different: dict[tuple[int, ...], Sequence[int]] = {}
        for row in rows:
            if min(row) < 0 < max(row):
                different.setdefault(_key(row), row)
        self.rows = list(different.values())
        self.masks = masks
        self.dimension = dimension

    def restricted(self, k: int) -> RestrictedCone | None:
        """What row k cuts out, with the rows before it; None if one of these contains it."""
        row, masks = self.rows[k], self.masks
        rays: list[list[int]] = [[] for _ in range(k)]
        found = []

        def add(values: list[int], mask: int) -> None:
            divisor = gcd(*values) or 1
            for of_row, value in zip(rays, values, strict=True):
                of_row.append(value // divisor)
            found.append(mask)

        for p, a in enumerate(row):
            if a == 0:
                add([other[p] for other in self.rows[:k]], masks[p])
            for q, b in enumerate(row):
                if a > 0 > b:
                    common = masks[p] & masks[q]
                    if sum(mask & common == common for mask in masks) == 2:
                        values = [a * other[q] - b * other[p] for other in self.rows[:k]]
                        add(values, common)
        if not all(map(any, rays)):
            return None
        return RestrictedCone(rays, found, self.dimension - 1)

    def count(self) -> int:
        """The number of cells: one, and those in what each row cuts out."""
        return 1 + sum(self.part(k) for k in range(len(self.rows)))

    def part(self, row: int, start: int = 0, stop: int | None = None) -> int:
        """As :meth:`IntegralCount.part`, which is checked so."""
        below = self.restricted(row)
        if below is None:
            return 0
        stop = len(below.rows) if stop is None else stop
        return (start == 0) + sum(below.part(k) for k in range(start, stop))

    def compiled_part(self, row: int, start: int = 0, stop: int | None = None) -> int:
        """The same, by the compiled loop wherever its integers suffice."""
        below = self.restricted(row)
        if below is None:
            return 0
        stop = len(below.rows) if stop is None else stop
        further = map(below.restricted, range(start, stop))
        return (start == 0) + sum(cone.compiled_count() for cone in further if cone is not None)

    def compiled_count(self) -> int:
        """The number of cells, by the compiled loop wherever its integers suffice."""
        try:
            values = np.array(self.rows, dtype=object).reshape(-1, len(self.masks)).T
            return IntegralCount(values, self.masks, self.dimension).count()
        except TooLarge:
            further = map(self.restricted, range(len(self.rows)))
            return 1 + sum(cone.compiled_count() for cone in further if cone is not None)


def _key(row: Sequence[int]) -> tuple[int, ...]:
    """The same for rows that are the same up to a factor."""
    divisor = gcd(*row) * (1 if next(v for v in row if v) > 0 else -1)
    return tuple(v // divisor for v in row)
