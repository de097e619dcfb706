"""A bounded domain of questions: its box, and the inequalities that are no ends of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.complex.domains import bounded_rows, box_round, float_box
from arrangement.networks.layers import homogeneous

__all__ = ["Domain", "Point"]

Point = tuple[Fraction, ...]


@dataclass(frozen=True, eq=False)
class Domain:
    """A bounded domain as a box and inequalities.

    Attributes
    ----------
    rows : ndarray of Python ints, shape (m, d + 1)
        [g | c], g·x + c ≥ 0: all of them.
    walls : ndarray of Python ints, shape (r, d + 1)
        Those that are no ends of a coordinate.
    low, high : list of d Fractions
    """

    rows: NDArray[np.object_]
    walls: NDArray[np.object_]
    low: list[Fraction]
    high: list[Fraction]

    @classmethod
    def of(cls, domain: Any, dimension: int) -> Domain:
        """A domain as it is given, see :meth:`Network.regions`."""
        rows = bounded_rows(domain, dimension)
        low, high = map(list, zip(*box_round(rows), strict=True))
        walls = rows[(rows[:, :-1] != 0).sum(axis=1) != 1]
        return cls(rows, walls, low, high)

    def floats(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The box in float64, rounded outward."""
        return float_box(list(zip(self.low, self.high, strict=True)))

    def __contains__(self, x: Point) -> bool:
        scaled = [int(v) for v in homogeneous(x)]
        return all(sum(map(int.__mul__, row, scaled)) >= 0 for row in self.rows.tolist())

    def nearest_in_box(self, x: NDArray[np.float64]) -> Point:
        """A float64 point moved into the box, exactly."""
        ends = zip(self.low, self.high, strict=True)
        return tuple(
            max(l, min(h, Fraction(v))) for v, (l, h) in zip(x.tolist(), ends, strict=True)
        )
