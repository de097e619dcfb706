"""Cells by linear programming: the textbook method, and the one that knows a domain.

HiGHS proposes, :mod:`arrangement.exact` decides: a point counts once its signs are exactly
right, and "no point" once a Farkas certificate is exactly right; what the solver leaves open
goes to exact arithmetic. A solver that is wrong costs time, never a wrong cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.found import Found
from arrangement.exact.packing import pack_signs
from arrangement.exact.solver import WORTH_CONFIRMING, FeasibilitySolver, unit_rows
from arrangement.hyperplanes.domain import parse_domain
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.progress import Progress, reporter

__all__ = ["cells"]

Integers = NDArray[np.object_]
Floats = NDArray[np.float64]
Signs = NDArray[np.int8]


def cells(arrangement: Hyperplanes, domain: Any = None, progress: Progress = None) -> Found:
    """The cells of an arrangement, inside a domain if one is given, one hyperplane at a time.

    Every cell carries a point. A new hyperplane splits the cells that have a point on either
    side of it: where it cuts the ball round the cell's point both sides are seen at once,
    elsewhere an LP looks on the far side. Hyperplanes given twice need no LP.

    Parameters
    ----------
    arrangement : Arrangement
    domain : sequence of (low, high), or pair (G, h), optional
        See :func:`~arrangement.hyperplanes.domain.parse_domain`; only cells that meet its
        interior count.
    progress : bool or callable, optional
        See :func:`arrangement.progress.reporter`.

    Returns
    -------
    Found
        With an exact float64 point in every cell that was met with one.

    Raises
    ------
    InputError
        If the domain is malformed or has an empty interior.

    References
    ----------
    Rada, Černý (2018), A new algorithm for enumeration of cells of hyperplane arrangements
    and a comparison with Avis and Fukuda's reverse search, SIAM J. Discrete Math. 32, 455–473.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> crossing = Arrangement([[1, 1], [1, -1]])
    >>> len(cells(crossing).words), len(cells(crossing, domain=[(1, 2), (0, None)]).words)
    (4, 2)
    """
    show = reporter(progress, "hyperplanes")
    rows, n = arrangement.rows, arrangement.n_hyperplanes
    walls = rows[:0] if domain is None else parse_domain(domain, arrangement.dimension)
    first, orientation = arrangement.coincidence
    distinct = np.flatnonzero(first == np.arange(n))
    growing = _Growing(np.concatenate([walls, rows[distinct]]), len(walls))
    for i in range(n):
        if first[i] == i:
            growing.insert()
        show(i + 1, n)
    columns = len(walls) + np.searchsorted(distinct, first)
    signs = growing.signs[:, columns] * orientation
    return Found(pack_signs(signs), walls if len(walls) else None, growing.points)


class _Growing:
    """The cells of a growing arrangement: rows[:k] are in, the first of them are walls.

    Cell c has the signs signs[c] (0 for a row that is not in yet) and a witness: points[c]
    where that float64 point is exactly inside, else the Fractions exactly[c]. The ball of
    radius about reach[c] round the point is in the cell.
    """

    def __init__(self, rows: Integers, walls: int) -> None:
        self.rows, self.k = rows, walls
        self.unit = unit_rows(rows)
        self.solver = FeasibilitySolver(rows)
        self.signs = np.zeros((1, len(rows)), dtype=np.int8)
        self.signs[:, :walls] = 1
        self.points = np.zeros((1, rows.shape[1] - 1))
        self.exactly = np.full(1, None, dtype=object)
        self.reach = np.full(1, self.solver.scale)
        if walls:
            exists, self.points, self.exactly = self._seek(self.signs, self.points)
            assert exists.all()
            self.reach = self._slack(self.signs, self.points)

    def insert(self) -> None:
        """Insert the next row: split the cells that have points on both sides of it."""
        k, m = self.k, len(self.points)
        self.k += 1
        side = self._sides_of_witnesses(k)
        with np.errstate(invalid="ignore", over="ignore"):
            distance = self.points @ self.unit[k, :-1] + self.unit[k, -1]
            close = (side == 0) | (np.abs(distance) < self.reach / 8)
            step = np.where(2 * np.abs(distance) < self.reach, self.reach, np.nan)
            step = (step - np.abs(distance)) / 2
        side[side == 0] = 1
        self.signs[:, k] = side
        self.reach = np.fmin(self.reach, np.abs(distance))

        # The far side of every cell, and a better place on this side for close witnesses.
        moving = np.flatnonzero(close)
        cell = np.concatenate([np.arange(m), moving])
        targets = self.signs[cell]
        targets[:m, k] = -side
        shift = targets[:, k] * step[cell] - distance[cell]
        guesses = self.points[cell] + shift[:, None] * self.unit[k, :-1]
        exists, points, exactly = self._seek(targets, guesses)
        assert exists[m:].all()
        reach = self._slack(targets, points)

        self.points[moving], self.exactly[moving] = points[m:], exactly[m:]
        self.reach[moving] = reach[m:]
        born = np.flatnonzero(exists[:m])
        self.signs = np.concatenate([self.signs, targets[born]])
        self.points = np.concatenate([self.points, points[born]])
        self.exactly = np.concatenate([self.exactly, exactly[born]])
        self.reach = np.concatenate([self.reach, reach[born]])

    def _sides_of_witnesses(self, k: int) -> Signs:
        """The exact sign of row k at every cell's witness."""
        row = self.rows[k : k + 1]
        rational = np.array([w is not None for w in self.exactly], dtype=bool)
        witnesses = np.array(self.exactly[rational].tolist(), dtype=object)
        result = np.empty(len(self.points), dtype=np.int8)
        result[~rational] = exact.signs_at(row, self.points[~rational])[:, 0]
        result[rational] = exact.signs_at(row, witnesses)[:, 0]
        return result

    def _seek(
        self, targets: Signs, guesses: Floats
    ) -> tuple[NDArray[np.bool_], Floats, Integers]:
        """For each target: is there a point with these signs, and a witness if so.

        The ladder: the guess, the LP's point, the LP's Farkas certificate, and what is left
        is decided by exact arithmetic alone.
        """
        exists, points = self._inside(targets, guesses), guesses.copy()
        exactly = np.full(len(targets), None, dtype=object)
        asked = np.flatnonzero(~exists)
        # Neighbours in this order share most signs, so that a warm start is warm.
        asked = asked[np.lexsort(targets[asked].T)] if targets.size else asked
        supports: list[Any] = [None] * len(targets)
        least = WORTH_CONFIRMING * self.solver.scale
        for r in asked:
            slack = self.solver.solve(targets[r])
            points[r] = slack.x if slack.t > least else np.nan
            supports[r] = np.flatnonzero(slack.duals[: self.k] > WORTH_CONFIRMING)
        exists[asked] = self._inside(targets[asked], points[asked])
        for r in asked[~exists[asked]]:
            points[r] = np.nan
            blamed = targets[r, supports[r], None] * self.rows[supports[r]]
            if exact.is_infeasible(blamed, range(len(blamed))):
                continue
            system = (targets[r, : self.k, None] * self.rows[: self.k]).tolist()
            exactly[r] = exact.interior_point(system)
            exists[r] = exactly[r] is not None
            near = exact.nearest_floats(system, exactly[r]) if exists[r] else None
            if near is not None:
                points[r], exactly[r] = near, None
        return exists, points, exactly

    def _inside(self, targets: Signs, points: Floats) -> NDArray[np.bool_]:
        """Which float64 points have exactly the target's signs?"""
        finite = np.flatnonzero(np.isfinite(points).all(axis=1))
        at = exact.signs_at(self.rows[: self.k], points[finite])
        result = np.zeros(len(points), dtype=np.bool_)
        result[finite] = (at == targets[finite, : self.k]).all(axis=1)
        return result

    def _slack(self, targets: Signs, points: Floats) -> Floats:
        """About the distance from each point to the nearest row."""
        unit = self.unit[: self.k]
        with np.errstate(invalid="ignore", over="ignore"):
            distance = targets[:, : self.k] * (points @ unit[:, :-1].T + unit[:, -1])
        return np.asarray(distance.min(axis=1))
