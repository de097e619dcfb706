"""Least squares over cones of neurons, with a dual bound that rounding cannot break, compiled.

The problem of one node: minimise ‖A R − y‖² over R = (R_1, …, R_K, c) with

    turn_ji x_i·R_j ≥ 0  for the decided samples i and all neurons j,

where row i of A is (a_1i x_i, …, a_Ki x_i, c_0). Only H = AᵀA, b = Aᵀy and y·y enter. Let λ ≥ 0
be any multipliers of the constraints (rows of G), u any point, ρ = y − A u and
e = Aᵀρ + Gᵀλ = b − H u + Gᵀλ. Every feasible R has

    ‖A R − y‖² ≥ 2 ρ·(y − A R) − ‖ρ‖² ≥ y·y − u·H u − 2 e·R,

since ρ·A R = e·R − λ·G R ≤ e·R. So whatever a solver delivers is a bound for all R whose blocks
have ‖R_j‖ ≤ M once 2 M Σ‖e_j‖ and the rounding of these few sums are taken off.
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.rounding import INFLATE

__all__ = ["cone_fit", "outputs_into", "squared_loss", "workspace"]

DELTA = 1e-11
"""Added to the diagonal of H, whose entries are at most one; proximal steps take it out."""

VIOLATED = 1e-12
"""A constraint x·R_j ≥ 0, ‖x‖ = 1, is worked on when it fails by this share of ‖R‖."""


@compiled(error_model="numpy")
def workspace(n):
    """Room for `cone_fit` with n variables: matrices (4, n, n), vectors (8, n), the basis."""
    return np.zeros((4, n, n)), np.zeros((8, n)), np.zeros((n, 2), np.int64)


@compiled(error_model="numpy")
def _factor(H, n, L):
    for a in range(n):
        for c in range(a + 1):
            value = H[a, c]
            for k in range(c):
                value -= L[a, k] * L[c, k]
            if a == c:
                L[a, a] = np.sqrt(max(value + DELTA, 0.5 * DELTA))
            else:
                L[a, c] = value / L[c, c]


@compiled(error_model="numpy")
def _append(v, p, n, Q, T):
    """Row p of Q: v made orthogonal to the rows before, T holds the coefficients."""
    size = 0.0
    for a in range(n):
        Q[p, a] = v[a]
        size += v[a] * v[a]
    for k in range(p):
        T[k, p] = 0.0
    for _ in range(2):
        for k in range(p):
            dot = 0.0
            for a in range(n):
                dot += Q[k, a] * Q[p, a]
            T[k, p] += dot
            for a in range(n):
                Q[p, a] -= dot * Q[k, a]
    rest = 0.0
    for a in range(n):
        rest += Q[p, a] * Q[p, a]
    if not rest > 1e-20 * size:
        return False
    T[p, p] = np.sqrt(rest)
    for a in range(n):
        Q[p, a] /= T[p, p]
    return True


@compiled(error_model="numpy")
def certified(H, b, yy, n, r, u, g, multipliers, limits):
    """The dual bound of the module's text, g = Gᵀλ and `multipliers` = Σ λ.

    `limits` holds M, a bound on the errors of H and b (rounding, and the distance of the
    samples from the true ones), and one on the directions of the samples.
    """
    limit, accuracy, skew = limits[0], limits[1], limits[2]
    quadratic = square = off = block = 0.0
    for a in range(n):
        value = 0.0
        for k in range(n):
            value += H[a, k] * u[k]
        quadratic += u[a] * value
        square += u[a] * u[a]
        block += (b[a] - value + g[a]) ** 2
        if (a + 1) % r == 0 or a == n - 1:
            off += np.sqrt(block)
            block = 0.0
    slack = accuracy * n * (np.sqrt(yy) + np.sqrt(n * square)) + skew * multipliers
    error = 2.0 * limit * (off + slack) + accuracy * n * (yy + n * square)
    return yy - quadratic - INFLATE * error


@compiled(error_model="numpy")
def cone_fit(H, b, yy, unit, decided, m, turn, r, cutoff, limits, work):
    """Minimise over the cones; ends early once the bound exceeds `cutoff`.

    Lawson and Hanson's active sets on the dual, min ‖L⁻¹(b + Gᵀλ)‖² over λ ≥ 0 with
    L Lᵀ = H + δI; proximal steps b ← b + δ u repeat until δ costs nothing.

    Parameters
    ----------
    H, b, yy : float64 (n, n), (n,), float
    unit : float64 (N, r)
        The samples, of length one.
    decided : int64 (N,)
        The first m are the constrained samples.
    turn : int8 (K, N)
    limits : float64 (3,)
        See `certified`.
    work : tuple from `workspace`
        Receives the solution in row 0 of its vectors and the multipliers in row 3; the neuron
        and sample of each are the rows of its last array.

    Returns
    -------
    float
        A lower bound on ‖A R − y‖² over the cones with ‖R_j‖ ≤ M, at least 0.
    """
    matrices, vectors, basis = work
    L, V, Q, T = matrices[0], matrices[1], matrices[2], matrices[3]
    u, start, w, lam, z, g, previous, v = (
        vectors[0],
        vectors[1],
        vectors[2],
        vectors[3],
        vectors[4],
        vectors[5],
        vectors[6],
        vectors[7],
    )
    n, K, limit = len(b), len(turn), limits[0]
    _factor(H, n, L)
    for a in range(n):
        previous[a] = 0.0
    p, best = 0, 0.0
    for attempt in range(5):
        for a in range(n):
            value = b[a] + DELTA * previous[a]
            for k in range(a):
                value -= L[a, k] * start[k]
            start[a] = value / L[a, a]
        for _ in range(8 * n + 20):
            # The multipliers of the basis: all positive, or steps towards it that drop some.
            while p > 0:
                for k in range(p - 1, -1, -1):
                    value = 0.0
                    for a in range(n):
                        value -= Q[k, a] * start[a]
                    for q in range(k + 1, p):
                        value -= T[k, q] * z[q]
                    z[k] = value / T[k, k]
                step, leaving = 1.0, -1
                for k in range(p):
                    if z[k] <= 0.0:
                        share = lam[k] / (lam[k] - z[k]) if lam[k] > 0.0 else 0.0
                        if share < step or leaving < 0:
                            step, leaving = share, k
                for k in range(p):
                    lam[k] += step * (z[k] - lam[k])
                if leaving < 0:
                    break
                for k in range(leaving, p - 1):
                    basis[k] = basis[k + 1]
                    lam[k] = max(lam[k + 1], 0.0)
                    V[k] = V[k + 1]
                p -= 1
                for k in range(leaving, p):
                    _append(V[k], k, n, Q, T)
            for a in range(n):
                w[a] = start[a]
            for k in range(p):
                for a in range(n):
                    w[a] += lam[k] * V[k, a]
            size = norm = 0.0
            for a in range(n - 1, -1, -1):
                value = w[a]
                for k in range(a + 1, n):
                    value -= L[k, a] * u[k]
                u[a] = value / L[a, a]
                size += u[a] * u[a]
                norm += w[a] * w[a]
            length = np.sqrt(size)
            if attempt == 0 and (
                yy - norm + DELTA * size - 2.0 * limit * DELTA * np.sqrt(K + 1.0) * length
                > cutoff + 1e-8 * yy
            ):
                break
            worst, where, which = -VIOLATED * length, -1, -1
            for j in range(K):
                for t in range(m):
                    i = decided[t]
                    value = 0.0
                    for a in range(r):
                        value += unit[i, a] * u[j * r + a]
                    value *= turn[j, i]
                    if value < worst:
                        worst, where, which = value, j, i
            if which < 0 or p == n:
                break
            known = False
            for k in range(p):
                known |= basis[k, 0] == where and basis[k, 1] == which
            if known:
                break
            for a in range(n):
                value = 0.0
                if where * r <= a < (where + 1) * r:
                    value = turn[where, which] * unit[which, a - where * r]
                for k in range(a):
                    value -= L[a, k] * v[k]
                v[a] = value / L[a, a]
            if not _append(v, p, n, Q, T):
                break
            V[p] = v
            basis[p, 0], basis[p, 1] = where, which
            lam[p] = 0.0
            p += 1
        for a in range(n):
            g[a] = 0.0
        total = 0.0
        for k in range(p):
            j, i = basis[k]
            total += lam[k]
            for a in range(r):
                g[j * r + a] += lam[k] * turn[j, i] * unit[i, a]
        bound = certified(H, b, yy, n, r, u, g, total, limits)
        gain = bound - best
        best = max(best, bound)
        moved = 0.0
        for a in range(n):
            moved += (u[a] - previous[a]) ** 2
            previous[a] = u[a]
        if best > cutoff or limit * DELTA * np.sqrt(moved) < 1e-11 * yy:
            break
        if attempt > 1 and gain < 1e-12 * yy:
            break
    for k in range(p, n):
        lam[k] = 0.0
    return best


@compiled(error_model="numpy")
def outputs_into(X, constant, u, signs, slope, outputs):
    """The outputs of the network with R = u, neuron j with output sign signs[j]."""
    N, r = X.shape
    K = len(signs)
    for i in range(N):
        value = constant * u[K * r] if constant else 0.0
        for j in range(K):
            inner = 0.0
            for a in range(r):
                inner += X[i, a] * u[j * r + a]
            if inner * signs[j] < 0.0:
                inner *= slope
            value += inner
        outputs[i] = value


@compiled(error_model="numpy")
def squared_loss(outputs, y):
    """‖outputs − y‖²."""
    total = 0.0
    for i in range(len(y)):
        total += (outputs[i] - y[i]) ** 2
    return total
