"""Inner products, orthogonal rows and weights of a few coordinates, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled

__all__ = ["along", "append", "dot", "first_to_vanish", "nearest_weights"]


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


@compiled(error_model="numpy")
def nearest_weights(Q, T, p, g, weights):
    """The weights with which p rows, of which :func:`append` made Q and T, come nearest −g."""
    for k in range(p - 1, -1, -1):
        value = -along(Q, k, g, 0)
        for q in range(k + 1, p):
            value -= T[k, q] * weights[q]
        weights[k] = value / T[k, k]


@compiled(error_model="numpy")
def first_to_vanish(weights, wanted, p):
    """The share of the way from weights ≥ 0 to others until one is 0, and which; or 1, −1."""
    share, first = 1.0, -1
    for k in range(p):
        if wanted[k] <= 0.0:
            part = weights[k] / (weights[k] - wanted[k]) if weights[k] > 0.0 else 0.0
            if part < share or first < 0:
                share, first = part, k
    return share, first
