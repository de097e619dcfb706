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
from arrangement.relu.training.convex_neurons import Fit, fewest, polished_neurons
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["Program"]

GAP, GAP_AT_KINKS = 1e-9, 1e-7
"""The gap at which the work ends, as a share of the zero function's loss; the second for losses
with kinks, where Newton's method gives no more digits."""

OWN_GAP = 1e-6
"""The same as a share of the network's own loss, which may be far less."""

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
    fit : Fit
        The loss, of C outputs.
    beta : float
    packed : ndarray of uint64, shape (m, words)
        The patterns.
    facets : callable
        It gives the facets of a pattern's cone by the numbers of their samples.
    complete : bool
        Are these all patterns of the samples?
    chosen : list of (int, int)
        The pairs (pattern, column) that the program is solved with. Column 2c has neurons of
        output c with sign +1, column 2c + 1 those with sign −1.
    """

    def __init__(
        self,
        X: Floats,
        fit: Fit,
        beta: float,
        packed: Words,
        facets: Callable[[int], Sequence[int]],
        complete: bool,
        first: Indices,
    ) -> None:
        self.X, self.fit, self.beta = X, fit, beta
        self.packed, self.facets, self.complete = packed, facets, complete
        self.distinct, self.place = np.unique(first, return_inverse=True)
        self.unit = X[self.distinct] / np.linalg.norm(X[self.distinct], axis=1)[:, None]
        self.chosen: list[tuple[int, int]] = []
        self.used: list[tuple[int, int]] = []
        self.columns: Floats = np.kron(np.eye(fit.outputs), np.array([[1.0], [-1.0]]))

    def signs(self, rows: Any) -> NDArray[np.int8]:
        """Sign vectors of some patterns, shape (rows, N)."""
        return unpack_signs(self.packed[rows], len(self.X))

    def solve(self, progress: Progress) -> tuple[Floats, Indices, Floats]:
        """Vectors v of an optimum, one row a neuron, their columns, and ν of shape (N, C)."""
        report = reporter(progress, "billionths of the gap closed")
        fit = self.fit
        zero = fit.value(np.zeros((len(self.X), fit.outputs)))
        V, place = np.zeros((0, self.X.shape[1])), np.zeros(0, dtype=np.int64)
        nu = fit.nu(self._outputs(V, place))
        best = np.inf, V, place, nu
        apart, powers = APART, [0.0, 0.5, 1.0]
        for _ in range(MOST_ROUNDS):
            bound, peaks = self.support(nu, self.beta, apart)
            upper = self._upper(V, place)
            gap = upper - self._lower(nu, float(bound.max(initial=0.0)))
            best = min(best, (gap, V, place, nu), key=lambda found: found[0])
            report(round(10**9 * (1 - min(best[0] / zero, 1.0))) if zero else 10**9, 10**9)
            apart = APART if bound.max(initial=0.0) > FAR * self.beta else SAME
            new = [pair for pair in peaks if pair not in self.chosen]
            if gap <= min((GAP if fit.smooth else GAP_AT_KINKS) * zero, OWN_GAP * upper):
                break
            if new:
                # At kinks many ν belong to one optimum, and what is unused still bounds them.
                self.chosen = (self.used if fit.smooth else self.chosen) + new
            else:
                # All that is missing is accuracy.
                del powers[0]
            while powers:
                try:
                    V, place, nu = self._restricted(powers[0])
                    break
                except SolverError:
                    del powers[0]
            if not powers:
                break
            V, place = self._fewest(V, place)
            if fit.smooth:
                V, place = self._sharpest(V, place)
                nu = fit.nu(self._outputs(V, place))
        return best[1:]

    def _outputs(self, V: Floats, place: Indices) -> Floats:
        outputs: Floats = np.maximum(self.X @ V.T, 0.0) @ self.columns[place]
        return outputs

    def _fewest(self, V: Floats, place: Indices) -> tuple[Floats, Indices]:
        """At most N neurons an output with the same outputs and no larger Σ‖v‖."""
        kept, columns = [], []
        for c in range(self.fit.outputs):
            rows = place // 2 == c
            v, s = fewest(self.X, V[rows], (1 - 2 * (place[rows] % 2)).astype(np.int8))
            kept.append(v)
            columns.append(2 * c + (s < 0))
        return np.concatenate(kept), np.concatenate(columns)

    def support(
        self, nu: Floats, known: float, apart: float = SAME
    ) -> tuple[Floats, list[tuple[int, int]]]:
        """Upper bounds on max ±Σ_P ν_ic x_i·u over each cone and the unit ball, and its peaks.

        Parameters
        ----------
        nu : ndarray, shape (N, C)

        Returns
        -------
        bound : ndarray, shape (m, 2C)
            A bound of at most `known` need not be sharp; the others are lengths of projections
            to the cone.
        peaks : list of (int, int)
            Pairs (pattern, column) with a bound above `known`, the highest first, and of points
            nearer to each other than `apart` only one. Of all patterns only local maxima
            count: from a point on a face with ±ν_ic > 0 for some sample i on it, the
            neighbour there reaches higher.
        """
        found = [self._supports(self.packed, column, known) for column in nu.T]
        bound, points, rises = (
            np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)
        )
        candidates = np.flatnonzero((bound > known) & ~(rises & self.complete))
        order = np.argsort(-bound.reshape(-1)[candidates], kind="stable")
        taken = np.zeros((0, self.X.shape[1] + self.fit.outputs))
        peaks: list[tuple[int, int]] = []
        for k, column in np.transpose(
            np.unravel_index(candidates[order], bound.shape)
        ).tolist():
            point = np.append(points[k, column] / bound[k, column], self.columns[column])
            if not np.any(np.abs(taken - point).max(axis=1) < apart):
                taken = np.vstack([taken, point])
                peaks.append((k, column))
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
        """t ν for the t with t·norm ≤ β where the dual is largest, or nearly so."""
        t = self.fit.best_multiple(nu)
        return nu * min(t, self.beta / norm) if norm > 0 else nu * t

    def _upper(self, V: Floats, place: Indices) -> float:
        """The primal value of V."""
        loss = self.fit.value(self._outputs(V, place))
        return loss + self.beta * float(np.linalg.norm(V, axis=1).sum())

    def _lower(self, nu: Floats, norm: float) -> float:
        """The dual value of ν, scaled to be feasible."""
        return self.fit.dual(self._scaled(nu, norm))

    def _sharpest(self, V: Floats, place: Indices) -> tuple[Floats, Indices]:
        """Of the neurons and what Newton's method makes of them those of least gap.

        The gap is that of the program over the chosen pairs.
        """
        rows, columns = np.transpose(self.chosen)
        best = np.inf, V, place
        S: Floats = self.columns[place]
        polished = polished_neurons(self.X, self.fit, self.beta, V, S)
        for neurons in [(V, place), *((moved, place[kept]) for moved, kept in polished)]:
            nu = self.fit.nu(self._outputs(*neurons))
            norm = 0.0
            for c, column in enumerate(nu.T):
                own = columns // 2 == c
                if own.any():
                    bound = self._supports(self.packed[rows[own]], column, self.beta)[0]
                    norm = max(norm, float(bound[np.arange(own.sum()), columns[own] % 2].max()))
            gap = self._upper(*neurons) - self._lower(nu, norm)
            best = min(best, (gap, *neurons), key=lambda found: found[0])
        return best[1:]

    def _restricted(self, power: float) -> tuple[Floats, Indices, Floats]:
        """The optimum over the chosen pairs (pattern, column), and its ν."""
        import cvxpy as cp
        import scipy.sparse as sp

        signs = self.signs([k for k, _ in self.chosen])
        place = np.array([column for _, column in self.chosen])
        active: Mask = signs > 0
        hidden = active[:, :, None] * self.X
        sides = []
        for (k, _), row in zip(self.chosen, signs, strict=True):
            facets = list(self.facets(k))
            sides.append(row[facets, None] * self.X[facets])
        count, N, d = hidden.shape
        fit = self.fit
        V = cp.Variable((count, d))
        flat = cp.vec(V, order="C")
        outputs = np.einsum("knd,kc->nckd", hidden, self.columns[place])
        f = outputs.reshape(N * fit.outputs, count * d) @ flat
        held = sp.block_diag(sides, format="csr") @ flat >= 0
        size = cp.sum(cp.norm(V, 2, axis=1))
        # The residuals of squares, or else all that is minimised, in units of a power of β:
        # which serves best depends on the data.
        unit = self.beta**power
        factor = 1.0 if fit.squared else unit
        e = cp.Variable(N * fit.outputs)
        if fit.squared:
            fitted = f + unit * e == fit.y
            cost = unit**2 / self.beta * cp.sum_squares(cp.multiply(np.sqrt(fit.weights), e))
        else:
            fitted = f == e
            shape = (N, fit.outputs) if fit.loss.of_classes else (N,)
            e_shaped = cp.reshape(e, shape, order="C")
            cost = fit.loss.expression(e_shaped, fit.y, fit.weights / self.beta)
        minimise(cp.Problem(cp.Minimize(factor * (cost + size)), [fitted, held]))
        nu = fit.allowed(-self.beta / factor * fitted.dual_value.reshape(N, fit.outputs))
        length = np.linalg.norm(V.value, axis=1)
        self.used = [
            pair
            for pair, size in zip(self.chosen, length, strict=True)
            if size > UNUSED * length.sum()
        ]
        return V.value, place, nu
