"""Whether a rank up to rounding is no less than the exact one, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.modular_rank import PRIME, rank_modulo
from arrangement.kernels.types import Ints1, Ints2, Ints3, Signs2

__all__ = ["Exact", "has_rank"]


class Exact(NamedTuple):
    """The samples modulo primes, which say whether a linear map has full rank exactly.

    Attributes
    ----------
    primes : int64 (P,)
        Their product exceeds twice every minor of [A; G]. Without primes only ranks in general
        position are known.
    residues : int64 (P, N, r + 1)
        Of the samples in coordinates of their span, and of the constant.
    slopes : int64 (P,)
        Residues of the negative slope; without primes whether it is not zero.
    lines : int64 (N,)
        Of each sample the line on which it lies.
    """

    primes: Ints1
    residues: Ints3
    slopes: Ints1
    lines: Ints1


@compiled(error_model="numpy")
def _small(value):
    return value if -(2**30) < value < 2**30 else value % PRIME


@compiled(Ints1, int, Signs2, int, Ints2, int, int, Ints1, error_model="numpy")
def _rank_bound(decided, count, active, r, basis, p, slope, lines):
    """An upper bound on the rank of [A; G_+] without the free column, from patterns and lines.

    A row is the product c⊗x of the derivatives c of the neurons and a sample x. For every space
    W of such c the rank is at most r dim W and, for each line of samples x, the dimension of
    its c modulo W. Here W is spanned by the most frequent of the c.
    """
    K, rows = len(active), count + p
    # In bits: the slope, and what each active neuron has more. Those without any are zero.
    codes, sizes = np.empty(rows, np.int64), np.zeros(rows, np.int64)
    which, line = np.full(rows, -1), np.empty(rows, np.int64)
    distinct = 0
    for t in range(rows):
        if t < count:
            line[t], code = lines[decided[t]], 1 if slope else 0
            for j in range(K):
                if active[j, decided[t]] > 0:
                    code |= 2 << j
            # A constraint on the same line takes its neuron out.
            for k in range(p):
                if lines[basis[k, 1]] == line[t]:
                    code &= ~(2 << basis[k, 0])
        else:
            line[t], code = lines[basis[t - count, 1]], 2 << basis[t - count, 0]
        if code:
            q = 0
            while q < distinct and codes[q] != code:
                q += 1
            codes[q] = code
            sizes[q] += 1
            which[t] = q
            distinct = max(distinct, q + 1)
    # Coordinates of the c in an echelon form, whose first k rows span the first W of dimension
    # k. Modulo a prime above all minors of so few bits.
    echelon, pivots = np.empty((K + 1, K + 1), np.int64), np.empty(K + 1, np.int64)
    coordinates, row = np.zeros((distinct, K + 1), np.int64), np.empty(K + 1, np.int64)
    rank = 0
    for _ in range(distinct):
        largest = np.argmax(sizes)
        sizes[largest] = -1
        own = coordinates[largest]
        for j in range(K + 1):
            row[j] = codes[largest] >> j & 1
        for k in range(rank):
            factor, scale = row[pivots[k]], echelon[k, pivots[k]]
            if factor:
                for j in range(K + 1):
                    row[j] = _small(scale * row[j] - factor * echelon[k, j])
                for j in range(k):
                    own[j] = _small(scale * own[j])
                own[k] = factor
        for j in range(K + 1):
            if row[j]:
                echelon[rank], pivots[rank] = row, j
                own[rank] = 1
                rank += 1
                break
    # For each line coordinates whose last entries are in different places.
    kept, at, inside = np.empty_like(echelon), np.empty(K + 1, np.int64), np.zeros(K + 1)
    for t in range(rows):
        at[:] = 0
        for s in range(t, rows):
            if which[s] < 0 or line[s] != line[t]:
                continue
            row[:] = coordinates[which[s]]
            which[s] = -1
            for k in range(rank - 1, -1, -1):
                if row[k] and at[k]:
                    factor, scale = row[k], kept[k, k]
                    for j in range(k + 1):
                        row[j] = _small(scale * row[j] - factor * kept[k, j])
                elif row[k]:
                    kept[k], at[k] = row, 1
                    inside[k] += 1
                    break
    total = inside.sum()
    least = total
    for k in range(rank):
        total -= inside[k]
        least = min(least, r * min(k + 1, K) + total)
    return least


@compiled(error_model="numpy")
def has_rank(k, decided, count, active, r, n, basis, p, exact):
    """Is k, the rank of [A; G_+] up to rounding, no less than the exact rank?"""
    primes, residues, slopes, lines = exact
    if k >= min(n, count + p):
        return True
    K = len(active)
    free = n - r * K
    if _rank_bound(decided, count, active, r, basis, p, slopes[0], lines) + free <= k:
        return True
    M = np.empty((count + p, n), np.int64)
    for q in range(len(primes)):
        M[:] = 0
        for t in range(count):
            row = residues[q, decided[t]]
            for j in range(K):
                for a in range(r):
                    if active[j, decided[t]] > 0:
                        M[t, j * r + a] = row[a]
                    else:
                        M[t, j * r + a] = row[a] * slopes[q] % primes[q]
            if free:
                M[t, n - 1] = row[r]
        for t in range(p):
            start = basis[t, 0] * r
            M[count + t, start : start + r] = residues[q, basis[t, 1], :r]
        if rank_modulo(M, count + p, primes[q]) > k:
            return False
    return len(primes) > 0
