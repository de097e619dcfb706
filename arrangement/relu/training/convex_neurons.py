"""The loss of the convex program, and few neurons with all their digits from its answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from arrangement.relu.losses.losses import Loss
from arrangement.relu.weight_space import Floats, Mask

__all__ = ["Fit", "fewest", "polished_neurons"]

TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


class Fit:
    """Σ_i q_i l(f_i, y_i) for outputs f of shape (N, C), and its dual −Σ_i q_i l*(−ν_i/q_i).

    Attributes
    ----------
    loss : Loss
    y : ndarray, shape (N,)
    outputs : int
        C.
    weights : ndarray, shape (N,)
        The q_i, above 0; halves for the squared loss, whose sum is then ½‖f − y‖².
    """

    def __init__(self, loss: Loss, y: Floats, outputs: int, weights: Floats) -> None:
        self.loss, self.y, self.outputs, self.weights = loss, y, outputs, weights
        self.squared = loss.name == "squared"
        self.smooth = loss.differentiable or loss.name == "softmax"

    def _own(self, f: Floats) -> Floats:
        """Outputs in the shape that the loss takes."""
        return f if self.loss.of_classes else f[:, 0]

    def value(self, f: Floats) -> float:
        """The loss."""
        return float(self.weights @ self.loss.values(self._own(f), self.y))

    def nu(self, f: Floats) -> Floats:
        """Minus the slopes at f, shape (N, C)."""
        slopes = self.loss.gradient(self._own(f), self.y).reshape(len(self.y), -1)
        return -self.weights[:, None] * slopes

    def curvature(self, f: Floats, A: Floats) -> Floats:
        """The Hessian at f times the columns of A, shape (N C, columns)."""
        q = np.repeat(self.weights, self.outputs)[:, None]
        f = self._own(f)
        if not self.loss.of_classes:
            diagonal = self.loss.curvature_product(f, self.y, np.ones(len(self.y)))
            return q * diagonal[:, None] * A
        columns = [
            self.loss.curvature_product(f, self.y, column.reshape(f.shape)).reshape(-1)
            for column in A.T
        ]
        return q * np.column_stack(columns)

    def allowed(self, nu: Floats) -> Floats:
        """ν moved to where the dual is finite."""
        return -self.weights[:, None] * self._conjugate(nu)[0].reshape(nu.shape)

    def dual(self, nu: Floats) -> float:
        """The dual's value, where it is finite."""
        return -float(self.weights @ self._conjugate(nu)[1])

    def _conjugate(self, nu: Floats) -> tuple[Floats, Floats]:
        return self.loss.conjugate(self._own(-nu / self.weights[:, None]), self.y)

    def best_multiple(self, nu: Floats) -> float:
        """The t ≥ 0 with the largest dual of t ν for squares; 1 for others."""
        if not self.squared:
            return 1.0
        square = float(np.sum(nu[:, 0] ** 2 / (2 * self.weights)))
        return max(float(nu[:, 0] @ self.y) / square, 0.0) if square else 0.0


def fewest(X: Floats, V: Floats, s: NDArray[np.int8]) -> tuple[Floats, NDArray[np.int8]]:
    """At most N neurons with the same outputs and no larger Σ‖v‖ (Carathéodory's theorem).

    Among N + 1 neurons some combination of the outputs vanishes: going along it, to the side
    where Σ‖v‖ does not grow, the length of one of them comes down to zero.
    """
    length = np.linalg.norm(V, axis=1)
    dust = 1e-10 * length.sum()
    kept = np.flatnonzero(length > dust)
    directions, length, s = V[kept] / length[kept, None], length[kept], s[kept]
    columns = s * np.maximum(X @ directions.T, 0.0)
    left = np.arange(len(kept))
    S, Vt = np.linalg.svd(columns, full_matrices=True)[1:]
    null = Vt[int(np.sum(1e-10 * S.max(initial=0.0) < S)) :].T
    while null.shape[1]:
        change = null[:, 0] if null[:, 0].sum() >= 0 else -null[:, 0]
        ratio = np.full(len(left), np.inf)
        np.divide(length[left], change, out=ratio, where=change > 0)
        first = int(np.argmin(ratio))
        length[left] = np.maximum(length[left] - ratio[first] * change, 0.0)
        # The combinations that leave out the first: a reflection of the basis makes them
        # all columns but one.
        axis = null[first] / np.linalg.norm(null[first])
        axis[0] += 1.0 if axis[0] >= 0 else -1.0
        null = null - np.outer(null @ axis, 2.0 * axis / (axis @ axis))
        null = np.delete(null, first, axis=0)[:, 1:]
        left = np.delete(left, first)
    # Two that should come down together leave rounding of one of them.
    left = left[length[left] > dust]
    return directions[left] * length[left, None], s[left]


def polished_neurons(
    X: Floats, fit: Fit, beta: float, V: Floats, S: Floats
) -> Iterator[tuple[Floats, Mask]]:
    """What Newton's method makes of neurons on the faces that they lie on, and which are kept.

    An interior point method leaves half of the digits. With the samples that a vector is
    orthogonal to held fixed, and its other signs kept, the objective is smooth. What counts as
    orthogonal, and as no vector at all, is tried from coarse to fine.
    """
    unit = X / np.linalg.norm(X, axis=1)[:, None]
    length = np.linalg.norm(V, axis=1)
    tried: list[tuple[Mask, Mask]] = []
    for tolerance in TOLERANCES:
        kept = length > tolerance * length.sum()
        on = np.abs(V @ unit.T) <= tolerance * length[:, None]
        if any(np.array_equal(kept, a) and np.array_equal(on, b) for a, b in tried):
            continue
        tried.append((kept, on))
        on = on[kept]
        bases = [_orthogonal(unit[face]) for face in on]
        start = np.array([T @ (T.T @ v) for T, v in zip(bases, V[kept], strict=True)])
        signs = np.where(on, 0.0, np.sign(V[kept] @ unit.T))
        if kept.any() and np.array_equal(_signs(X, start, on), signs):
            yield _descended(X, fit, beta, start, S[kept], bases, signs), kept


def _descended(
    X: Floats, fit: Fit, beta: float, V: Floats, S: Floats, bases: list[Floats], signs: Floats
) -> Floats:
    """The end of Newton's method within the faces."""
    on = signs == 0
    A = np.hstack(
        [
            np.kron((row[:, None] > 0) * X @ T, outputs[:, None])
            for outputs, row, T in zip(S, signs, bases, strict=True)
        ]
    )
    value = _objective(X, fit, beta, V, S)
    step, fall, slope = _newton_step(A, fit, beta, V, bases)
    for _ in range(50):
        for t in 0.5 ** np.arange(14):
            moved = V + t * step
            reached = _objective(X, fit, beta, moved, S)
            if not np.array_equal(_signs(X, moved, on), signs):
                continue
            next_step = _newton_step(A, fit, beta, moved, bases)
            # Near the end the objective is flat to rounding, and its slope decides.
            flat = reached <= value * (1 + 1e-13) and next_step[2] < 0.9 * slope
            if reached <= value - 1e-4 * t * fall or flat:
                break
        else:
            return V
        if next_step[2] >= slope and reached >= value:
            return V
        V, value = moved, reached
        step, fall, slope = next_step
    return V


def _newton_step(
    A: Floats, fit: Fit, beta: float, V: Floats, bases: list[Floats]
) -> tuple[Floats, float, float]:
    """Newton's step from V within the faces, the fall that it promises, and the slope."""
    c = [T.T @ v for T, v in zip(bases, V, strict=True)]
    length = [float(np.linalg.norm(part)) for part in c]
    f = (A @ np.concatenate(c)).reshape(-1, fit.outputs)
    gradient = beta * np.concatenate(
        [part / size for part, size in zip(c, length, strict=True)]
    ) - A.T @ fit.nu(f).reshape(-1)
    hessian = A.T @ fit.curvature(f, A)
    start = 0
    for part, size in zip(c, length, strict=True):
        rows = slice(start, start + len(part))
        unit = part / size
        hessian[rows, rows] += beta / size * (np.eye(len(part)) - np.outer(unit, unit))
        start += len(part)
    step = -np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0]
    parts = np.split(step, np.cumsum([len(part) for part in c])[:-1])
    moves = np.array([T @ part for T, part in zip(bases, parts, strict=True)])
    return moves, float(-gradient @ step), float(np.linalg.norm(gradient))


def _signs(X: Floats, V: Floats, on: Mask) -> Floats:
    return np.where(on, 0.0, np.sign(V @ X.T))


def _objective(X: Floats, fit: Fit, beta: float, V: Floats, S: Floats) -> float:
    f = np.maximum(X @ V.T, 0.0) @ S
    return fit.value(f) + beta * float(np.linalg.norm(V, axis=1).sum())


def _orthogonal(rows: Floats) -> Floats:
    """Orthonormal columns that span the orthogonal complement of some rows."""
    S, Vt = np.linalg.svd(rows, full_matrices=len(rows) < rows.shape[1])[1:]
    basis: Floats = Vt[int(np.sum(1e-9 * S.max(initial=0.0) < S)) :].T
    return basis
