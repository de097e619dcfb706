"""Ranks of the linear maps of tuples of faces modulo a prime, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Ints1, Ints2, Signs2

__all__ = ["PRIME", "inverse", "modular_ranks", "rank_modulo", "reduced"]

PRIME = 2**31 - 1
"""Products of residues fit in int64."""


@compiled()
def inverse(value, prime):
    """The inverse modulo a prime, by Euclid's algorithm."""
    a, b = np.int64(prime), np.int64(value)
    u, v = np.int64(0), np.int64(1)
    while b:
        q = a // b
        a, b = b, a - q * b
        u, v = v, u - q * v
    return u + np.int64(prime) if u < 0 else u


@compiled(error_model="numpy", _nrt=False)
def reduced(x, p, reciprocal):
    """x modulo p, for an integer 0 ≤ x ≤ 2^53: the quotient is off by one at most."""
    r = x - np.floor(x * reciprocal) * p
    r = r + p if r < 0.0 else r
    return r - p if r >= p else r


@compiled()
def rank_modulo(M, n, prime):
    """The rank of the first n rows modulo a prime below 2^31; they are changed."""
    rank = 0
    for c in range(M.shape[1]):
        pivot = -1
        for i in range(rank, n):
            if M[i, c]:
                pivot = i
                break
        if pivot < 0:
            continue
        for k in range(c, M.shape[1]):
            M[rank, k], M[pivot, k] = M[pivot, k], M[rank, k]
        scale = M[rank, c]
        for i in range(rank + 1, n):
            if M[i, c]:
                factor = M[i, c]
                for k in range(c, M.shape[1]):
                    M[i, k] = (scale * M[i, k] - factor * M[rank, k]) % prime
        rank += 1
        if rank == n:
            break
    return rank


@compiled(Ints2, Ints2, int, Signs2, Ints1, Ints2, Ints1)
def modular_ranks(rows, free, slope, signs, codimension, tuples, ranks):
    """The rank of [free | A_1 | … | A_K] on the flats of each tuple of faces.

    A_j is the samples times the derivative of the activation on face j. On the flats of the
    faces, where the samples of sign 0 vanish, it is the rank of all these rows less that of the
    conditions alone, which is the codimension.

    Parameters
    ----------
    rows, free : int64 (N, D), (N, e)
        Residues of the samples and of the free columns; each row times any number.
    slope : int
        Residue of the derivative on the negative side.
    signs : int8 (S, N)
    codimension : int64 (S,)
    tuples : int64 (m, K)
    ranks : int64 (m,)
        Receives the ranks.
    """
    N, D = rows.shape
    e, K = free.shape[1], tuples.shape[1]
    M = np.empty((N * (K + 1), e + K * D), np.int64)
    for t in range(len(tuples)):
        n = N
        M[:N, e:] = 0
        M[:N, :e] = free
        known = 0
        for j in range(K):
            face = tuples[t, j]
            known += codimension[face]
            start = e + j * D
            for i in range(N):
                if signs[face, i] > 0:
                    M[i, start : start + D] = rows[i]
                elif signs[face, i] < 0:
                    for c in range(D):
                        M[i, start + c] = rows[i, c] * slope % PRIME
                else:
                    M[n] = 0
                    M[n, start : start + D] = rows[i]
                    n += 1
        ranks[t] = rank_modulo(M, n, PRIME) - known
