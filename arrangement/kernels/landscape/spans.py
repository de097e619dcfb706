"""Canonical forms of what tuples of neurons span, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.modular_rank import PRIME, inverse, rank_modulo
from arrangement.kernels.types import Bools2, Ints2, Ints3

__all__ = ["span_forms"]


@compiled()
def _reduce(M):
    """The reduced echelon form modulo the prime, in place."""
    rank = 0
    for c in range(M.shape[1]):
        pivot = -1
        for i in range(rank, len(M)):
            if M[i, c]:
                pivot = i
                break
        if pivot < 0:
            continue
        scale = inverse(M[pivot, c], PRIME)
        for k in range(M.shape[1]):
            M[pivot, k], M[rank, k] = M[rank, k], M[pivot, k] * scale % PRIME
        for i in range(len(M)):
            if i != rank and M[i, c]:
                factor = M[i, c]
                for k in range(c, M.shape[1]):
                    M[i, k] = (M[i, k] - factor * M[rank, k]) % PRIME
        rank += 1
        if rank == len(M):
            break


@compiled(Ints2, Ints2, Ints2, Ints3, Bools2)
def span_forms(rows, slopes, sets, forms, fitted):
    """Of each set of cells the span of their slopes, and samples that are fitted anyway.

    A combination of the slopes that is zero but for samples that are independent fits these,
    whatever their targets. They are left out of the slopes, and others may be fitted then.

    Parameters
    ----------
    rows : int64 (N, D)
        Residues of the samples, each times any number.
    slopes : int64 (S, N)
        Residues of the slopes of the activation.
    sets : int64 (m, K)
        Cells, or −1 for none.
    forms : int64 (m, K, N)
        Receives reduced echelon forms.
    fitted : bool (m, N)
        Receives the samples that are left out.
    """
    N, D = rows.shape
    K = sets.shape[1]
    v = np.empty(N, np.int64)
    X = np.empty((D, D), np.int64)
    for t in range(len(sets)):
        M, left = forms[t], fitted[t]
        for j in range(K):
            M[j] = 0
            if sets[t, j] >= 0:
                M[j] = slopes[sets[t, j]]
        left[:] = False
        found = True
        while found:
            _reduce(M)
            found = False
            for i in range(K):
                for j in range(i + 1):
                    for sign in (-1, 1):
                        if i == j and sign > 0:
                            continue
                        n = 0
                        for k in range(N):
                            v[k] = M[i, k] if i == j else (M[i, k] + sign * M[j, k]) % PRIME
                            n += v[k] != 0
                        if n == 0 or n > D:
                            continue
                        n = 0
                        for k in range(N):
                            if v[k]:
                                X[n] = rows[k]
                                n += 1
                        if rank_modulo(X, n, PRIME) == n:
                            found = True
                            for k in range(N):
                                left[k] |= v[k] != 0
            if found:
                for k in range(N):
                    if left[k]:
                        M[:, k] = 0
