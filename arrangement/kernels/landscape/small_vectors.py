"""Inner products and orthogonal rows of a few coordinates, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled

__all__ = ["along", "append", "dot"]


@compiled(error_model="numpy")
def dot(a, b):
    """Σ_k a_k b_k, over the entries of a."""
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


@compiled(error_model="numpy")
def along(X, i, u, start):
    """Row i of X times the entries of u from `start` on."""
    total = 0.0
    for a in range(X.shape[1]):
        total += X[i, a] * u[start + a]
    return total


@compiled(error_model="numpy")
def append(Q, p, T, independent):
    """Make row p of Q orthogonal to the orthonormal rows before, and of length one.

    Column p of T receives the coefficients of what it was. Returns False, the row then being
    of any length, if of its square no more than the share `independent` is left.
    """
    n = Q.shape[1]
    size = along(Q, p, Q[p], 0)
    for k in range(p):
        T[k, p] = 0.0
    for _ in range(2):
        for k in range(p):
            value = along(Q, k, Q[p], 0)
            T[k, p] += value
            for a in range(n):
                Q[p, a] -= value * Q[k, a]
    rest = along(Q, p, Q[p], 0)
    if not rest > independent * size:
        return False
    T[p, p] = np.sqrt(rest)
    for a in range(n):
        Q[p, a] /= T[p, p]
    return True
