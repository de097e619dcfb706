"""From the answer of an interior point method to few neurons with all their digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arrangement.relu.samples import Floats

__all__ = ["fewest", "polished"]


def fewest(X: Floats, V: Floats, s: NDArray[np.int8]) -> tuple[Floats, NDArray[np.int8]]:
    """At most N neurons with the same outputs and no larger Σ‖v‖ (Carathéodory's theorem).

    Among N + 1 neurons some combination of the outputs vanishes: going along it, to the side
    where Σ‖v‖ does not grow, the length of one of them comes down to zero.
    """
    length = np.linalg.norm(V, axis=1)
    kept = np.flatnonzero(length > 1e-10 * length.sum())
    directions, length, s = V[kept] / length[kept, None], length[kept], s[kept]
    columns = s * np.maximum(X @ directions.T, 0.0)
    left = np.arange(len(kept))
    while len(left):
        some = left[: len(X) + 1]
        S, Vt = np.linalg.svd(columns[:, some], full_matrices=True)[1:]
        if len(some) <= len(X) and S[-1] > 1e-10 * S[0]:
            break
        change = Vt[-1] if Vt[-1].sum() >= 0 else -Vt[-1]
        ratio = np.full(len(some), np.inf)
        np.divide(length[some], change, out=ratio, where=change > 0)
        first = int(np.argmin(ratio))
        length[some] = np.maximum(length[some] - ratio[first] * change, 0.0)
        left = np.delete(left, first)
    left = left[length[left] > 0]
    return directions[left] * length[left, None], s[left]


def polished(X: Floats, y: Floats, beta: float, V: Floats, s: NDArray[np.int8]) -> Floats:
    """The vectors after Newton's method on the faces that they lie on.

    An interior point method leaves half of the digits. With the samples that a vector is
    orthogonal to held fixed, and its other signs kept, the objective is smooth; a step that
    does not lower it is not taken.
    """
    size = np.linalg.norm(X, axis=1)
    value = _objective(X, y, beta, V, s)
    for tolerance in (1e-5, 1e-7):
        moved = V.copy()
        direction = V / np.linalg.norm(V, axis=1)[:, None]
        on = np.abs(direction @ X.T) <= tolerance * size
        bases = [_orthogonal(X[face]) for face in on]
        moved = np.array([T @ (T.T @ v) for T, v in zip(bases, V, strict=True)])
        if not len(V) or not moved.any(axis=1).all():
            continue
        active = (moved @ X.T > 0) & ~on
        A = np.hstack(
            [sign * (p[:, None] * X) @ T for sign, p, T in zip(s, active, bases, strict=True)]
        )
        best = _objective(X, y, beta, moved, s)
        for _ in range(30):
            step, slope = _newton_step(A, y, beta, moved, bases)
            t = 1.0
            while (
                t > 1e-4
                and _objective(X, y, beta, moved + t * step, s) > best - 1e-4 * t * slope
            ):
                t /= 2
            if t <= 1e-4:
                break
            moved = moved + t * step
            best = _objective(X, y, beta, moved, s)
        if best <= value + 1e-14 * float(y @ y):
            return moved
    return V


def _newton_step(
    A: Floats, y: Floats, beta: float, V: Floats, bases: list[Floats]
) -> tuple[Floats, float]:
    """Newton's step from V within the faces, and the fall of the objective it promises."""
    c = [T.T @ v for T, v in zip(bases, V, strict=True)]
    length = [float(np.linalg.norm(part)) for part in c]
    gradient = A.T @ (A @ np.concatenate(c) - y) + beta * np.concatenate(
        [part / size for part, size in zip(c, length, strict=True)]
    )
    hessian = A.T @ A
    start = 0
    for part, size in zip(c, length, strict=True):
        rows = slice(start, start + len(part))
        unit = part / size
        hessian[rows, rows] += beta / size * (np.eye(len(part)) - np.outer(unit, unit))
        start += len(part)
    step = -np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0]
    parts = np.split(step, np.cumsum([len(part) for part in c])[:-1])
    moves = np.array([T @ part for T, part in zip(bases, parts, strict=True)])
    return moves, float(-gradient @ step)


def _objective(X: Floats, y: Floats, beta: float, V: Floats, s: NDArray[np.int8]) -> float:
    rest = y - np.maximum(X @ V.T, 0.0) @ s
    return 0.5 * float(rest @ rest) + beta * float(np.linalg.norm(V, axis=1).sum())


def _orthogonal(rows: Floats) -> Floats:
    """Orthonormal columns that span the orthogonal complement of some rows."""
    S, Vt = np.linalg.svd(rows, full_matrices=True)[1:]
    basis: Floats = Vt[int(np.sum(1e-9 * S.max(initial=0.0) < S)) :].T
    return basis
