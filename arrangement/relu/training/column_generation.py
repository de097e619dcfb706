"""The program of Pilanci and Ergen, solved on a growing part of its patterns.

See :mod:`arrangement.relu.training.convex` for the program and its dual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import kernels
from arrangement.errors import SolverError
from arrangement.exact.packing import Words, unpack_signs
from arrangement.progress import Progress, reporter
from arrangement.relu.losses.conic import minimise
from arrangement.relu.training.convex_neurons import fewest, polished_neurons
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["Program"]

GAP = 1e-9
"""The gap at which the work ends, as a share of ½‖y‖²."""

MOST_ROUNDS = 200

UNUSED = 1e-7
"""Vectors below this share of the total length leave the program after a round."""

FAR, APART, SAME = 1.1, 0.1, 1e-6
"""While the dual's bound is exceeded by the factor FAR, of unit vectors nearer than APART only
one enters in a round; after that, only those nearer than SAME count as one."""


class Program:
    """The program over given patterns, solved on a growing part of them.

    Attributes
    ----------
    X : ndarray, shape (N, d)
    y : ndarray, shape (N,)
    beta : float
    packed : ndarray of uint64, shape (m, words)
        The patterns.
    facets : callable or None
        If these are all patterns of the samples, it gives the facets of a pattern's cone by
        the numbers of their samples.
    chosen : list of (int, int)
        The pairs (pattern, sign) that the program is solved with.
    """

    def __init__(
        self,
        X: Floats,
        y: Floats,
        beta: float,
        packed: Words,
        facets: Callable[[int], Sequence[int]] | None,
        first: Indices,
    ) -> None:
        self.X, self.y, self.beta = X, y, beta
        self.packed, self.facets = packed, facets
        self.distinct, self.place = np.unique(first, return_inverse=True)
        self.unit = X[self.distinct] / np.linalg.norm(X[self.distinct], axis=1)[:, None]
        self.chosen: list[tuple[int, int]] = []
        self.used: list[tuple[int, int]] = []

    def signs(self, rows: Any) -> NDArray[np.int8]:
        """Sign vectors of some patterns, shape (rows, N)."""
        return unpack_signs(self.packed[rows], len(self.X))

    def solve(self, progress: Progress) -> tuple[Floats, NDArray[np.int8]]:
        """Vectors v and output signs of an optimum, one row a neuron."""
        report = reporter(progress, "billionths of the gap closed")
        zero = 0.5 * float(self.y @ self.y)
        V, s = np.zeros((0, self.X.shape[1])), np.zeros(0, dtype=np.int8)
        best = np.inf, V, s
        apart, powers = APART, [0.0, 0.5, 1.0]
        for _ in range(MOST_ROUNDS):
            nu = self.y - np.maximum(self.X @ V.T, 0.0) @ s
            bound, peaks = self.support(nu, self.beta, apart)
            gap = self._gap(nu, V, float(bound.max(initial=0.0)))
            best = min(best, (gap, V, s), key=lambda found: found[0])
            report(round(10**9 * (1 - min(best[0] / zero, 1.0))) if zero else 10**9, 10**9)
            apart = APART if bound.max(initial=0.0) > FAR * self.beta else SAME
            new = [pair for pair in peaks if pair not in self.chosen]
            if gap <= GAP * zero:
                break
            if new:
                self.chosen = self.used + new
            else:
                # All that is missing is accuracy.
                del powers[0]
            while powers:
                try:
                    V, s = fewest(self.X, *self._restricted(powers[0]))
                    break
                except SolverError:
                    del powers[0]
            if not powers:
                break
            V, s = self._sharpest(V, s)
        return best[1:]

    def support(
        self, nu: Floats, known: float, apart: float = SAME
    ) -> tuple[Floats, list[tuple[int, int]]]:
        """Upper bounds on max s Σ_P ν_i x_i·u over each cone and the unit ball, and its peaks.

        Returns
        -------
        bound : ndarray, shape (m, 2)
            Columns are s = +1 and s = −1. A bound of at most `known` need not be sharp; the
            others are lengths of projections to the cone.
        peaks : list of (int, int)
            Pairs (pattern, s) with a bound above `known`, the highest first, and of points
            nearer to each other than `apart` only one. Of all patterns only local maxima
            count: from a point on a face with s ν_i > 0 for some sample i on it, the
            neighbour there reaches higher.
        """
        bound, points, rises = self._supports(self.packed, nu, known)
        candidates = np.flatnonzero((bound > known) & ~(rises & (self.facets is not None)))
        order = np.argsort(-bound.reshape(-1)[candidates], kind="stable")
        taken = np.zeros((0, self.X.shape[1] + 1))
        peaks: list[tuple[int, int]] = []
        for k, column in np.transpose(
            np.unravel_index(candidates[order], bound.shape)
        ).tolist():
            s = 1 - 2 * column
            point = np.append(points[k, column] / bound[k, column], s)
            if not np.any(np.abs(taken - point).max(axis=1) < apart):
                taken = np.vstack([taken, point])
                peaks.append((k, s))
            if len(peaks) == 4 * len(nu):
                break
        return bound, peaks

    def _supports(self, words: Words, nu: Floats, known: float) -> tuple[Any, Any, Any]:
        kinks = np.bincount(self.place, np.linalg.norm(self.X, axis=1) * nu)
        return kernels.cone_supports(
            words, nu[:, None] * self.X, self.distinct, self.unit, kinks, known
        )

    def feasible(self, nu: Floats) -> tuple[Floats, float]:
        """The best multiple of ν that the dual allows, and the most that it reaches."""
        norm = float(self.support(nu, self.beta)[0].max(initial=0.0))
        scaled = self._scaled(nu, norm)
        length = float(np.linalg.norm(nu))
        return scaled, norm * float(np.linalg.norm(scaled)) / length if length else 0.0

    def _scaled(self, nu: Floats, norm: float) -> Floats:
        """t ν for the t with t·norm ≤ β where the dual is largest."""
        square = float(nu @ nu)
        t = max(float(nu @ self.y) / square, 0.0) if square else 0.0
        return nu * min(t, self.beta / norm) if norm > 0 else nu * t

    def _gap(self, nu: Floats, V: Floats, norm: float) -> float:
        """The primal value of V minus the dual value of ν, scaled to be feasible."""
        upper = 0.5 * float(nu @ nu) + self.beta * float(np.linalg.norm(V, axis=1).sum())
        scaled = self._scaled(nu, norm)
        return upper - float(scaled @ self.y - 0.5 * scaled @ scaled)

    def _sharpest(self, V: Floats, s: NDArray[np.int8]) -> tuple[Floats, NDArray[np.int8]]:
        """Of the neurons and what Newton's method makes of them those of least gap.

        The gap is that of the program over the chosen pairs.
        """
        rows, signs = np.transpose(self.chosen)
        words, column = self.packed[rows], (1 - signs) // 2
        best = np.inf, V, s
        for neurons in [(V, s), *polished_neurons(self.X, self.y, self.beta, V, s)]:
            nu = self.y - np.maximum(self.X @ neurons[0].T, 0.0) @ neurons[1]
            bound = self._supports(words, nu, self.beta)[0]
            norm = float(bound[np.arange(len(rows)), column].max())
            best = min(
                best, (self._gap(nu, neurons[0], norm), *neurons), key=lambda found: found[0]
            )
        return best[1:]

    def _restricted(self, power: float) -> tuple[Floats, NDArray[np.int8]]:
        """The optimum over the chosen pairs (pattern, sign)."""
        import cvxpy as cp
        import scipy.sparse as sp

        signs = self.signs([k for k, _ in self.chosen])
        s = np.array([j for _, j in self.chosen], dtype=np.int8)
        active: Mask = signs > 0
        outputs = (s[:, None, None] * active[:, :, None]) * self.X
        sides = []
        for (k, _), row in zip(self.chosen, signs, strict=True):
            facets = self.distinct if self.facets is None else list(self.facets(k))
            sides.append(row[facets, None] * self.X[facets])
        count, N, d = outputs.shape
        V = cp.Variable((count, d))
        flat = cp.vec(V, order="C")
        f = np.swapaxes(outputs, 0, 1).reshape(N, count * d) @ flat
        # The residuals in units of a power of β: which serves best depends on the data.
        unit = self.beta**power
        e = cp.Variable(N)
        problem = cp.Problem(
            cp.Minimize(
                0.5 * unit**2 / self.beta * cp.sum_squares(e) + cp.sum(cp.norm(V, 2, axis=1))
            ),
            [f + unit * e == self.y, sp.block_diag(sides, format="csr") @ flat >= 0],
        )
        minimise(problem)
        length = np.linalg.norm(V.value, axis=1)
        self.used = [
            pair
            for pair, size in zip(self.chosen, length, strict=True)
            if size > UNUSED * length.sum()
        ]
        return V.value, s
