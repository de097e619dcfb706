"""Decisions for the Huber loss, in rational arithmetic.

The Huber loss is (f − y)² up to |f − y| = t, then linear, so that its derivative is 2r with r
the residual f − y cut off at ±t. On a tuple of faces with outputs A c let F be the samples with
|r_i| < t and L the others. The least loss is taken where Aᵀr = 0, r is the same in all
minimisers (a convex function is linear between two minimisers, and each of its terms then is),
and these are the polyhedron of the c with (A c)_i = y_i + r_i on F and, on L, beyond y_i ± t.
Which samples are in L is proposed in float64; the equations and inequalities then prove it, for
they are the conditions of Karush, Kuhn and Tucker of a convex problem.

The criterion of a local minimum is that of squares with these r. Where c is not unique beyond
the null space of A, an inequality on L that holds with equality on the whole polyhedron is made
an equation. Then the others can be strict at once, and are strict somewhere on every open set
that meets the polyhedron, such as where those of the face hold: all may be taken as strict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from flint import fmpq

from arrangement import exact
from arrangement.errors import SolverError
from arrangement.exact.roots import as_fmpq
from arrangement.relu.minima.convex_losses import ConvexDecider
from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.rational import Integers, Solution, product, scaled, solutions
from arrangement.relu.weight_space import Floats, Indices

__all__ = ["HuberDecider"]

SHARES = 1e-9, 1e-6, 1e-12, -1e-9
"""How far below t a residual in float64 may be and be taken for one beyond it."""

STEPS = 200


class _UnprovedError(SolverError):
    """No proposal of the samples beyond the threshold could be proved."""


@dataclass(frozen=True, eq=False)
class _Fit(Solution):
    """Minimisers (c + N t)/denominator with `held` ≥ 0, where moves are not zero and all these
    can be positive at once."""

    outputs: Integers = field(kw_only=True)  # (N,), over the same denominator


class HuberDecider(ConvexDecider):
    """Decides tuples of faces exactly for the Huber loss; see :class:`ConvexDecider`."""

    def solve(self, faces: Indices) -> _Fit:
        """All minimisers on a tuple of faces.

        Raises
        ------
        SolverError
            If no proposal could be proved.
        """
        A = self.columns(faces)
        away = self._away(A)
        for share in SHARES:
            side = np.where(np.abs(away) >= self.kind.threshold * (1 - share), np.sign(away), 0)
            fit = self._proved(A, side.astype(np.int64).astype(object))
            if fit is not None:
                return fit
        raise _UnprovedError(
            "a least Huber loss could not be proved; scale the data, or take another threshold"
        )

    def _away(self, A: Integers) -> Floats:
        """f − y of a minimiser in float64."""
        y, t = self.y, self.kind.threshold
        pivots = exact.independent_columns(A)
        if not pivots:
            return -y
        Q, _ = np.linalg.qr(scaled(A[:, pivots])[0])
        q = Q.T @ y
        for _ in range(STEPS):
            away = Q @ q - y
            g = Q.T @ np.clip(away, -t, t)
            near = np.abs(away) < t
            H = Q[near].T @ Q[near]
            H += (1e-9 if near.any() else 1.0) * np.eye(len(q))
            step = -np.linalg.solve(H, g)
            along = Q @ step
            # The slope along the step rises piecewise linearly: its zero, kink by kink.
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                kinks = np.concatenate([(t - away) / along, (-t - away) / along])
            kinks = np.sort(kinks[np.isfinite(kinks) & (kinks > 0)])
            slopes = [float(along @ np.clip(away + k * along, -t, t)) for k in kinks]
            at = next((k for k, slope in enumerate(slopes) if slope >= 0), len(kinks))
            low = kinks[at - 1] if at else 0.0
            before = slopes[at - 1] if at else float(along @ np.clip(away, -t, t))
            if before >= 0:
                break
            high, after = (kinks[at], slopes[at]) if at < len(kinks) else (low + 1.0, None)
            if after is None:
                after = float(along @ np.clip(away + high * along, -t, t))
            rise = after - before
            size = low - before * (high - low) / rise if rise > 0 else high
            q = q + size * step
            if np.linalg.norm(size * step) <= 1e-14 * np.linalg.norm(q):
                break
        return np.asarray(Q @ q - y)

    def _proved(self, A: Integers, side: Integers) -> _Fit | None:
        """The minimisers with some samples beyond the limit on some side, if it is so."""
        near = side == 0
        n = A.shape[1]
        # AᵀW (A | y) with W the samples within, and the others pull with all their force.
        F = np.concatenate([A, self.targets[:, None]], axis=1)
        gram = product(np.where(near[:, None], A, 0).T, F)
        gram[:, -1:] -= self.limit * product(A.T, side[:, None])
        form, denominator, pivots = exact.echelon(gram) if n else (gram, 1, [])
        if n in pivots:
            return None
        c, null = solutions(form, denominator, pivots)
        while True:
            outputs = product(A, c[:, None])[:, 0]
            away = outputs - denominator * self.targets
            limit = denominator * self.limit
            residuals = np.where(near, away, side * limit)
            if any(abs(v) > limit for v in residuals):
                return None
            at = near & (np.abs(away) == limit)
            if at.any():
                return self._proved(A, np.where(at, np.sign(away), side))
            value = (side * away - limit)[~near]
            moves = product(side[~near, None] * A[~near], null)
            moved = np.array([any(row) for row in moves], dtype=bool)
            if any(v < 0 for v in value[~moved]):
                return None
            value, moves = value[moved], moves[moved]
            tight = self._tight(value, moves)
            if tight is None:
                held, rank = ((value, moves),), exact.rank(A)
                return _Fit(c, null, denominator, residuals, rank, held, outputs=outputs)
            row, rest = moves[tight], value[tight]
            pivot = int(np.flatnonzero(row)[0])
            if row[pivot] < 0:
                row, rest = -row, -rest
            c = c * row[pivot] - null[:, pivot] * rest
            null = np.delete(null * row[pivot] - np.outer(null[:, pivot], row), pivot, axis=1)
            denominator *= row[pivot]

    def _tight(self, value: Integers, moves: Integers) -> int | None:
        """One of the inequalities value + moves t ≥ 0 that is an equation, if they have a
        solution; None if all can be strict."""
        if not len(moves) or self._point_inside([(value, moves)], (1,)) is not None:
            return None
        # Those before have inner points, and this one is nowhere positive on these.
        rows = np.concatenate([moves, value[:, None]], axis=1).tolist()
        return next(k for k in range(len(rows)) if exact.interior_point(rows[: k + 1]) is None)

    def _decisions(self, tuples: Indices) -> Iterator[tuple[list[Minima], Indices]]:
        for row in self.unclear(tuples):
            try:
                yield self._pieces_on(row, self.solve(row))[0], tuples[:0]
            except _UnprovedError:
                yield [], row[None]

    def _exact_loss(self, solution: _Fit) -> Fraction:
        total, limit = Fraction(0), solution.denominator * self.limit
        away = solution.outputs - solution.denominator * self.targets
        for d, r in zip(away.tolist(), solution.residuals.tolist(), strict=True):
            # Within the limit r = d; at it the line touches the square.
            total += r * r if abs(r) < limit else 2 * r * d - r * r
        return total / (len(self.y) * (solution.denominator * self.target_scale) ** 2)

    def _loss(self, solution: _Fit) -> tuple[float, list[float]]:
        """The loss, and f − y, rounded."""
        scale = solution.denominator * self.target_scale
        outputs = [float(Fraction(v, scale)) for v in solution.outputs.tolist()]
        return float(self._exact_loss(solution)), [
            f - y for f, y in zip(outputs, self.y.tolist(), strict=True)
        ]

    def loss(self, faces: Indices) -> fmpq:
        """The least loss of the columns of some faces."""
        return as_fmpq(self._exact_loss(self.solve(faces)))
